"""Scalars of the API: how each looks on the wire, what is refused and in which words.

Annotate fields and arguments with the Python types `BigInt`, `Money`, `TimeZone`, `datetime` and `date`; `SCALARS`
goes into the schema's configuration.
"""

import re
import zoneinfo
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, Final, NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from domain.problems import InvalidInput, UnknownName
from schema.problems import coded_error

BigInt = NewType("BigInt", int)
"""An integer above 2^31, as a JSON number up to 2^53."""

Money = NewType("Money", Decimal)
"""An exact decimal amount, as a string with at most 9 places; its currency stands beside it."""

TimeZone = NewType("TimeZone", str)
"""An IANA zone name."""

LARGEST_SAFE_INTEGER: Final = 2**53 - 1
_RFC_3339: Final = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MONEY: Final = re.compile(r"-?\d{1,18}(\.\d{1,9})?", re.ASCII)


def big(value: int | None) -> BigInt | None:
    """A count or sum, or null where there is none."""
    return None if value is None else BigInt(value)


def _refused(message: str) -> GraphQLError:
    return coded_error(InvalidInput(message=message))


def _big_integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _refused("BigInt takes a whole number.")
    if abs(value) > LARGEST_SAFE_INTEGER:
        raise _refused("BigInt takes whole numbers from -9007199254740991 to 9007199254740991.")
    return value


def _money_text(value: Any) -> str:
    """Plain notation without trailing zeros beyond the second place."""
    text = f"{Decimal(value):.9f}"
    whole, _, places = text.partition(".")
    return f"{whole}.{places[:2]}{places[2:].rstrip('0')}"


def _money(value: Any) -> Decimal:
    if not isinstance(value, str) or not _MONEY.fullmatch(value):
        raise _refused('Money takes a decimal as a string, such as "12.50": up to 18 digits and 9 places.')
    return Decimal(value)


def _date_time_text(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError("a DateTime without an offset must not leave the server")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _date_time(value: Any) -> datetime:
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise _refused("DateTime takes RFC 3339 text with an offset, such as 2026-01-31T09:00:00Z.")
    try:
        return datetime.fromisoformat(_with_microseconds(value.upper())).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _refused("DateTime takes a moment that exists between the years 1 and 9999.") from None


def _with_microseconds(text: str) -> str:
    """Python reads at most six places; the rest is cut, not rounded."""
    return re.sub(r"(\.\d{6})\d+", r"\1", text)


def _date(value: Any) -> date:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise _refused("Date takes YYYY-MM-DD.")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise _refused("Date takes a day that exists, as YYYY-MM-DD.") from None


@cache
def time_zone_names() -> frozenset[str]:
    """Zones that this installation knows, without files that are no zones for people."""
    return frozenset(name for name in zoneinfo.available_timezones() if name not in {"localtime", "posixrules"})


def _time_zone(value: Any) -> str:
    if not isinstance(value, str):
        raise _refused("TimeZone takes an IANA name, such as Europe/Berlin.")
    if value not in time_zone_names():
        problem = UnknownName.among("time zone", value, time_zone_names())
        # 600 names would drown the suggestion.
        raise coded_error(UnknownName(message=problem.message, suggestion=problem.suggestion))
    return value


def _identity(value: Any) -> Any:
    return value


SCALARS: Final[Mapping[object, ScalarDefinition]] = {
    BigInt: strawberry.scalar(
        name="BigInt",
        description="A whole number up to 2^53 - 1 in size, as a JSON number.",
        serialize=_big_integer,
        parse_value=_big_integer,
    ),
    Money: strawberry.scalar(
        name="Money",
        description="An exact amount as a decimal string with at most 9 places. The currency stands beside it.",
        serialize=_money_text,
        parse_value=_money,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment in RFC 3339 with an offset; answers are in UTC.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=_date_time_text,
        parse_value=_date_time,
    ),
    date: strawberry.scalar(
        name="Date", description="A calendar day, YYYY-MM-DD.", serialize=date.isoformat, parse_value=_date
    ),
    TimeZone: strawberry.scalar(
        name="TimeZone",
        description="An IANA time zone name, such as Europe/Berlin.",
        serialize=_identity,
        parse_value=_time_zone,
    ),
}
