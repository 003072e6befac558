"""The calendar's day, which tells the age of prices and dates what is written."""

import datetime


def today() -> datetime.date:
    """In UTC."""
    return datetime.datetime.now(datetime.UTC).date()
