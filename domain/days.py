"""Which local day a moment falls on, in one zone; asked once per amount of money, so it must be quick."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_QUARTER_HOUR_MS = 900_000
_MOST_REMEMBERED = 100_000
_UNIX_DAY = datetime(1970, 1, 1, tzinfo=UTC).toordinal()


class LocalDays:
    """Days since 1970-01-01 in a zone. Zones differ from UTC by whole quarters of an hour since 1972, so the
    answer is the same all through a quarter of an hour and is remembered for it."""

    __slots__ = ("_known", "_zone", "name")

    def __init__(self, zone: str) -> None:
        self.name = zone
        self._zone = ZoneInfo(zone)
        self._known: dict[int, int] = {}

    def day_of(self, at_ms: int) -> int:
        quarter = at_ms // _QUARTER_HOUR_MS
        day = self._known.get(quarter)
        if day is None:
            day = self._remember(quarter)
        return day

    def _remember(self, quarter: int) -> int:
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        local = datetime.fromtimestamp(quarter * 900, tz=self._zone)
        day = local.toordinal() - _UNIX_DAY
        self._known[quarter] = day
        return day
