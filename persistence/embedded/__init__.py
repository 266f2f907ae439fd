"""A Postgres of our own beside the server, for who has none: nothing to install, no port opened."""

from persistence.embedded.failure import EmbeddedFailure
from persistence.embedded.start import (
    EmbeddedPostgres,
    attach_embedded,
    start_embedded,
    start_throwaway,
    use_embedded,
)

__all__ = [
    "EmbeddedFailure",
    "EmbeddedPostgres",
    "attach_embedded",
    "start_embedded",
    "start_throwaway",
    "use_embedded",
]
