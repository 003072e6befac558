"""Old prices in the advice's notes, by a day that is given."""

import datetime

from bitpath_cli.workflows._price_age import price_notes
from bitpath_cli.workflows.advise import advise
from tests.workflows.fleets import host


def test_prices_are_old_a_year_after_they_were_read() -> None:
    (note,) = price_notes("default", datetime.date(2026, 11, 25))
    assert "epyc-9654: price (2022-11-10, AMD's list, 1000 units)" in note
    assert "bitpath profiles show default" in note
    assert price_notes("default", datetime.date(2022, 11, 10)) == ()


def test_the_advice_carries_that_note_on_that_day_alone() -> None:
    told = host("a")
    new, old = (
        advise(told, "resnet50-training", day=datetime.date(year, 1, 1)) for year in (2022, 2030)
    )
    assert not any("more than a year old" in each for each in new.notes)
    assert any("more than a year old" in each for each in old.notes)
