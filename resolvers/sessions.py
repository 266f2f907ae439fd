"""Sessions and their messages: pages and details."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import strawberry

from domain.accounts import Scope
from domain.problems import InvalidInput, NotFound, Refused
from domain.time import milliseconds
from persistence import sessions as store
from persistence.sessions import SessionFilter
from persistence.tenancy import reading
from resolvers.request import Info, RequestContext
from schema.paging import Connection, connection, decode_id, page_window
from schema.permissions import requires
from schema.types.sessions import Message, Session

_MOST_CHATBOTS = 100


@strawberry.input(description="Everything given must hold.")
class SessionFilterInput:
    chatbot_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="At most 100 chatbots.")
    started_from: datetime | None = strawberry.field(default=None, description="Inclusive.")
    started_before: datetime | None = strawberry.field(default=None, description="Exclusive.")
    engaged_only: bool = strawberry.field(default=False, description="Only with at least one user message.")
    include_tests: bool = strawberry.field(default=False, description="Also playground, evaluation and bot traffic.")


def _among(context: RequestContext, wanted: list[strawberry.ID] | None) -> Collection[int] | None:
    """Chatbots asked for, cut to those that the key may see."""
    visible = context.viewer.chatbot_ids
    if wanted is None:
        return visible
    if len(wanted) > _MOST_CHATBOTS:
        raise Refused(
            InvalidInput(
                message=f"chatbotIds takes at most {_MOST_CHATBOTS}.",
                path=("filter", "chatbotIds"),
                allowed=(f"0..{_MOST_CHATBOTS} ids",),
            )
        )
    asked = {decode_id("Chatbot", id, int, path="chatbotIds") for id in wanted}
    return asked if visible is None else asked & visible


@strawberry.type
class SessionQuery:
    @strawberry.field(description="Sessions, newest first.", extensions=[requires(Scope.CONVERSATIONS_READ)])
    async def sessions(
        self, info: Info, first: int = 50, after: str | None = None, filter: SessionFilterInput | None = None
    ) -> Connection[Session]:
        context = info.context
        window = page_window("Session", first=first, after=after, key_types=(int, int))
        given = filter or SessionFilterInput()
        wanted = SessionFilter(
            among=_among(context, given.chatbot_ids),
            from_ms=None if given.started_from is None else milliseconds(given.started_from),
            to_ms=None if given.started_before is None else milliseconds(given.started_before),
            engaged_only=given.engaged_only,
            live_only=not given.include_tests,
        )
        async with reading(context.database, context.viewer.workspace_id) as reader:
            rows = await store.list_sessions(
                reader, wanted, limit=window.limit, after=(window.key[0], window.key[1]) if window.key else None
            )
        now_ms = milliseconds(context.clock())
        return connection(
            window,
            rows,
            node=lambda view: Session.from_domain(view, now_ms),
            key=lambda view: (view.fact.started_at_ms, view.fact.session_id),
        )

    @strawberry.field(
        description="One session; a merged one answers as the session it was merged into.",
        extensions=[requires(Scope.CONVERSATIONS_READ)],
    )
    async def session(self, info: Info, id: strawberry.ID) -> Session:
        context = info.context
        session_id = decode_id("Session", id, int)
        async with reading(context.database, context.viewer.workspace_id) as reader:
            view = await store.find_session(reader, session_id, among=context.viewer.chatbot_ids)
        if view is None:
            raise Refused(NotFound.of("session", path=("id",)))
        return Session.from_domain(view, milliseconds(context.clock()))

    @strawberry.field(
        description="Messages of a session in order of time.", extensions=[requires(Scope.CONVERSATIONS_READ)]
    )
    async def messages(
        self, info: Info, session_id: strawberry.ID, first: int = 50, after: str | None = None
    ) -> Connection[Message]:
        context = info.context
        window = page_window("Message", first=first, after=after, key_types=(int, UUID))
        number = decode_id("Session", session_id, int, path="sessionId")
        async with reading(context.database, context.viewer.workspace_id, snapshot=True) as reader:
            view = await store.find_session(reader, number, among=context.viewer.chatbot_ids)
            if view is None:
                raise Refused(NotFound.of("session", path=("sessionId",)))
            rows = await store.messages_of(
                reader,
                view.fact,
                limit=window.limit,
                after=(window.key[0], window.key[1]) if window.key else None,
            )
        return connection(window, rows, node=Message.from_domain, key=lambda row: (row.occurred_at_ms, row.event_id))
