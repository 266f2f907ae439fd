"""What others must hear of an append: which facts changed, which leads, which sessions merged into others."""

from collections.abc import Sequence

from domain.facts import ProbeRecord, ReleaseRecord
from persistence.changes import CHANNEL, Subject, record_changes
from persistence.feeds import Feed, append_to_feed
from persistence.ingest.arrivals import Arrival
from persistence.ingest.batch import Batch
from persistence.ingest.tables import month_at
from persistence.languages import is_untold, note_untold


async def announce(batch: Batch, arrivals: Sequence[Arrival], leads: Sequence[tuple[int, int]]) -> None:
    writer = batch.writer
    await record_changes(writer, batch.touched)
    for kind, subject in ((ReleaseRecord, Subject.RELEASE), (ProbeRecord, Subject.PROBE)):
        await record_changes(writer, _chatbots_by_month(arrivals, kind), subject=subject)
    if leads:
        await append_to_feed(writer, Feed.LEAD, leads)
    merged = [session_id for session_id, place in batch.places.items() if place.fact.merged_into is not None]
    if merged:
        await append_to_feed(writer, Feed.SESSION_CHANGE, [(session_id, batch.generation) for session_id in merged])
    if any(is_untold(place.fact) for place in batch.places.values()):
        await note_untold(writer)
    await writer.driver.execute("select pg_notify($1, $2)", CHANNEL, str(writer.workspace_id))


def _chatbots_by_month(arrivals: Sequence[Arrival], kind: type) -> dict[int, set[int]]:
    """Rows without a session have no number of their own: their chatbot's stands for them."""
    found: dict[int, set[int]] = {}
    for arrival in arrivals:
        if arrival.record.__class__ is kind:
            found.setdefault(month_at(arrival.at_ms), set()).add(arrival.chatbot_id)
    return found
