"""The values that a mapping takes out of a record."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from delivery.imports.mapping import Expression, Scalar, TranscriptMapping

Record = Mapping[str, Any]


def matches(record: Record, when: Mapping[str, Scalar]) -> bool:
    return all(record.get(name) == wanted for name, wanted in when.items())


def evaluate(expression: Expression, record: Record) -> Any:
    """None means that the record does not say."""
    if expression.field is None:
        return expression.value
    found = _look_up(record, expression.field)
    if found is None or found == "":
        return None
    return _refine(expression, found)


def read_time(mapping: TranscriptMapping, record: Record) -> datetime | None:
    """None where the record has no time; ValueError where it has one that cannot be read."""
    found = _look_up(record, mapping.time)
    if found is None or found == "":
        return None
    if mapping.time_format.startswith("epoch_"):
        return datetime.fromtimestamp(float(found) / (1000 if mapping.time_format.endswith("milliseconds") else 1), UTC)
    if mapping.time_format == "iso":
        moment = datetime.fromisoformat(str(found))
    else:
        moment = datetime.strptime(str(found), mapping.time_format)  # noqa: DTZ007 - its zone is set below
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(mapping.time_zone))
    return moment.astimezone(UTC)


def place(target: dict[str, Any], name: str, value: Any) -> None:
    """`answer.action` goes into the part `answer`. What is already there stays."""
    *parts, last = name.split(".")
    for part in parts:
        target = target.setdefault(part, {})
    target.setdefault(last, value)


def _look_up(record: Any, name: str) -> Any:
    for part in name.split("."):
        if not isinstance(record, Mapping):
            return None
        record = record.get(part)
    return record


def _refine(expression: Expression, found: Any) -> Any:
    if expression.map is not None:
        key = str(found).lower() if isinstance(found, bool) else str(found)
        return expression.map.get(key, expression.otherwise)
    tested = _test(expression, found)
    if tested is not None:
        return True if tested else expression.otherwise
    if expression.negate:
        return not found
    return _to_number(found) if expression.number else found


def _test(expression: Expression, found: Any) -> bool | None:
    if expression.equal_to is not None:
        return bool(found == expression.equal_to)
    if expression.one_of is not None:
        return found in expression.one_of
    if expression.ends_with is not None:
        return str(found).endswith(expression.ends_with)
    return None


def _to_number(found: Any) -> int | float:
    """Cells of CSV are text."""
    number = float(found)
    return int(number) if number.is_integer() and "." not in str(found) else number
