"""Amounts as people type them: conversions by hand, the traps, and the words of a refusal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitpath_cli.amounts import convert, currency_in, expected, money, parse
from bitpath_cli.errors import BadValue
from bitpath_cli.model.units import BYTE, BYTE_PER_SECOND, ONE, SECOND, Unit

MONTH = 2_629_800.0


@pytest.mark.parametrize(
    ("typed", "unit", "value"),
    [
        ("256MiB", "B", 256 * 1024**2),
        ("1 GB", "B", 1e9),
        ("1 GiB", "B", 1024**3),
        ("1 Gbit", "B", 1e9 / 8),
        ("64KB", "B", 64e3),
        ("64 kB", "B", 64e3),
        ("10 Gbit/s", "B/s", 1.25e9),
        ("10Gbit/s", "B/s", 1.25e9),
        ("10 Gb/s", "B/s", 1.25e9),
        ("10 Gbps", "B/s", 1.25e9),
        ("20 Mbit / s", "B/s", 2.5e6),
        ("3 GB/s", "B/s", 3e9),
        ("90s", "s", 90),
        ("60 ms", "s", 0.06),
        ("250 µs", "s", 250e-6),
        ("250 \u03bcs", "s", 250e-6),
        ("250 us", "s", 250e-6),
        ("5m", "s", 300),
        ("1.5 hours", "s", 5400),
        ("24 h", "s", 86400),
        ("1 month", "s", MONTH),
        ("5 years", "s", 60 * MONTH),
        ("5%", "1", 0.05),
        ("0.25", "1", 0.25),
        ("1e6", "1", 1e6),
        ("1_281_024", "1", 1281024),
        ("8.18 GFLOP", "FLOP", 8.18e9),
        ("312 TFLOP/s", "FLOP/s", 312e12),
        ("312 TFLOPS", "FLOP/s", 312e12),
        ("130 TOP/s", "OP/s", 130e12),
        ("0.28 parts/s", "1/s", 0.28),
        ("1000/h", "1/s", 1000 / 3600),
        ("1/day", "1/s", 1 / 86400),
        ("70 W", "W", 70),
        ("1 kWh", "J", 3.6e6),
        ("2.4 GHz", "Hz", 2.4e9),
        ("0.7 USD/h", "USD/s", 0.7 / 3600),
        ("0.146 USD/kWh", "USD/J", 0.146 / 3.6e6),
        ("0.12 USD per GB", "USD/B", 0.12e-9),
        ("0.023 USD/GB/month", "USD/(B·s)", 0.023e-9 / MONTH),
        ("0.023 USD/GB-month", "USD/(B·s)", 0.023e-9 / MONTH),
        ("0.023 USD/(GB·month)", "USD/(B·s)", 0.023e-9 / MONTH),
        ("0.026 USD/GiB/month", "USD/(B·s)", 0.026 / 1024**3 / MONTH),
        ("412.72 gCO2e/kWh", "kg/J", 0.41272 / 3.6e6),
    ],
)
def test_hand_computed_conversions(typed: str, unit: str, value: float) -> None:
    assert parse(typed, Unit(unit)) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("typed", "unit", "allowed"),
    [
        ("1Gb", "B", "GB for bytes, Gbit for bits: 'Gb' is taken for either"),
        ("1 gb", "B", "'gb' is no unit here, perhaps GB or Gbit"),
        ("1 mib", "B", "'mib' is no unit here, perhaps MiB or Mibit"),
        ("1 mB", "B", "'mB' is no unit here, perhaps MB or Mbit"),
        ("10 GB", "B/s", "a bandwidth such as '10 Gbit/s'"),
        ("10 Gbit/s", "B", "a size such as '256MiB'"),
        ("8 GFLOP/s", "FLOP", "an amount of work such as '8.18 GFLOP'"),
        ("8 GFLOP/s", "OP/s", "an integer rate such as '130 TOP/s'"),
        ("90", "s", "a time such as '90s', with its unit"),
        ("-3 s", "s", "finite and not negative"),
        ("1e999", "1", "finite and not negative"),
        ("nan", "1", "with a point for decimals"),
        ("inf s", "s", "with a point for decimals"),
        ("1,5 GB", "B", "with a point for decimals"),
        ("", "s", "a time such as '90s'"),
        ("5 /", "1/s", "a rate such as '0.28/s'"),
        ("5 m", "USD/s", "a price for a time such as '0.7 USD/h'"),
        ("5 EUR/h", "USD/s", "a price for a time such as '0.7 USD/h'"),
        ("2 GB**9", "B", "'9' is no unit here"),
    ],
)
def test_what_is_refused_says_what_is_allowed(typed: str, unit: str, allowed: str) -> None:
    with pytest.raises(BadValue) as refusal:
        parse(typed, Unit(unit), "--some-option")
    assert refusal.value.what == f"--some-option: '{typed}' cannot be used."
    assert allowed in refusal.value.why


def test_bits_and_bytes_differ_by_eight_and_binary_from_decimal_by_seven_percent() -> None:
    assert parse("1 GB/s", BYTE_PER_SECOND) == 8 * parse("1 Gb/s", BYTE_PER_SECOND)
    assert parse("1 GiB", BYTE) / parse("1 GB", BYTE) == pytest.approx(1.073741824)


def test_money_is_a_plain_number_or_carries_the_currency_of_the_site() -> None:
    assert money("2000", "USD", "--budget-money") == 2000
    assert money("2_000.50 EUR", "EUR", "--budget-money") == 2000.5
    with pytest.raises(BadValue, match="--budget-money: '20 EUR' cannot be used"):
        money("20 EUR", "USD", "--budget-money")


def test_the_currency_of_a_typed_unit() -> None:
    assert currency_in("USD/GB/month") == "USD"
    assert currency_in("TFLOP/s") is None
    assert currency_in("OPS") is None


def test_an_example_is_itself_an_amount_that_can_be_parsed() -> None:
    for unit in ("1", "s", "B", "B/s", "FLOP", "FLOP/s", "OP/s", "W", "J", "1/s", "kg/J", "Hz",
                 "EUR", "EUR/s", "EUR/J", "EUR/B", "EUR/(B·s)", "B·s"):  # fmt: skip
        example = expected(Unit(unit)).split("'")[1]
        assert parse(example, Unit(unit)) > 0


@given(st.floats(0, 1e12), st.sampled_from(["ms", "s", "min", "h", "d", "weeks", "months"]))
def test_parsing_is_linear_in_the_number(number: float, symbol: str) -> None:
    one = convert(1.0, symbol, SECOND)
    assert parse(f"{number!r} {symbol}", SECOND) == pytest.approx(number * one, rel=1e-12)


@given(st.text(max_size=40) | st.from_regex(r"[0-9.]{1,4} ?[A-Za-zµ/·*() -]{0,12}", fullmatch=True))
def test_any_text_gives_a_number_or_the_one_error(text: str) -> None:
    for unit in (BYTE, SECOND, ONE, Unit("USD/(B·s)")):
        try:
            assert parse(text, unit) >= 0
        except BadValue as refusal:
            assert refusal.why.startswith("Allowed: ")
