"""What is wrong with a profile is told with its line, its field and what would be allowed."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bitpath_cli import catalogue
from bitpath_cli.catalogue._lines import lines_of
from bitpath_cli.errors import BadProfile
from tests.own_profiles import DEVICE, WORKLOAD, faults_of, put


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("memory =", "memroy =", "mine.toml, line 6: memroy: there is no such key, perhaps "
         "'memory' is meant."),
        ('form = "edge"', 'form = "shelf"', "mine.toml, line 2: form: 'shelf' cannot be used. "
         "Allowed here: edge, workstation, datacentre, server."),
        ("8 GB", "8 GB/s", "mine.toml, line 6: memory: 8 GB/s cannot be used. Allowed here: a size "
         "such as '256MiB'."),
        ("8 GB", "8 gb", "perhaps GB or Gbit"),
        ("0.8", "1.2", "mine.toml, line 5: matrix_share: 1.2 is out of range. Allowed here: more "
         "than 0 and at most 1."),
        ("0.8", "0", "matrix_share: 0 is out of range"),
        ("0.8", "nan", "line 5: matrix_share: nan cannot be used"),
        ("0.8", "-0.1", "line 5: matrix_share: -0.1 cannot be used"),
        ("0.8", "true", "matrix_share.value: this is not a number"),
        ('"20 GB/s"', "20", "memory_bandwidth: this needs a unit. Allowed here: a bandwidth such"),
        ('"20 GB/s"', '"fast"', "'fast' is no amount. Allowed here: a bandwidth such as"),
        ("value = 25", "value = 1" + "0" * 400, "line 8: power_max: the number is too large"),
        ("value = 25, ", "", "power_max: the key 'value' is missing"),
        ('source = "sheet"', 'source = "shed"', "mine.toml, line 8: power_max.source: no source is "
         "called 'shed'. Allowed here: sheet."),
        (', source = "sheet"', "", "power_max: a figure that is sourced needs its source"),
        ('"sourced"', '"derived"', "power_max: a derived figure needs a note. Allowed here: how it "
         "was computed."),
        ('"estimate"', '"guess"', "mine.toml, line 12: rates.int8.status: 'guess' is no status. "
         "Allowed here: sourced (read in the source), derived"),
        ("TOP/s", "TFLOP/s", "line 12: rates.int8: 1.5 TFLOP/s cannot be used. Allowed here: an "
         "integer rate such as '130 TOP/s'."),
        ("float32 =", "fp32 =", "rates.fp32: there is no such key"),
        ("needs_host = false", "needs_host = 0", "needs_host: 0 cannot be used. Allowed here: true "
         "or false."),
        ("needs_host = false\n", "", "mine.toml: the key 'needs_host' is missing. Allowed here: "
         "true or false."),
        ("reference =", "ref =", "line 15: sources.sheet.ref: there is no such key"),
        ("[rates]", "[rates", "mine.toml, line 10: this is not TOML: expected ']' at the end of a "
         "table declaration."),
        ("date = 2025-03-01\n", "date = ", "mine.toml, line 16: this is not TOML: invalid value."),
        ("power_max = {", "price = 5\npower_max = {", "line 8: price.unit: a price needs a "
         "currency. Allowed here: a price such as '2000 USD'."),
        ("power_max = {", 'price = { value = 5, unit = "USD", status = "sourced", source = "sheet" '
         "}\npower_max = {", "line 8: price: a price from a source needs its date. Allowed here: "
         "date = 2026-08-03."),
    ],
)  # fmt: skip
def test_each_slip_is_told_with_its_line_and_what_is_allowed(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    assert old in DEVICE
    faults = faults_of(tmp_path, DEVICE.replace(old, new, 1))
    assert any(told in each for each in faults), faults


def test_all_slips_are_found_at_once_and_the_way_to_check_again_is_told(tmp_path: Path) -> None:
    path = put(tmp_path, "mine.toml", DEVICE.replace("8 GB", "8 s").replace("edge", "edgy"))
    assert len(catalogue.faults("device", path)) == 2
    with pytest.raises(BadProfile) as refusal:
        catalogue.device(str(path))
    assert refusal.value.next_step == (
        f"Correct it, then check it with: bitpath profiles validate {path}"
    )


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('task = "serving"', 'task = "training"', "task 'training' goes with a section [training]"),
        ('allowed = "region"', 'allowed = "moon"', "Allowed here: anywhere, region, site."),
        ("places = 3", "places = 0.5", "serving.places: 0.5 is out of range. Allowed here: at "
         "least 1."),
        ("places = 3", "load_curve = [1, 2]\nplaces = 3", "line 22: serving.load_curve: 2 factors "
         "with the mean 1.5. Allowed here: 24 hourly factors whose mean is 1."),
        ("places = 3", "percentile = 1.0\nplaces = 3", "serving.percentile: Input should be less "
         "than 1"),
        ('["float32"]', '["float32", "fp8"]', "work.precisions[1]: 'fp8' cannot be used. Allowed "
         "here: float64, float32, tf32, bfloat16, float16, int8."),
        ('["float32"]', "[]", "work.precisions: Tuple should have at least 1 item"),
        ("[data]", "[data.more]\nx = 1\n[data]", "data.more: there is no such key"),
        ("[serving]", "[sources]\nbad = 1\n[serving]", "sources.bad: a source is a table"),
    ],
)  # fmt: skip
def test_slips_in_a_workload(tmp_path: Path, old: str, new: str, told: str) -> None:
    faults = faults_of(tmp_path, WORKLOAD.replace(old, new, 1), "workload")
    assert any(told in each for each in faults), faults


def test_files_that_cannot_be_profiles(tmp_path: Path) -> None:
    def refusal(path: Path) -> str:
        (fault,) = catalogue.faults("device", path)
        return fault.what

    assert refusal(tmp_path).endswith("this is a directory.")
    assert "it cannot be read: No such file or directory" in refusal(tmp_path / "no.toml")
    (tmp_path / "latin.toml").write_bytes(b'summary = "x"\nform = "\xe9"\n')
    assert refusal(tmp_path / "latin.toml").endswith("latin.toml, line 2: this is not UTF-8.")
    (tmp_path / "big.toml").write_bytes(b"#" * (2**20 + 1))
    assert refusal(tmp_path / "big.toml").endswith("it has more than 1 MiB.")
    os.mkfifo(tmp_path / "pipe.toml")
    assert refusal(tmp_path / "pipe.toml").endswith("this is not a regular file.")
    put(tmp_path, "deep.toml", "x = " + "[" * 5000 + "]" * 5000)
    assert "nested too deeply" in refusal(tmp_path / "deep.toml")
    put(tmp_path, "My Box.toml", DEVICE)
    assert "'My Box' cannot name a profile" in refusal(tmp_path / "My Box.toml")


def test_lines_are_found_through_tables_lists_and_long_values() -> None:
    text = """\
# a comment
a = 1
[b.c]
d = { e = 2, "f g" = 3 }
long = '''
h = 4
[not.a.table]
'''
i.j = [
  5,
]

[[k]]
l = 6
[[k]]
l = 7
[k.m]
n = 8
"""
    lines = lines_of(text)
    assert lines["a",] == 2
    assert lines["b", "c"] == lines["b",] == 3
    assert lines["b", "c", "d", "f g"] == 4
    assert lines["b", "c", "long"] == 5
    assert lines["b", "c", "i", "j"] == 9
    assert (lines["k", 0, "l"], lines["k", 1, "l"], lines["k", 1, "m", "n"]) == (14, 16, 18)
    assert ("b", "c", "h") not in lines


@given(st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True),
                       st.lists(st.integers(0, 9), max_size=3), max_size=6),
       st.integers(0, 3))  # fmt: skip
def test_every_key_is_found_on_the_line_on_which_it_was_written(
    tables: dict[str, list[int]], gap: int
) -> None:
    written: list[str] = []
    expected: dict[tuple[str | int, ...], int] = {}
    for table, values in tables.items():
        written += [""] * gap + [f"[{table}]"]
        expected[(table,)] = len(written)
        for index, value in enumerate(values):
            written.append(f"k{index} = {value}")
            expected[(table, f"k{index}")] = len(written)
    assert lines_of("\n".join(written)) == expected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_a_damaged_profile_is_a_profile_or_a_named_fault(
    tmp_path: Path, data: st.DataObject
) -> None:
    lines = WORKLOAD.split("\n")
    at = data.draw(st.integers(0, len(lines) - 1))
    lines[at] = data.draw(
        st.sampled_from(["", "x = 1", "[work]", 'unit = "GB"', "[[serving]]", "work = 3", "\x00"])
        | st.text(max_size=20)
    )
    path = tmp_path / "damaged.toml"
    path.write_text("\n".join(lines), encoding="utf-8", errors="replace", newline="")
    try:
        assert catalogue.workload(str(path)).name == "damaged"
    except BadProfile as fault:
        assert str(path) in fault.what
