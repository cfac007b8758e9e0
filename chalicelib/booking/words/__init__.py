"""What bookings say to people, in their language: itineraries and calendars. One file for each language: `en.toml`."""

from datetime import date
from pathlib import Path

from chalicelib.channels import texts as files
from chalicelib.channels.texts import Texts

_MINOR_DIGITS = dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI",
                               "VND", "VUV", "XAF", "XOF", "XPF"), 0) | dict.fromkeys(
    ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3)  # fmt: skip


def texts(language: str) -> Texts:
    """Everything that bookings say in a language; English where there is no such language."""
    return files.texts(Path(__file__).parent, language)


def day(t: Texts, on: date) -> str:
    """A day with its weekday, such as "Fri, 10 Jul 2026"."""
    names = t["days"]
    return str(
        names["day"].format(
            weekday=names["weekdays"][on.weekday()], day=on.day, month=names["months"][on.month - 1], year=on.year
        )
    )


def money(t: Texts, amount: int, currency: str) -> str:
    """An amount in minor units, such as "USD 1,234.50". How many digits these have: ISO 4217."""
    digits = _MINOR_DIGITS.get(currency, 2)
    whole, part = divmod(abs(amount), 10**digits)
    shown = f"{whole:,}".replace(",", t["numbers"]["thousands"])
    if digits:
        shown += f"{t['numbers']['decimal']}{part:0{digits}}"
    return f"{currency} {'-' if amount < 0 else ''}{shown}"
