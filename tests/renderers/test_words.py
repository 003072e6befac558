"""Readings in words: marks, intervals that share a prefix, the units that bills are written in."""

import pytest

from bitpath_cli.model.reading import Fact, Missing, Quantity, absent, assumed, fact, reported
from bitpath_cli.model.units import BYTE, BYTE_PER_SECOND, JOULE, ONE, PER_SECOND, Unit
from bitpath_cli.renderers import _words
from tests.sample_report import around


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (2.5e9, "B/s", "2.5 GB/s"),
        (212_000, "1/s", "212 k/s"),
        (9_500, "1/s", "9,500/s"),
        (85, "1/s", "85/s"),
        (7.5, "1", "7.5"),
        (16_321_000, "1", "16,321,000"),
        (3.6e6, "J", "1 kWh"),
        (3.6e5, "J", "0.1 kWh"),
        (3.5e5, "J", "350 kJ"),
        (2**30 * 3600, "B·s", "1 GiB·h"),
        (2**30 * 2_629_800, "B·s", "1 GiB·month"),
        (0.3 / 3.6e6, "USD/J", "0.3 USD/kWh"),
        (1.8 / 3600, "EUR/s", "1.8 EUR/h"),
        (0.09e-9, "USD/B", "0.09 USD/GB"),
        (0.02 / (2**30 * 2_629_800), "USD/(B·s)", "0.02 USD/GiB·month"),
        (210, "EUR", "210 EUR"),
    ],
)
def test_amounts(value: float, unit: str, words: str) -> None:
    assert _words.amount(value, Unit(unit)) == words


@pytest.mark.parametrize(
    ("reading", "words"),
    [
        (reported(8, ONE, "/sys"), "8"),
        (assumed(0.3 / 3.6e6, Unit("EUR/J"), "site", 1.5), "~0.3 EUR/kWh"),
        (absent("no such file"), "?"),
    ],
)
def test_what_is_assumed_or_unknown_is_marked(reading: Quantity | Missing, words: str) -> None:
    assert _words.reading(reading) == words


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (fact(True, "x"), "yes"),
        (fact(False, "x"), "no"),
        (fact("bbr", "x"), "bbr"),
        (fact(("avx2", "fma"), "x"), "avx2, fma"),
        (fact((), "x"), "none"),
        (absent("no"), "?"),
    ],
)
def test_statements(statement: Fact | Missing, words: str) -> None:
    assert _words.statement(statement) == words


def test_an_interval_shares_the_prefix_of_its_value() -> None:
    value = Quantity(
        value=1.01e9, unit=BYTE_PER_SECOND, origin=around(1, ONE).origin,
        low=0.99e9, high=1.02e9, level=0.95,
    )  # fmt: skip
    assert _words.interval(value) == "[0.99 – 1.02]"
    assert _words.interval(around(3.6e7, JOULE)) == "[9.8 – 10.2]"
    assert _words.interval(around(212_000, PER_SECOND)) == "[208 – 216]"
    assert _words.interval(reported(1, BYTE, "/sys")) == ""


def test_links_are_told_in_bits_and_an_mtu_is_written_out() -> None:
    assert _words.bits(reported(1.25e9, BYTE_PER_SECOND, "/sys")) == "10 Gbit/s"
    assert _words.bits(absent("unknown")) == "?"
    assert _words.plain_bytes(reported(9000, BYTE, "/sys")) == "9,000 B"
