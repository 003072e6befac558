import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitpath_cli.host import Host
from bitpath_cli.meters import MeterReading, Snapshot
from bitpath_cli.meters._counter import difference
from bitpath_cli.meters.rapl import METER, Zone, find_zones
from bitpath_cli.model.reading import Missing, Quantity, Reason
from tests.recorded import Recorded, recorded
from tests.tree import number, tree, why, write

CAP = "/sys/class/powercap"
INTEL_RANGE = 262_143_328_850
AMD_RANGE = 65_532_610_987


def zones(host: Host) -> dict[str, Zone]:
    found = find_zones(host)
    assert not isinstance(found, Missing), found
    return {zone.subject: zone for zone in found}


def counted(host: Host) -> list[str]:
    return [name for name, zone in zones(host).items() if zone.counted]


def zone_files(name: str, called: str, energy: int, span: int) -> dict[str, object]:
    folder = f"{CAP}/{name}"
    return {
        f"{folder}/name": called,
        f"{folder}/energy_uj": energy,
        f"{folder}/max_energy_range_uj": span,
    }


def dies(tmp_path: Path, first: int, second: int, maker: str = "GenuineIntel") -> Host:
    files = {
        **zone_files("intel-rapl:0", "package-0-die-0", first, INTEL_RANGE),
        **zone_files("intel-rapl:1", "package-0-die-1", second, INTEL_RANGE),
        "/proc/cpuinfo": f"processor\t: 0\nvendor_id\t: {maker}",
    }
    return tree(tmp_path, files)


class Running(Host):
    """A machine whose counters move: each path answers with the next value of its script."""

    def __init__(self, root: Path, scripts: dict[str, Sequence[object]]) -> None:
        super().__init__(root, Recorded({"affinity": [0]}, None))
        self._scripts: dict[str, Iterator[object]] = {k: iter(v) for k, v in scripts.items()}

    def read_text(self, path: str, limit: int = 1 << 20) -> str | Missing:
        if path in self._scripts:
            told = next(self._scripts[path])
            return told if isinstance(told, Missing) else str(told)
        return super().read_text(path, limit)


def snapshots(host: Host, times: int) -> list[Snapshot]:
    return [Snapshot(float(second), METER.read(host)) for second in range(times)]


def joules(before: Snapshot, after: Snapshot) -> dict[str, Quantity | Missing]:
    return {change.subject: change.reading for change in difference(before, after)}


def test_packages_and_their_memory_are_counted_each_by_itself() -> None:
    readings = METER.read(recorded("xeon-rapl", user_id=0, refusals={}))
    assert [each.subject for each in readings] == [
        "package-0", "package-0/dram", "package-1", "package-1/dram",
    ]  # fmt: skip
    first = readings[0]
    assert (first.name, first.form, first.wraps_at) == ("energy", "counter", 262143.32885)
    assert first.quantity.value == 187654.321098
    assert first.quantity.unit == "J"


def test_a_user_who_may_not_read_the_counters_gets_none() -> None:
    assert METER.read(recorded("xeon-rapl")) == ()


def test_cores_uncore_platform_and_the_second_way_to_a_package_are_not_counted() -> None:
    laptop = recorded("laptop", user_id=0, refusals={})
    assert [each.subject for each in METER.read(laptop)] == ["package-0"]
    found = zones(laptop)
    assert found["package-0/core"].nested_in == "package-0"
    assert found["package-0/uncore"].nested_in == "package-0"
    assert found["package-0"].nested_in == "psys"
    assert found["mmio/package-0"].mirror_of == "package-0"


def test_two_dies_of_one_socket_count_once(tmp_path: Path) -> None:
    def die(number: int, energy: int) -> dict[str, object]:
        return zone_files(f"intel-rapl:{number}", f"package-0-die-{number}", energy, AMD_RANGE)

    host = tree(tmp_path, {**die(0, 60_000_000), **die(1, 60_000_000)})
    before = Snapshot(0.0, METER.read(host))
    write(tmp_path, {**die(0, 65_500_000), **die(1, 65_500_000)})
    after = Snapshot(1.0, METER.read(host))
    (change,) = difference(before, after)
    assert change.subject == "package-0-die-0"
    assert number(change.reading) == 5.5


def test_the_recorded_dies_are_mirrors_down_to_their_cores() -> None:
    found = zones(recorded("epyc-two-die"))
    assert found["package-0-die-1"].mirror_of == "package-0-die-0"
    assert found["package-0-die-1/core"].mirror_of == "package-0-die-0/core"
    assert counted(recorded("epyc-two-die")) == ["package-0-die-0"]


def test_two_dies_with_counters_of_their_own_both_count(tmp_path: Path) -> None:
    host = dies(tmp_path, 1_000_000, 900_000_000)
    assert counted(host) == ["package-0-die-0", "package-0-die-1"]


@pytest.mark.parametrize(
    ("before", "between", "after", "mirrored"),
    [
        (1000, 1001, 1002, True),
        (1000, 1000, 1000, True),
        (1000, 999, 1002, False),
        (1000, 1003, 1002, False),
        (INTEL_RANGE - 5, 3, 10, True),
        (INTEL_RANGE - 5, INTEL_RANGE - 1, 10, True),
        (INTEL_RANGE - 5, 5000, 10, False),
    ],
)
def test_one_counter_is_told_by_its_place_between_two_readings(
    tmp_path: Path, before: int, between: int, after: int, mirrored: bool
) -> None:
    dies(tmp_path, 0, 0)
    host = Running(
        tmp_path,
        {
            f"{CAP}/intel-rapl:0/energy_uj": [before, after],
            f"{CAP}/intel-rapl:1/energy_uj": [between],
        },
    )
    assert bool(zones(host)["package-0-die-1"].mirror_of) is mirrored


@pytest.mark.parametrize(("maker", "mirrored"), [("AuthenticAMD", True), ("GenuineIntel", False)])
def test_where_counters_are_refused_the_maker_decides(
    tmp_path: Path, maker: str, mirrored: bool
) -> None:
    dies(tmp_path, 5, 7, maker)
    refusals = {f"{CAP}/intel-rapl:{die}/energy_uj": "EACCES" for die in (0, 1)}
    host = Host(tmp_path, Recorded({"refusals": refusals}, None))
    assert bool(zones(host)["package-0-die-1"].mirror_of) is mirrored


def test_a_platform_counter_alone_is_counted(tmp_path: Path) -> None:
    host = tree(tmp_path, zone_files("intel-rapl:0", "psys", 5_000_000, INTEL_RANGE))
    assert counted(host) == ["psys"]


def test_a_mmio_zone_without_another_is_no_mirror(tmp_path: Path) -> None:
    host = tree(tmp_path, zone_files("intel-rapl-mmio:0", "package-0", 5_000_000, INTEL_RANGE))
    assert counted(host) == ["mmio/package-0"]


def test_a_counter_that_wrapped_gives_the_joules_of_both_ends(tmp_path: Path) -> None:
    write(tmp_path, zone_files("intel-rapl:0", "package-0", 0, INTEL_RANGE))
    host = Running(
        tmp_path, {f"{CAP}/intel-rapl:0/energy_uj": [INTEL_RANGE - 1_500_000, 2_000_000]}
    )
    before, after = snapshots(host, 2)
    assert number(joules(before, after)["package-0"]) == pytest.approx(3.5, abs=1e-9)


@pytest.mark.parametrize(
    "gap", [Missing(reason=Reason.FAILED, detail="EIO"), "0", "nonsense"], ids=str
)
def test_a_failed_reading_is_a_gap_and_never_a_wrap(tmp_path: Path, gap: object) -> None:
    write(tmp_path, zone_files("intel-rapl:0", "package-0", 0, INTEL_RANGE))
    host = Running(tmp_path, {f"{CAP}/intel-rapl:0/energy_uj": [4_000_000, gap, 9_000_000]})
    first, broken, last = snapshots(host, 3)
    assert broken.readings == ()
    assert why(joules(first, broken)["package-0"]).detail.endswith("could not be read at the end")
    assert number(joules(first, last)["package-0"]) == 5.0


def test_zones_that_a_container_hides_are_told_with_the_way_to_show_them(tmp_path: Path) -> None:
    gone = "-> ../../devices/virtual/powercap/intel-rapl/intel-rapl:0"
    found = find_zones(tree(tmp_path, {f"{CAP}/intel-rapl:0": gone}))
    assert isinstance(found, Missing)
    assert "-v /sys/devices/virtual/powercap" in found.hint


def test_other_kinds_of_zones_are_no_meters(tmp_path: Path) -> None:
    found = find_zones(tree(tmp_path, {f"{CAP}/dtpm:0/name": "cpu0"}))
    assert isinstance(found, Missing)
    assert found.reason is Reason.ABSENT


@given(st.lists(st.integers(0, AMD_RANGE - 1), min_size=1, max_size=30), st.integers(1, AMD_RANGE))
def test_the_sum_of_changes_is_the_energy_whatever_the_wraps(
    tmp_path_factory: pytest.TempPathFactory, steps: list[int], start: int
) -> None:
    root = tmp_path_factory.mktemp("counter")
    write(root, zone_files("intel-rapl:0", "package-0", 0, AMD_RANGE))
    raws = [start]
    for step in steps:
        # 0 is what a zone shows that is switched off, so the script stays clear of it.
        raws.append((raws[-1] + step - 1) % AMD_RANGE + 1)
    host = Running(root, {f"{CAP}/intel-rapl:0/energy_uj": raws})
    taken = snapshots(host, len(raws))
    total = 0.0
    for before, after in itertools.pairwise(taken):
        total += number(joules(before, after)["package-0"])
    assert total == pytest.approx(sum(steps) / 1e6, abs=1e-6)


def test_a_reading_tells_where_it_was_read() -> None:
    reading: MeterReading = METER.read(recorded("epyc-two-die"))[0]
    assert reading.quantity.origin.source == f"{CAP}/intel-rapl:0/energy_uj"
    assert reading.wraps_at == 65532.610987
