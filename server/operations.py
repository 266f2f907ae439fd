"""Runs one GraphQL operation for one viewer, the same way for every transport: charged, prepared, executed, masked."""

import asyncio
import inspect
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final, cast

import strawberry
from graphql.execution import ExecutionResult, execute, subscribe

from domain.accounts import Viewer
from persistence.engine import Database
from resolvers.loaders import Loaders
from resolvers.request import RequestContext, ResolverSettings
from schema.context import Clock, Context
from schema.cost import objects_in
from schema.documents import DocumentRefused, Documents, Prepared, variables_problem
from schema.execution import ColumnExecutor
from schema.persisted import PersistedDocumentRefused, PersistedDocuments, digest_in
from schema.problems import coded_error
from server.auth import Admission
from server.limits import BucketTable, Budget, Limits, WorkspaceGate
from server.masking import DatabaseGone, masked_errors
from server.refusals import HttpRefusal, bad_request, deadline_exceeded, unavailable

_POINTS_TO_LOOK_AT: Final = 1
"""Charged before the document is read, whatever it is."""
_CHARACTERS_PER_POINT: Final = 100
"""Reading a new document takes time before anything is known of it: long ones are paid for, refused or not."""


@dataclass(frozen=True, slots=True)
class OperationRequest:
    """What a client sent, its form already checked."""

    query: str | None
    operation_name: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    extensions: Mapping[str, Any] = field(default_factory=dict)
    document_id: Any = None

    @property
    def dry_run(self) -> bool:
        return self.extensions.get("dryRun") is True


@dataclass(frozen=True, slots=True)
class Started:
    """An operation that was charged and may run."""

    request: OperationRequest
    prepared: Prepared
    budget: Budget
    context: RequestContext


@dataclass(frozen=True, slots=True)
class Answer:
    """The response map. `executed` tells a request error (no data entry) from an answer."""

    body: dict[str, Any]
    executed: bool


class Operations:
    """One per process and schema."""

    def __init__(
        self,
        schema: strawberry.Schema,
        *,
        database: Database,
        clock: Clock,
        limits: Limits,
        persisted: PersistedDocuments,
        settings: ResolverSettings,
    ) -> None:
        self.schema = schema._schema
        self.limits = limits
        self._database = database
        self._clock = clock
        self._documents = Documents(self.schema, limits=limits.document)
        self._persisted = persisted
        self._settings = settings
        self._key_buckets: BucketTable[Any] = BucketTable(monotonic=monotonic)
        self._workspace_buckets: BucketTable[Any] = BucketTable(monotonic=monotonic)
        self._gate = WorkspaceGate(
            running=limits.workspace_operations,
            waiting=limits.workspace_waiting,
            wait_seconds=limits.operation_seconds / 2,
        )

    def budget_of(self, admission: Admission) -> Budget:
        """The account that the admission spends from; one point is taken at once."""
        limits = self.limits
        budget = Budget(
            key=self._key_buckets.of(
                admission.bucket, capacity=limits.key_points, per_second=limits.key_points_per_second
            ),
            workspace=self._workspace_buckets.of(
                admission.viewer.workspace_id,
                capacity=limits.workspace_points,
                per_second=limits.workspace_points_per_second,
            ),
            now=self._clock(),
        )
        budget.charge(_POINTS_TO_LOOK_AT)
        return budget

    def start(self, request: OperationRequest, admission: Admission, budget: Budget, request_id: str) -> Started:
        """Prepares and charges. Raises `DocumentRefused` or `HttpRefusal`; nothing has run then."""
        problem = variables_problem(request.variables, most_items=self.limits.document.list_items)
        if problem is not None:
            raise DocumentRefused([coded_error(problem)])
        try:
            digest = digest_in(request.extensions, request.document_id)
            text = self._persisted.resolve(admission.viewer.workspace_id, request.query, digest)
        except PersistedDocumentRefused as refused:
            if refused.code == "BAD_REQUEST":
                raise bad_request(str(refused)) from None
            raise DocumentRefused([refused.error]) from None
        if not self._documents.knows(text):
            budget.charge(len(text) // _CHARACTERS_PER_POINT)
        prepared = self._documents.prepare(text, operation_name=request.operation_name, variables=request.variables)
        self._persisted.learn(admission.viewer.workspace_id, text, digest)
        if not request.dry_run:
            budget.charge(prepared.cost)
        return Started(request, prepared, budget, self._context(admission.viewer, request_id))

    async def run(self, started: Started) -> Answer:
        """Executes a query or a mutation within its deadline and its workspace's places."""
        prepared, budget = started.prepared, started.budget
        if started.request.dry_run:
            return Answer(_dry_answer(prepared, budget), executed=True)
        seconds = self.limits.operation_seconds
        try:
            async with asyncio.timeout(seconds), self._gate.entered(started.context.viewer.workspace_id):
                result = await self._execute(started)
        except TimeoutError:
            raise deadline_exceeded(seconds) from None
        actual = min(prepared.cost, objects_in(result.data))
        budget.give_back(prepared.cost - actual)
        return self._answer(result, started, budget.account(requested=prepared.cost, actual=actual))

    async def stream(self, started: Started) -> AsyncGenerator[Answer, None]:
        """Executes a subscription. An error before the first event is one answer that was not executed."""
        prepared = started.prepared
        source = subscribe(
            self.schema,
            prepared.document,
            context_value=started.context,
            variable_values=dict(started.request.variables),
            operation_name=_name_of(prepared),
            executor_class=ColumnExecutor,
            plans=prepared.plans,
        )
        if inspect.isawaitable(source):
            source = await source
        if isinstance(source, ExecutionResult):
            refused = self._answer(source, started, None)
            yield Answer({"errors": refused.body["errors"]}, executed=False)
            return
        async with aclosing(cast(AsyncGenerator[ExecutionResult, None], source)) as results:
            async for result in results:
                yield self._answer(result, started, None)

    async def _execute(self, started: Started) -> ExecutionResult:
        prepared = started.prepared
        result = execute(
            self.schema,
            prepared.document,
            context_value=started.context,
            variable_values=dict(started.request.variables),
            operation_name=_name_of(prepared),
            executor_class=ColumnExecutor,
            plans=prepared.plans,
        )
        return result if isinstance(result, ExecutionResult) else await result

    def _answer(self, result: ExecutionResult, started: Started, cost: Mapping[str, Any] | None) -> Answer:
        """`data` is left out where nothing was executed (wrong variables), as the specification wants."""
        try:
            errors = masked_errors(result.errors or (), request_id=started.context.request_id)
        except DatabaseGone:
            raise unavailable() from None
        executed = result.data is not None or any(error.path for error in result.errors or ())
        body: dict[str, Any] = {"data": result.data} if executed else {}
        if errors:
            body["errors"] = errors
        if cost is not None:
            body["extensions"] = {"cost": cost}
        return Answer(body, executed)

    def _context(self, viewer: Viewer, request_id: str) -> RequestContext:
        return Context(
            viewer=viewer,
            database=self._database,
            loaders=Loaders(self._database, viewer.workspace_id),
            settings=self._settings,
            clock=self._clock,
            request_id=request_id,
        )


def refused_body(refused: DocumentRefused) -> dict[str, Any]:
    """The response map of a document that was not run."""
    return {"errors": [error.formatted for error in refused.errors]}


def refusal_errors(refusal: HttpRefusal, request_id: str) -> list[Any]:
    """The errors of a refusal, for transports without statuses."""
    errors: list[Any] = refusal.body(request_id)["errors"]
    return errors


def _dry_answer(prepared: Prepared, budget: Budget) -> dict[str, Any]:
    return {"data": None, "extensions": {"cost": budget.account(requested=prepared.cost, actual=0), "dryRun": True}}


def _name_of(prepared: Prepared) -> str | None:
    name = prepared.operation.name
    return name.value if name else None
