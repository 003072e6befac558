from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitpath_cli.model.reading import Reason, absent, fact, reported
from bitpath_cli.model.units import HERTZ, ONE
from bitpath_cli.probes import _sysfs
from tests.tree import number, said, tree, why


@pytest.mark.parametrize(
    ("line", "cpus"),
    [
        ("0-3,8", (0, 1, 2, 3, 8)),
        ("5", (5,)),
        ("", ()),
        ("\n", ()),
        ("2-3,0-1,1", (0, 1, 2, 3)),
    ],
)
def test_a_cpu_list_is_read(line: str, cpus: tuple[int, ...]) -> None:
    assert _sysfs.parse_cpulist(line) == cpus


@pytest.mark.parametrize("line", ["a", "3-1", "1-", "-1", "0-99999999999", "0,x"])
def test_what_is_no_cpu_list_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        _sysfs.parse_cpulist(line)


def test_a_cpu_list_is_written_as_the_kernel_does() -> None:
    assert _sysfs.write_cpulist((8, 0, 1, 2)) == "0-2,8"


@given(st.sets(st.integers(0, 300)))
def test_a_cpu_list_survives_writing_and_reading(cpus: set[int]) -> None:
    assert set(_sysfs.parse_cpulist(_sysfs.write_cpulist(cpus))) == cpus


def test_numbers_are_scaled_and_sentinels_are_missing(tmp_path: Path) -> None:
    host = tree(tmp_path, {"/a": "2900000", "/b": "-1", "/c": "many", "/d": "", "/e": "0x8086"})
    assert number(_sysfs.quantity(host, "/a", HERTZ, 1e3)) == 2.9e9
    assert why(_sysfs.quantity(host, "/b", unknown=frozenset({-1}))).reason is Reason.UNSUPPORTED
    assert why(_sysfs.quantity(host, "/c")).reason is Reason.FAILED
    assert why(_sysfs.quantity(host, "/d")).reason is Reason.UNSUPPORTED
    assert why(_sysfs.quantity(host, "/nothing")).reason is Reason.ABSENT
    assert _sysfs.integer(host, "/e") == 0x8086


def test_words_switches_and_choices(tmp_path: Path) -> None:
    host = tree(tmp_path, {"/a": " ext4 ", "/y": "Y", "/0": "0", "/c": "none [mq-deadline] bfq"})
    assert said(_sysfs.statement(host, "/a")) == "ext4"
    assert why(_sysfs.statement(host, "/a", frozenset({"ext4"}))).reason is Reason.UNSUPPORTED
    assert said(_sysfs.switch(host, "/y")) is True
    assert said(_sysfs.switch(host, "/0")) is False
    assert why(_sysfs.switch(host, "/a")).reason is Reason.FAILED
    assert said(_sysfs.chosen(host, "/c")) == "mq-deadline"
    assert why(_sysfs.chosen(host, "/a")).reason is Reason.FAILED


@pytest.mark.parametrize(("word", "size"), [("32K", 32768), ("2M", 2 << 20), ("512", 512)])
def test_sizes_of_the_kernel(word: str, size: int) -> None:
    assert _sysfs.parse_size(word) == size


def test_the_first_line_of_a_key_counts() -> None:
    assert _sysfs.parse_fields("cpu MHz\t: 1.5\nflags : a b\ncpu MHz : 2\nnoise") == {
        "cpu MHz": "1.5",
        "flags": "a b",
    }


def test_the_first_that_is_known_is_taken() -> None:
    known, unknown = reported(1, ONE, "here"), absent("not here")
    assert _sysfs.first(unknown, absent("nor there"), known) == known
    assert _sysfs.first(unknown, absent("nor there")) == unknown
    assert _sysfs.first(fact("a", "x"), fact("b", "y")) == fact("a", "x")
