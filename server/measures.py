"""What Prometheus reads at /metrics. One registry per application, so that tests do not meet each other."""

from collections.abc import Callable, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

_SECONDS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Measures:
    """Counters and histograms; labels come from closed sets only (paths and root fields of ours, statuses)."""

    content_type: Final = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "parlance_requests",
            "Requests by path, operation and status.",
            ("path", "operation", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "parlance_request_seconds",
            "Time of requests by path.",
            ("path",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.ingested_events = Counter(
            "parlance_ingested_events", "Events by what became of them.", ("result",), registry=self.registry
        )
        self.pool_wait_seconds = Histogram(
            "parlance_pool_wait_seconds",
            "Time until a database connection was had.",
            buckets=_SECONDS,
            registry=self.registry,
        )

        self._jobs = Gauge("parlance_jobs", "Jobs by kind and state.", ("kind", "state"), registry=self.registry)
        self._behind = Gauge(
            "parlance_behind_ingest_seconds",
            "How long the oldest work behind ingest waits or runs, by kind.",
            ("kind",),
            registry=self.registry,
        )

    def jobs(self, counts: Mapping[tuple[str, str], int]) -> None:
        self._jobs.clear()
        for (kind, state), count in counts.items():
            self._jobs.labels(kind, state).set(count)

    def behind_ingest(self, seconds: Mapping[str, float]) -> None:
        self._behind.clear()
        for kind, lag in seconds.items():
            self._behind.labels(kind).set(lag)

    def request(self, *, path: str, operation: str, status: int, seconds: float) -> None:
        self._requests.labels(path, operation, str(status)).inc()
        self._seconds.labels(path).observe(seconds)

    def watch(self, name: str, description: str, read: Callable[[], float]) -> None:
        """A gauge that is read when Prometheus asks: open sockets, busy connections, waiting jobs."""
        Gauge(f"parlance_{name}", description, registry=self.registry).set_function(read)

    def text(self) -> bytes:
        return generate_latest(self.registry)
