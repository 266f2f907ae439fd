"""Each way of setting the database up wrongly must stop the server from starting."""

import time

import asyncpg
import pytest
from sqlalchemy import make_url

from persistence.catalogue import CatalogueRefused, check_catalogue, tenant_tables, text_columns
from persistence.engine import Database, open_database
from persistence.partitions import ensure_months
from tests.conftest import run_statements

MONTH = 2026 * 12 + 2


async def test_a_migrated_database_is_accepted(database: Database) -> None:
    await ensure_months(database, [MONTH])
    await check_catalogue(database)


@pytest.mark.parametrize(
    ("mutation", "complaint"),
    [
        pytest.param("alter table message disable row level security", "not enabled on message", id="rls-off"),
        pytest.param("alter table message no force row level security", "not forced on message", id="not-forced"),
        pytest.param("drop policy tenant on feedback", "feedback has no policy", id="no-policy"),
        pytest.param(
            "create policy wide on label for select using (true)", "policy wide on label lets in more", id="wide"
        ),
        pytest.param(
            "drop policy tenant on label; create policy tenant on label "
            "using (workspace_id = nullif(current_setting('app.workspace', true), '')::uuid or code = 1)",
            "policy tenant on label lets in more",
            id="loose-policy",
        ),
        pytest.param(
            "drop policy tenant on label; create policy tenant on label to parlance_app "
            "using (workspace_id = nullif(current_setting('app.workspace', true), '')::uuid) with check (true)",
            "policy tenant on label lets in more",
            id="open-check",
        ),
        pytest.param("create unique index odd on visitor (key)", "unique key odd on visitor", id="global-unique"),
        pytest.param(
            "create unique index odd on visitor (lower(key))", "unique key odd on visitor", id="expression-unique"
        ),
        pytest.param(
            "create unique index one on goal_definition (workspace_id, title); create table x (y int)",
            "table x is not known",
            id="unknown-table",
        ),
        pytest.param(
            "alter table chatbot add constraint bad_reference foreign key (chatbot_id, workspace_id) "
            "references chatbot (chatbot_id, workspace_id)",
            "foreign key bad_reference on chatbot",
            id="foreign-key-order",
        ),
        pytest.param("alter table label owner to parlance_app", "owns label", id="owner"),
        pytest.param("grant parlance_owner to parlance_app", "owns", id="can-become-owner"),
        pytest.param("grant select on message_y2026m03 to parlance_app", "rights on message_y2026m03", id="partition"),
        pytest.param(
            "grant select (text) on message_y2026m03 to public", "rights on message_y2026m03", id="partition-column"
        ),
        pytest.param(
            "create materialized view peek as select * from label; grant select on peek to parlance_app",
            "rights on peek",
            id="materialized-view",
        ),
        pytest.param("create view peek as select * from label", "view peek is not security_invoker", id="view"),
        pytest.param("grant truncate on message to parlance_app", "may truncate message", id="truncate"),
        pytest.param("grant update on audit_entry to parlance_app", "rows of audit_entry", id="audit-update"),
        pytest.param("grant update (detail) on audit_entry to public", "rows of audit_entry", id="audit-column"),
        pytest.param("alter table label add column note text", "label.note is not known", id="text-column"),
        pytest.param("alter table label add column notes varchar(9)[]", "label.notes is not known", id="text-array"),
        pytest.param("alter table label add column extra jsonb", "label.extra is not known", id="json-column"),
        pytest.param("drop table session_end", "session_end is missing", id="missing-table"),
        pytest.param(
            "create function peek() returns int language sql security definer as 'select 1'",
            "function peek runs with its owner's rights",
            id="definer-function",
        ),
        pytest.param("alter function ensure_month reset search_path", "open search_path", id="definer-search-path"),
    ],
)
async def test_a_mutation_refuses_the_start(
    database: Database, owner_url: str, admin_url: str, mutation: str, complaint: str
) -> None:
    await ensure_months(database, [MONTH])
    as_admin = "owner" in mutation
    await run_statements(admin_url if as_admin else owner_url, mutation)
    try:
        with pytest.raises(CatalogueRefused, match=complaint):
            await check_catalogue(database)
    finally:
        if mutation.startswith("grant parlance_owner"):  # roles outlive the database
            await run_statements(admin_url, "revoke parlance_owner from parlance_app")


async def test_a_superuser_is_refused(admin_url: str) -> None:
    database = open_database(admin_url, connect_timeout_s=10)
    try:
        with pytest.raises(CatalogueRefused, match="is a superuser"):
            await check_catalogue(database)
    finally:
        await database.close()


async def test_the_owner_is_refused(owner_url: str) -> None:
    database = open_database(owner_url, connect_timeout_s=10)
    try:
        with pytest.raises(CatalogueRefused, match="owns api_key"):
            await check_catalogue(database)
    finally:
        await database.close()


def test_every_text_column_is_classified() -> None:
    assert {kind for table in tenant_tables().values() for kind in text_columns(table).values()} == {
        "personal",
        "plain",
    }


async def test_an_unclassified_text_column_refuses_the_start(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tenant_tables()["lead"].c.company, "info", {})
    with pytest.raises(CatalogueRefused, match="whether the text column lead.company is personal or plain"):
        await check_catalogue(database)


@pytest.mark.slow
async def test_seven_years_of_partitions_are_checked_in_time(database: Database, admin_url: str) -> None:
    connection = await asyncpg.connect(admin_url)
    await connection.execute(
        "do $$ begin for m in 2020 * 12 .. 2026 * 12 loop perform ensure_month(m); end loop; end $$"
    )
    await connection.close()
    await check_catalogue(database)
    took = []
    for _ in range(3):
        started = time.perf_counter()
        await check_catalogue(database)
        took.append(time.perf_counter() - started)
    assert min(took) < 0.5  # 20 to 60 ms; the limit leaves room for a busy machine


async def test_a_login_of_another_name_may_stand_in_for_the_app_role(app_url: str, admin_url: str) -> None:
    name = f"clerk_{make_url(app_url).database}"
    await run_statements(admin_url, f"create role {name} login password 'x' in role parlance_app")
    login = make_url(app_url).set(username=name, password="x").render_as_string(hide_password=False)
    database = open_database(login, connect_timeout_s=10)
    try:
        await check_catalogue(database)
        await ensure_months(database, [MONTH])
    finally:
        await database.close()
        await run_statements(admin_url, f"drop role {name}")
