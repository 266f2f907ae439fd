"""Saved queries: kept under a name, changed as versions, run through the same door as every other question."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID, uuid4

import strawberry

from domain import saved_queries as domain
from domain.accounts import Scope
from domain.checking import Checks
from domain.problems import InvalidInput, NotFound, Refused
from domain.queries.canonical import from_canonical, to_canonical
from persistence import saved_queries as store
from persistence.tenancy import reading
from resolvers.acting import acting
from resolvers.asking import table_of
from resolvers.figures import answered
from resolvers.metrics import metrics_in, parts_in
from resolvers.request import Info
from schema.cost import costs
from schema.inputs.metric_query import MetricQueryInput
from schema.paging import After, Connection, First, connection, decode_id, encode_id, page_window
from schema.permissions import requires
from schema.problems import Refusal
from schema.selection import selected
from schema.types.figures import FigureTable
from schema.types.metrics import MetricTable

_MOST_VERSIONS = 100


@strawberry.type(description="One version of a saved query.")
class SavedQueryVersion:
    version: int = strawberry.field(description="Counts from 1.")
    definition: str = strawberry.field(description="The query as canonical JSON.")
    created_at: datetime = strawberry.field(description="When it was saved.")


@strawberry.type(description="A question about metrics, kept under a name.")
class SavedQuery:
    saved: strawberry.Private[domain.SavedQuery]

    id: strawberry.ID = strawberry.field(description="Opaque id; stays through all versions.")
    name: str = strawberry.field(description="Name shown to people.")
    text: str | None = strawberry.field(name="description", description="What it is for.")
    version: int = strawberry.field(description="The current version, from 1.")
    definition: str = strawberry.field(description="The query as canonical JSON; equal queries have equal text.")
    created_at: datetime = strawberry.field(description="When it was first saved.")
    updated_at: datetime = strawberry.field(description="When its current version was saved.")

    @classmethod
    def from_domain(cls, saved: domain.SavedQuery) -> Self:
        return cls(
            saved=saved,
            id=encode_id("SavedQuery", saved.saved_query_id),
            name=saved.name,
            text=saved.description,
            version=saved.current_version,
            definition=saved.definition,
            created_at=saved.created_at,
            updated_at=saved.updated_at,
        )

    @strawberry.field(
        description="Its answer now, cut to what the key may see. Select among the metrics that it names.",
        extensions=[requires(Scope.METRICS_READ), costs(10)],
    )
    async def result(self, info: Info) -> MetricTable:
        wanted = selected(info)
        kept = from_canonical(self.saved.definition)
        foreign = [name for name in metrics_in(wanted) if name not in kept.metrics]
        if foreign:
            message = f"This saved query does not ask for {', '.join(foreign)}."
            raise Refused(InvalidInput(message=message, path=("result",), allowed=kept.metrics))
        query = replace(
            kept,
            parts=parts_in(wanted, grouped=bool(kept.group_by)),
            among=info.context.viewer.chatbot_ids,
        )
        return MetricTable.from_domain(await table_of(info, query))

    @strawberry.field(
        description="Its answer now with every metric that it names, in one shape.",
        extensions=[requires(Scope.METRICS_READ), costs(10)],
    )
    async def figures(self, info: Info) -> FigureTable:
        return await answered(info, from_canonical(self.saved.definition))

    @strawberry.field(
        description="Its versions, newest first, at most 100.", extensions=[requires(Scope.METRICS_READ), costs(5)]
    )
    async def versions(self, info: Info) -> list[SavedQueryVersion]:
        context = info.context
        async with reading(context.database, context.viewer.workspace_id) as reader:
            found = await store.list_versions(reader, self.saved.saved_query_id, limit=_MOST_VERSIONS)
        return [
            SavedQueryVersion(version=one.version, definition=one.definition, created_at=one.created_at)
            for one in found
        ]


@strawberry.input
class SaveQueryInput:
    id: strawberry.ID | None = strawberry.field(default=None, description="A saved query to change; null: a new one.")
    version: int | None = strawberry.field(default=None, description="With id: the version that was read.")
    name: str = strawberry.field(description="1 to 120 characters.")
    text: str | None = strawberry.field(default=None, name="description", description="At most 2,000 characters.")
    query: MetricQueryInput = strawberry.field(description="The question.")


SavedQueryResult = Annotated[SavedQuery | Refusal, strawberry.union("SavedQueryResult")]


@strawberry.type
class SavedQueryQuery:
    @strawberry.field(description="Saved queries by name.", extensions=[requires(Scope.METRICS_READ)])
    async def saved_queries(self, info: Info, first: First = 50, after: After = None) -> Connection[SavedQuery]:
        context = info.context
        window = page_window("SavedQuery", first=first, after=after, key_types=(str, UUID))
        async with reading(context.database, context.viewer.workspace_id) as reader:
            rows = await store.list_saved_queries(
                reader, limit=window.limit, after=(window.key[0], window.key[1]) if window.key else None
            )
        return connection(
            window, rows, node=SavedQuery.from_domain, key=lambda saved: (saved.name, saved.saved_query_id)
        )

    @strawberry.field(description="One saved query.", extensions=[requires(Scope.METRICS_READ)])
    async def saved_query(self, info: Info, id: strawberry.ID) -> SavedQuery:
        context = info.context
        wanted = decode_id("SavedQuery", id, UUID)
        async with reading(context.database, context.viewer.workspace_id) as reader:
            saved = await store.find_saved_query(reader, wanted)
        if saved is None:
            raise Refused(NotFound.of("saved query", path=("id",)))
        return SavedQuery.from_domain(saved)


@strawberry.type
class SavedQueryMutation:
    @strawberry.mutation(
        description="Saves a question under a name, or a new version of one.", extensions=[requires(Scope.MANAGE)]
    )
    async def save_query(self, info: Info, input: SaveQueryInput) -> SavedQueryResult:
        context = info.context
        name, description = _checked(input)
        definition = to_canonical(input.query.to_domain())
        async with acting(context, "savedQuery.save") as act:
            if input.id is None:
                saved = await store.create_saved_query(
                    act.writer,
                    domain.SavedQuery(
                        saved_query_id=uuid4(),
                        name=name,
                        description=description,
                        current_version=1,
                        definition=definition,
                        created_at=context.clock(),
                        updated_at=context.clock(),
                    ),
                    created_by=context.viewer.key_id,
                )
            else:
                saved = await store.change_saved_query(
                    act.writer,
                    decode_id("SavedQuery", input.id, UUID),
                    expected_version=input.version or 0,
                    name=name,
                    description=description,
                    definition=definition,
                    changed_by=context.viewer.key_id,
                    now=context.clock(),
                )
            act.target = f"SavedQuery:{saved.saved_query_id}"
            act.detail["version"] = saved.current_version
        return SavedQuery.from_domain(saved)

    @strawberry.mutation(
        description="Puts a saved query away; its versions are kept.", extensions=[requires(Scope.MANAGE)]
    )
    async def archive_saved_query(self, info: Info, id: strawberry.ID) -> SavedQueryResult:
        context = info.context
        wanted = decode_id("SavedQuery", id, UUID)
        async with acting(context, "savedQuery.archive") as act:
            saved = await store.archive_saved_query(act.writer, wanted, now=context.clock())
            act.target = f"SavedQuery:{wanted}"
        return SavedQuery.from_domain(saved)


def _checked(input: SaveQueryInput) -> tuple[str, str | None]:
    checks = Checks("input")
    name = checks.text(input.name, "name", longest=120)
    description = checks.text(input.text, "description", longest=2_000) if input.text else None
    if input.id is not None and input.version is None:
        checks.note("version is needed to change a saved query.", "version")
    checks.refuse()
    return name, description
