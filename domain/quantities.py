"""From what is reported to the integers that facts hold (R7, R10)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from domain.events import Feedback, Money

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_NANO: Final = Decimal(10**9)
_DEFAULT_SURVEY_SCALE: Final = 5
_SCALES: Final = {"THUMBS": 1, "SOLVED": 1, "RATING_1_5": 5}


def moment_ms(moment: datetime) -> int:
    return (moment - _EPOCH) // _MILLISECOND


def ppm(ratio: float) -> int:
    """Parts per million, by the ratio's shortest decimal form: 0.7 is 700,000 exactly."""
    return round(ratio * 1_000_000)


def money_nano(money: Money) -> int:
    return int(money.amount * _NANO)


def feedback_scale(feedback: Feedback) -> int:
    return _SCALES.get(feedback.instrument) or feedback.scale or _DEFAULT_SURVEY_SCALE
