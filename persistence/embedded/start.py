"""Ways to an embedded Postgres: start one on a data folder, attach to the one that runs there, or try one."""

import shutil
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from persistence.embedded.account import choose_account
from persistence.embedded.binaries import reachable_binaries
from persistence.embedded.cluster import ADMIN, APP, BACKUP, DATABASE, OWNER, Cluster, read_passwords
from persistence.embedded.failure import EmbeddedFailure
from persistence.embedded.folder import CLUSTER_NAME, lock_data_folder, prepare_data_folder, socket_folder
from persistence.embedded.process import end_left_over, is_postgres_of, read_pid_file
from persistence.embedded.supervisor import Supervisor

START_DEADLINE_SECONDS = 120.0
ATTACH_DEADLINE_SECONDS = 30.0
_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class EmbeddedPostgres:
    """A running Postgres. `stop` ends it if this process started it, and leaves it alone if another one did.

    The URLs are as libpq and asyncpg take them; SQLAlchemy wants `postgresql+asyncpg` in front.
    """

    data_folder: Path
    socket_folder: Path
    supervisor: Supervisor | None = None
    fleeting: bool = False
    passwords: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def owner_url(self) -> str:
        return self.url(OWNER)

    @property
    def app_url(self) -> str:
        return self.url(APP)

    @property
    def backup_url(self) -> str:
        return self.url(BACKUP)

    @property
    def admin_url(self) -> str:
        """The superuser, for tests and repairs; the server never connects with it."""
        return self.url(ADMIN)

    def url(self, role: str, database: str = DATABASE) -> str:
        password = quote(self.passwords[role], safe="")
        return f"postgresql://{role}:{password}@/{database}?host={quote(str(self.socket_folder))}&port=5432"

    def stop(self) -> None:
        if self.supervisor is not None:
            self.supervisor.stop()
        if self.fleeting:
            shutil.rmtree(self.data_folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start_embedded(
    data_folder: Path, *, durable: bool = True, deadline_seconds: float = START_DEADLINE_SECONDS
) -> EmbeddedPostgres:
    """Blocks until Postgres answers. Raises EmbeddedFailure, which names a remedy."""
    data_folder = data_folder.absolute()
    account = choose_account(data_folder)
    prepare_data_folder(data_folder, account)
    data_folder = data_folder.resolve()
    lock = lock_data_folder(data_folder, account)
    try:
        binaries = reachable_binaries(account, data_folder)
        cluster = Cluster(data_folder / CLUSTER_NAME, account, binaries, durable)
        end_left_over(cluster.folder)
        cluster.make_if_absent()
        sockets = socket_folder(data_folder, account)
        cluster.configure(sockets)
        supervisor = Supervisor(cluster, lock, data_folder / "postgres.log")
        passwords = read_passwords(cluster.folder)
    except BaseException:
        lock.release()
        raise
    supervisor.start(deadline_seconds)
    return EmbeddedPostgres(data_folder, sockets, supervisor, passwords=passwords)


def attach_embedded(data_folder: Path) -> EmbeddedPostgres | None:
    """The Postgres that another process runs on this data folder, if it answers."""
    data_folder = data_folder.resolve()
    cluster = data_folder / CLUSTER_NAME
    try:
        found = read_pid_file(cluster)
    except PermissionError:
        raise EmbeddedFailure(
            f"this user may not look into {cluster}", "run the command as the user who runs the server"
        ) from None
    if found is None or not found.ready or found.socket_folder is None:
        return None
    if not is_postgres_of(cluster, found.process):
        return None
    return EmbeddedPostgres(data_folder, found.socket_folder, passwords=read_passwords(cluster))


def use_embedded(data_folder: Path) -> EmbeddedPostgres:
    """For commands beside a server: attach to its Postgres, or start one for the length of the command."""
    deadline = time.monotonic() + ATTACH_DEADLINE_SECONDS
    while True:
        running = attach_embedded(data_folder)
        if running is not None:
            return running
        try:
            return start_embedded(data_folder)
        except EmbeddedFailure as failure:
            # A server that is just starting holds the folder, but does not answer yet.
            if not failure.in_use or time.monotonic() > deadline:
                raise
        time.sleep(_POLL_SECONDS)


def start_throwaway() -> EmbeddedPostgres:
    """For tests and trials: a folder of its own, nothing forced to disk, all gone at `stop`."""
    folder = Path(tempfile.mkdtemp(prefix="parlance-"))
    try:
        started = start_embedded(folder, durable=False)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return replace(started, fleeting=True)
