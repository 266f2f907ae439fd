"""The hand-written SQL of each migration, and how it is run."""

from importlib.resources import files

from alembic import op
from sqlalchemy.util import await_only


def run_scripts(revision: str) -> None:
    """All files of a revision in the order of their names, inside the migration's transaction."""
    folder = files(__name__).joinpath(revision)
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".sql"))
    bind = op.get_bind()
    bind.exec_driver_sql("set local lock_timeout = '10s'")  # also begins the transaction that the scripts run in
    driver = bind.connection.driver_connection
    if driver is None:
        raise RuntimeError("a migration needs an open connection")
    for name in names:
        await_only(driver.execute(folder.joinpath(name).read_text(encoding="utf-8")))
