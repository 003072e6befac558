"""Which probes and benchmarks to run, from the names in --only and --skip."""

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

    def probes(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Those named in --only; all where it names none: they are cheap, and say which machine."""
        wanted = [name for name in names if name in self.only]
        return self._left(wanted or names)

    def benchmarks(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Those named in --only, or all without it: `--only cpu` measures nothing."""
        return self._left([name for name in names if not self.only or name in self.only])

    def _left(self, names: list[str] | tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in names if name not in self.skip)
