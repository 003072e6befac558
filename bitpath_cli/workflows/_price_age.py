"""A word on prices that are more than a year old, for whoever is about to rely on the costs."""

import datetime
from typing import Final

from bitpath_cli import catalogue

_NAMED: Final = 2


def price_notes(site: str, day: datetime.date) -> tuple[str, ...]:
    """How many of a site's prices are old, and the oldest; nothing where none is."""
    old = catalogue.old_prices("site", site, day)
    if not old:
        return ()
    rest = f" and {len(old) - _NAMED} more" if len(old) > _NAMED else ""
    return (
        f"prices more than a year old: {'; '.join(old[:_NAMED])}{rest}. Before you rely on the "
        f"costs, look them up and write them into copies of your own; all of them are told by: "
        f"bitpath profiles show {site}",
    )
