"""The composition: settings and a database become one ASGI application."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any, Final
from uuid import UUID

import orjson
import strawberry
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from delivery.handlers import BEHIND_INGEST
from domain.accounts import DEMO_WORKSPACE_ID
from persistence.columns.copies import Copies, CopyLimits
from persistence.engine import Database, DatabaseUnavailable, open_database
from persistence.jobs import count_jobs, seconds_behind
from persistence.results import Results
from persistence.vault import Vault
from resolvers.request import ResolverSettings
from resolvers.roots import build_schema
from schema.context import Clock
from schema.persisted import PersistedDocuments, manifest_documents
from server.auth import Keyring
from server.background import job_background
from server.cors import Cors
from server.database import DatabaseUrls
from server.enrichment import Enrichment
from server.graphql import GraphQLEndpoint
from server.health import health_routes
from server.ingest import IngestEndpoint
from server.lifespan import Background, Readiness, lifespan_of
from server.limits import Limits, RequestRates
from server.logs import RequestLog, configure_logs, request_id_of
from server.measures import Measures
from server.operations import Operations
from server.pages import page_routes
from server.recording import Recorder
from server.refusals import HttpRefusal, unavailable
from server.secret import installation_secret
from server.settings import Settings
from server.sockets import OpenConnections, serve_socket
from subscriptions.transport import TransportSettings

INGEST_PATH: Final = "/v1/events"


@dataclass(frozen=True)
class Deployment:
    """What the parts of one application share; endpoints find it as `request.app.state.deployment`."""

    database: Database
    clock: Clock
    limits: Limits
    keyring: Keyring
    measures: Measures
    request_rates: RequestRates
    operations: Operations
    sockets: OpenConnections
    token_secret: bytes = field(repr=False)


def create_app(settings: Settings, urls: DatabaseUrls) -> Starlette:
    """The application as `serve` runs it."""
    configure_logs(level=settings.log_level, as_json=settings.logs_as_json)
    database = open_database(urls.app, pool_size=settings.pool_size, statement_timeout_ms=settings.statement_timeout_ms)
    copies = _copies(settings, database)
    database = replace(database, columnar=copies, results=_results(settings))
    return build_app(
        database,
        schema=build_schema(),
        clock=now,
        token_secret=installation_secret(settings.key_file, "browser tokens"),
        limits=_limits(settings),
        recorder=Recorder(database, clock=now, enrichment=Enrichment(settings.geoip_database)),
        country_header=settings.country_header,
        origins=settings.cors_origins,
        trusted_documents=read_manifest(settings.trusted_documents) if settings.trusted_documents else None,
        pages=settings.web_folder,
        background=_background(settings, database),
        copies=copies,
        plain_key_workspace=DEMO_WORKSPACE_ID if settings.demo else None,
    )


def _copies(settings: Settings, database: Database) -> Copies | None:
    if not settings.columns:
        return None
    most_bytes = settings.columns_megabytes * 1024 * 1024
    return Copies(database, CopyLimits(most_bytes=most_bytes, threads=settings.columns_threads))


def _results(settings: Settings) -> Results | None:
    return Results(settings.results_megabytes * 1024 * 1024) if settings.results_megabytes else None


def _limits(settings: Settings) -> Limits:
    return Limits(
        graphql_body_bytes=settings.graphql_body_limit_bytes,
        operation_seconds=settings.operation_timeout_ms / 1_000,
        ingest_body_bytes=settings.ingest_body_limit_bytes,
        key_points=10 * settings.key_points_per_second,
        key_points_per_second=settings.key_points_per_second,
        workspace_points=10 * settings.workspace_points_per_second,
        workspace_points_per_second=settings.workspace_points_per_second,
    )


def _background(settings: Settings, database: Database) -> tuple[Background, ...]:
    if not settings.worker_embedded:
        return ()
    vault = Vault(settings.key_file)
    return (job_background(database, vault, clock=now, detect_languages=settings.detect_languages),)


def now() -> datetime:
    """The clock of the server; everything else is handed it."""
    return datetime.now(UTC)


def build_app(
    database: Database,
    *,
    schema: strawberry.Schema,
    clock: Clock,
    token_secret: bytes,
    limits: Limits | None = None,
    origins: tuple[str, ...] = (),
    pages: Path | None = None,
    trusted_documents: Mapping[str, str] | None = None,
    recorder: Recorder | None = None,
    country_header: str = "",
    routes: tuple[BaseRoute, ...] = (),
    background: tuple[Background, ...] = (),
    transport: TransportSettings | None = None,
    plain_key_workspace: UUID | None = None,
    copies: Copies | None = None,
) -> Starlette:
    """The application over its parts; tests give it a schema or limits of their own."""
    recorder = recorder or Recorder(database, clock=clock)
    deployment = _deployment(
        database, schema, clock, token_secret, limits or Limits(), trusted_documents, recorder, plain_key_workspace
    )
    readiness = Readiness(database)
    app = Starlette(
        routes=[
            *_graphql_routes(deployment, frozenset(origins), transport or TransportSettings()),
            Route(
                INGEST_PATH,
                IngestEndpoint(
                    recorder, most_bytes=deployment.limits.ingest_body_bytes, country_header=country_header
                ).handle,
                methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            ),
            *health_routes(checks=readiness.checks(), measures=deployment.measures, refresh=_job_figures(deployment)),
            *routes,
            *(page_routes(pages) if pages else ()),
        ],
        middleware=[
            Middleware(RequestLog, measures=deployment.measures),
            Middleware(Cors, origins=origins, open_paths=frozenset({INGEST_PATH})),
        ],
        exception_handlers={HttpRefusal: _refused, DatabaseUnavailable: _gone},
        lifespan=lifespan_of(
            database=database,
            keyring=deployment.keyring,
            sockets=deployment.sockets,
            readiness=readiness,
            background=background,
            at_end=_ending(recorder, copies),
        ),
    )
    if copies is not None:
        _watch_copies(deployment.measures, copies)
    if database.results is not None:
        _watch_results(deployment.measures, database.results)
    app.state.deployment = deployment
    return app


def _ending(recorder: Recorder, copies: Copies | None) -> Callable[[], Awaitable[None]]:
    async def end() -> None:
        await recorder.close()
        if copies is not None:
            await copies.close()

    return end


def _watch_copies(measures: Measures, copies: Copies) -> None:
    measures.watch("columns_bytes", "Memory of the columnar copies.", copies.size_in_bytes)
    measures.watch("columns_answered", "Questions that a columnar copy answered.", lambda: copies.answered)


def _watch_results(measures: Measures, results: Results) -> None:
    measures.watch("results_bytes", "Memory of answers kept for their second.", lambda: results.size_in_bytes)
    measures.watch("results_found", "Questions answered by an answer that was kept.", lambda: results.found)
    measures.watch("results_missed", "Questions that had to be computed.", lambda: results.missed)


def farewell_of(app: Starlette) -> Callable[[], Awaitable[None]]:
    """Closes open sockets with 1001 and ends event streams; called before the server stops listening."""
    deployment: Deployment = app.state.deployment
    return deployment.sockets.close_all


def read_manifest(file: Path) -> dict[str, str]:
    """Trusted documents by hash, from a JSON file."""
    return manifest_documents(orjson.loads(file.read_bytes()))


def _deployment(
    database: Database,
    schema: strawberry.Schema,
    clock: Clock,
    token_secret: bytes,
    limits: Limits,
    trusted_documents: Mapping[str, str] | None,
    recorder: Recorder,
    plain_key_workspace: UUID | None,
) -> Deployment:
    measures = Measures()
    sockets = OpenConnections(most_per_workspace=limits.sockets_per_workspace)
    database.wait_observers.append(measures.pool_wait_seconds.observe)
    measures.watch("open_sockets", "Open WebSocket connections.", lambda: len(sockets))
    measures.watch("ingest_waiting_events", "Events that wait to be stored.", lambda: recorder.intake.waiting_events)
    measures.watch("pool_busy", "Database connections in use.", database.engine.pool.checkedout)  # type: ignore[attr-defined]
    return Deployment(
        database=database,
        clock=clock,
        limits=limits,
        keyring=Keyring(database, clock=clock, token_secret=token_secret, plain_key_workspace=plain_key_workspace),
        measures=measures,
        request_rates=RequestRates(monotonic=monotonic, public_per_minute=limits.public_key_requests_per_minute),
        operations=Operations(
            schema,
            database=database,
            clock=clock,
            limits=limits,
            persisted=PersistedDocuments(trusted=trusted_documents),
            settings=ResolverSettings(token_secret=token_secret, recorder=recorder),
        ),
        sockets=sockets,
        token_secret=token_secret,
    )


def _job_figures(deployment: Deployment) -> Callable[[], Awaitable[None]]:
    async def refresh() -> None:
        counts = await count_jobs(deployment.database)
        deployment.measures.jobs({(kind, state.name): count for (kind, state), count in counts.items()})
        behind = await seconds_behind(deployment.database)
        deployment.measures.behind_ingest(dict.fromkeys(BEHIND_INGEST, 0.0) | behind)

    return refresh


def _graphql_routes(deployment: Deployment, origins: frozenset[str], transport: TransportSettings) -> list[BaseRoute]:
    endpoint = GraphQLEndpoint(keyring=deployment.keyring, operations=deployment.operations, sockets=deployment.sockets)

    async def socket(websocket: WebSocket) -> None:
        await serve_socket(
            websocket,
            keyring=deployment.keyring,
            operations=deployment.operations,
            sockets=deployment.sockets,
            allowed_origins=origins,
            settings=transport,
            request_id=request_id_of(websocket.scope),
        )

    return [Route("/graphql", endpoint), WebSocketRoute("/graphql", socket)]


def _refused(request: Request, error: Exception) -> Response:
    refusal: Any = error
    response: Response = refusal.response(request_id_of(request.scope))
    return response


def _gone(request: Request, error: Exception) -> Response:
    return unavailable().response(request_id_of(request.scope))
