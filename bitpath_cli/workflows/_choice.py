"""Which members of a room to run, from the names in --only and --skip."""

from dataclasses import dataclass

from bitpath_cli.errors import UnknownName


@dataclass(frozen=True, slots=True)
class Choice:
    """Names of probes and benchmarks; with neither, everything runs."""

    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()

    def check(self, probes: tuple[str, ...], benchmarks: tuple[str, ...]) -> None:
        """Raise UnknownName for a name that is in neither room."""
        known = (*probes, *benchmarks)
        for name in (*self.only, *self.skip):
            if name not in known:
                raise UnknownName(
                    "probe or benchmark", name, known, "See what each does: bitpath bench list"
                )

    def among(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """The members of one room to run.

        A probe is cheap and says which machine it was, so `--only gemm` keeps all probes, whereas
        `--only cpu` asks for no benchmark: see `measures`.
        """
        wanted = [name for name in self.only if name in names]
        return tuple(name for name in wanted or names if name not in self.skip)

    def measures(self, benchmarks: tuple[str, ...]) -> bool:
        """Whether any benchmark is wanted."""
        return not self.only or any(name in benchmarks for name in self.only)
