"""An import straight into the database: which workspace, what its chatbots report, and the way in."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from delivery.imports.outcome import ImportStopped, Send, Verdict
from domain.rejections import Rejected
from domain.reporting import Reported, read_events
from domain.vocabulary import ChatbotType, Report
from persistence.chatbots import create_chatbot, list_chatbots, update_chatbot
from persistence.engine import Database, DatabaseUnavailable
from persistence.ingest.append import store_events
from persistence.ingest.arrivals import EventResult, Parcel
from persistence.tenancy import reading, writing
from persistence.workspaces import find_workspace, workspace_ids

_MOST_CHATBOTS = 10_000


async def choose_workspace(database: Database, wanted: str) -> UUID:
    """By id or name; the only one if none is named."""
    known = await workspace_ids(database)
    names = {workspace_id: await _name(database, workspace_id) for workspace_id in known}
    if not wanted and len(known) == 1:
        return known[0]
    found = [workspace_id for workspace_id in known if wanted in (str(workspace_id), names[workspace_id])]
    if len(found) == 1:
        return found[0]
    if not known:
        raise ImportStopped("there is no workspace yet", "make one: python3 dev.py run workspace create --help")
    listed = ", ".join(f"{name} ({workspace_id})" for workspace_id, name in names.items())
    raise ImportStopped(
        f"there is no single workspace {wanted!r}" if wanted else "it is not clear which workspace is meant",
        f"name one by --workspace; there are: {listed}",
    )


async def declare_reports(
    database: Database, workspace_id: UUID, slug: object, reports: Sequence[str], *, now: datetime
) -> None:
    """What the source tells at all is declared before its first event, so that absent is never taken for zero."""
    if not isinstance(slug, str) or not reports:
        return
    declared = frozenset(Report[name] for name in reports)
    async with writing(database, workspace_id) as writer:
        chatbots = await list_chatbots(writer, limit=_MOST_CHATBOTS, after=None, among=None)
        known = next((chatbot for chatbot in chatbots if chatbot.slug == slug), None)
        if known is None:
            await create_chatbot(writer, slug=slug, name=slug, chatbot_type=ChatbotType.TEXT, reports=declared, now=now)
        elif not declared <= known.declared_reports:
            changes = {"declared_reports": sorted(declared | known.declared_reports)}
            await update_chatbot(writer, known.chatbot_id, expected_version=known.version, changes=changes, now=now)


def direct_sender(database: Database, workspace_id: UUID) -> Send:
    async def send(body: bytes, count: int) -> Sequence[Verdict]:
        now_ms = int(datetime.now(UTC).timestamp() * 1000)
        read = read_events(body, content_type="application/x-ndjson", now_ms=now_ms)
        good = [told for told in read if isinstance(told, Reported)]
        try:
            (results,) = await store_events(database, workspace_id, [Parcel(events=good, received_at_ms=now_ms)])
        except DatabaseUnavailable as gone:
            raise ImportStopped(str(gone), "run the same command again: it goes on where it stopped") from gone
        stored = iter(results)
        return [_refusal(told) if isinstance(told, Rejected) else _verdict(next(stored)) for told in read]

    return send


def _verdict(result: EventResult) -> Verdict:
    parts = [part for part in (result.field, result.message) if part]
    return Verdict(result.status, ": ".join(parts) or None)


def _refusal(told: Rejected) -> Verdict:
    return Verdict("rejected", "; ".join(f"{problem.field}: {problem.message}" for problem in told.problems))


async def _name(database: Database, workspace_id: UUID) -> str:
    async with reading(database, workspace_id) as reader:
        workspace = await find_workspace(reader)
    return workspace.name if workspace else ""
