"""Runs inside `persistence.migrate`, which hands over a connection; each migration is one transaction."""

from alembic import context
from sqlalchemy import Connection

from persistence.tables import Row


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Row.metadata,
        transactional_ddl=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
