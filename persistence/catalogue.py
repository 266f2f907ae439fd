"""Is the database provably set up so that tenants cannot meet? Asked at every start; any doubt refuses it (P6).

Row-Level Security protects nobody when the role owns the tables, when it is not forced, or when a partition can be
read by its own name: each of these is looked up in the system catalogue, never assumed.
"""

from collections.abc import Iterable

from sqlalchemy import ARRAY, JSON, RowMapping, String, Table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.catalogue_queries import COLUMNS, FOREIGN_KEYS, FUNCTIONS, KEYS, POLICIES, RELATIONS, ROLES
from persistence.engine import Database, connected
from persistence.tables import Row

_POLICY = "(workspace_id = (NULLIF(current_setting('app.workspace'::text, true), ''::text))::uuid)"
_NOT_OURS = frozenset({"alembic_version"})
_DEFINER_FUNCTIONS = frozenset({"ensure_month", "refresh_statistics"})
_APPEND_ONLY = frozenset({"audit_entry"})
_MOST_TOLD = 20


class CatalogueRefused(Exception):
    """Names everything that is wrong, so that an operator can mend it at once."""

    def __init__(self, problems: list[str]) -> None:
        shown = problems[:_MOST_TOLD]
        more = f" (and {len(problems) - len(shown)} more)" if len(problems) > len(shown) else ""
        super().__init__("the database does not keep workspaces apart: " + "; ".join(shown) + more)
        self.problems = tuple(problems)


async def check_catalogue(database: Database) -> None:
    """Raises CatalogueRefused unless every promise holds for the role of this very connection."""
    async with connected(database) as connection:
        problems = [
            *_role_problems(await _rows(connection, ROLES)),
            *_relation_problems(await _rows(connection, RELATIONS)),
            *_policy_problems(await _rows(connection, POLICIES)),
            *_key_problems(await _rows(connection, KEYS)),
            *_foreign_key_problems(await _rows(connection, FOREIGN_KEYS)),
            *_column_problems(await _rows(connection, COLUMNS)),
            *_function_problems(await _rows(connection, FUNCTIONS)),
        ]
    if problems:
        raise CatalogueRefused(problems)


def tenant_tables() -> dict[str, Table]:
    """Tables that hold a workspace's data, by name."""
    return {name: table for name, table in Row.metadata.tables.items() if table.info.get("holds") == "tenant"}


def shared_tables() -> frozenset[str]:
    """Tables without Row-Level Security: surrogate ids and ciphertext only."""
    return frozenset(name for name, table in Row.metadata.tables.items() if table.info.get("holds") == "shared")


def text_columns(table: Table) -> dict[str, str | None]:
    """Each column that can hold words, and how it is classified: "personal", "plain" or not at all."""
    return {column.name: column.info.get("text") for column in table.columns if _holds_words(column.type)}


async def _rows(connection: AsyncConnection, query: str) -> list[RowMapping]:
    return list((await connection.execute(text(query))).mappings())


def _role_problems(roles: Iterable[RowMapping]) -> Iterable[str]:
    for role in roles:
        for attribute, words in (("rolsuper", "is a superuser"), ("rolbypassrls", "may bypass row security")):
            if role[attribute]:
                yield f"the role {role['rolname']}, which the server is or can become, {words}"


def _relation_problems(relations: Iterable[RowMapping]) -> Iterable[str]:
    present = {relation["relname"]: relation for relation in relations}
    for missing in sorted(Row.metadata.tables.keys() - present.keys()):
        yield f"the table {missing} is missing"
    for name, relation in present.items():
        yield from _ownership_problems(name, relation)
        if relation["relkind"] == "m" or relation["relispartition"]:
            if relation["granted"]:
                yield f"the server's role has rights on {name}, where no policy of the parent applies"
        elif relation["relkind"] == "v":
            if not relation["security_invoker"]:
                yield f"the view {name} is not security_invoker"
        elif name in tenant_tables():
            yield from _table_problems(name, relation)
        elif name not in shared_tables() | _NOT_OURS:
            yield f"the table {name} is not known, so nobody has said whose data it holds"


def _ownership_problems(name: str, relation: RowMapping) -> Iterable[str]:
    if relation["owned"]:
        yield f"the server's role owns {name}, or can become its owner"


def _table_problems(name: str, relation: RowMapping) -> Iterable[str]:
    if not relation["relrowsecurity"]:
        yield f"row security is not enabled on {name}"
    if not relation["relforcerowsecurity"]:
        yield f"row security is not forced on {name}"
    if relation["may_truncate"]:
        yield f"the server's role may truncate {name}, which no policy stops"
    if name in _APPEND_ONLY and relation["may_change"]:
        yield f"the server's role may change or delete rows of {name}"


def _policy_problems(policies: Iterable[RowMapping]) -> Iterable[str]:
    right: set[str] = set()
    for policy in policies:
        name = policy["relname"]
        if policy["using"] == _POLICY and policy["checked"] == _POLICY and policy["for_all"]:
            right.add(name)
        elif policy["polpermissive"]:
            yield f"the policy {policy['polname']} on {name} lets in more than the workspace's own rows"
    for name in sorted(tenant_tables().keys() - right):
        yield f"the table {name} has no policy that admits its workspace's own rows only"


def _key_problems(keys: Iterable[RowMapping]) -> Iterable[str]:
    tenants = tenant_tables()
    for key in keys:
        if key["relname"] in tenants and key["first_column"] != "workspace_id":
            yield f"the unique key {key['name']} on {key['relname']} does not begin with workspace_id"


def _foreign_key_problems(keys: Iterable[RowMapping]) -> Iterable[str]:
    for key in keys:
        if (key["first_column"], key["first_target"]) != ("workspace_id", "workspace_id"):
            yield f"the foreign key {key['name']} on {key['relname']} does not begin with workspace_id"


def _column_problems(columns: Iterable[RowMapping]) -> Iterable[str]:
    known = {name: text_columns(table) for name, table in Row.metadata.tables.items()}
    for name, classified in known.items():
        for words, kind in classified.items():
            if kind not in ("personal", "plain"):
                yield f"nobody has said whether the text column {name}.{words} is personal or plain"
    for column in columns:
        if column["relname"] in known and column["attname"] not in Row.metadata.tables[column["relname"]].columns:
            yield f"the text column {column['relname']}.{column['attname']} is not known, so it is not classified"


def _function_problems(functions: Iterable[RowMapping]) -> Iterable[str]:
    for function in functions:
        if function["proname"] not in _DEFINER_FUNCTIONS:
            yield f"the function {function['proname']} runs with its owner's rights"
        elif not function["pinned"]:
            yield f"the function {function['proname']} runs with its owner's rights and an open search_path"


def _holds_words(kind: object) -> bool:
    if isinstance(kind, ARRAY):
        return _holds_words(kind.item_type)
    return isinstance(kind, (String, JSON))
