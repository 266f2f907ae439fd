"""Segments: filters kept under a name, listed, saved and put away."""

from typing import Annotated
from uuid import UUID, uuid4

import strawberry

from domain import segments as domain
from domain.accounts import Scope
from domain.checking import Checks
from domain.problems import NotFound, Refused
from domain.queries.filters import EVERYTHING, Filter, filter_problems, segments_in
from persistence import segments as store
from persistence.tenancy import reading
from resolvers.acting import acting
from resolvers.request import Info
from schema.inputs.metrics import FilterInput, filter_of
from schema.paging import After, Connection, First, connection, decode_id, page_window
from schema.permissions import requires
from schema.problems import Refusal
from schema.types.segments import Segment


@strawberry.input
class SaveSegmentInput:
    id: strawberry.ID | None = strawberry.field(default=None, description="A segment to change; null: a new one.")
    version: int | None = strawberry.field(default=None, description="With id: the version that was read.")
    name: str = strawberry.field(description="1 to 120 characters.")
    text: str | None = strawberry.field(default=None, name="description", description="At most 2,000 characters.")
    filter: FilterInput = strawberry.field(  # type: ignore[valid-type]
        description="Whom it holds: at least one condition, and no other segment."
    )


SegmentResult = Annotated[Segment | Refusal, strawberry.union("SegmentResult")]


@strawberry.type
class SegmentQuery:
    @strawberry.field(description="Segments by name.", extensions=[requires(Scope.METRICS_READ)])
    async def segments(self, info: Info, first: First = 50, after: After = None) -> Connection[Segment]:
        context = info.context
        window = page_window("Segment", first=first, after=after, key_types=(str, UUID))
        async with reading(context.database, context.viewer.workspace_id) as reader:
            rows = await store.list_segments(
                reader, limit=window.limit, after=(window.key[0], window.key[1]) if window.key else None
            )
        return connection(window, rows, node=Segment.from_domain, key=lambda one: (one.name, one.segment_id))

    @strawberry.field(description="One segment.", extensions=[requires(Scope.METRICS_READ)])
    async def segment(self, info: Info, id: strawberry.ID) -> Segment:
        context = info.context
        wanted = decode_id("Segment", id, UUID)
        async with reading(context.database, context.viewer.workspace_id) as reader:
            found = await store.find_segment(reader, wanted)
        if found is None:
            raise Refused(NotFound.of("segment", path=("id",)))
        return Segment.from_domain(found)


@strawberry.type
class SegmentMutation:
    @strawberry.mutation(
        description="Saves a filter under a name, or changes one. Questions that name it take the change at once.",
        extensions=[requires(Scope.MANAGE)],
    )
    async def save_segment(self, info: Info, input: SaveSegmentInput) -> SegmentResult:
        context = info.context
        name, description, where = _checked(input)
        async with acting(context, "segment.save") as act:
            if input.id is None:
                segment = domain.Segment(
                    segment_id=uuid4(),
                    name=name,
                    description=description,
                    where=where,
                    version=1,
                    created_at=context.clock(),
                    updated_at=context.clock(),
                )
                await store.create_segment(act.writer, segment, created_by=context.viewer.key_id)
            else:
                segment = await store.change_segment(
                    act.writer,
                    decode_id("Segment", input.id, UUID),
                    expected_version=input.version or 0,
                    name=name,
                    description=description,
                    where=where,
                    now=context.clock(),
                )
            act.target = f"Segment:{segment.segment_id}"
            act.detail["version"] = segment.version
        return Segment.from_domain(segment)

    @strawberry.mutation(
        description="Puts a segment away. Saved queries that name it are refused from then on.",
        extensions=[requires(Scope.MANAGE)],
    )
    async def archive_segment(self, info: Info, id: strawberry.ID) -> SegmentResult:
        context = info.context
        wanted = decode_id("Segment", id, UUID)
        async with acting(context, "segment.archive") as act:
            segment = await store.archive_segment(act.writer, wanted, now=context.clock())
            act.target = f"Segment:{wanted}"
        return Segment.from_domain(segment)


def _checked(input: SaveSegmentInput) -> tuple[str, str | None, Filter]:
    checks = Checks("input")
    name = checks.text(input.name, "name", longest=120)
    description = checks.text(input.text, "description", longest=2_000) if input.text else None
    if input.id is not None and input.version is None:
        checks.note("version is needed to change a segment.", "version")
    where = filter_of(input.filter)
    if where == EVERYTHING:
        checks.note("filter has no condition; a segment holds some of all.", "filter")
    if segments_in(where):
        checks.note("filter names a segment; a segment is made of conditions alone.", "filter")
    checks.refuse()
    problems = tuple(filter_problems(where, ("input", "filter")))
    if problems:
        raise Refused(*problems)
    return name, description, where
