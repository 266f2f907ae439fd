"""The database cluster on disk: made once (initdb, roles, database), configured anew at every start."""

import json
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from persistence.embedded.account import Account, give, named_account
from persistence.embedded.binaries import MAJOR_VERSION, Binaries
from persistence.embedded.failure import EmbeddedFailure
from persistence.embedded.launcher import run_to_end

DATABASE = "parlance"
ADMIN, OWNER, APP, BACKUP = "parlance_admin", "parlance_owner", "parlance_app", "parlance_backup"
_PASSWORDS_FILE = "parlance-passwords.json"
_DEADLINE_SECONDS = 120.0

_SETTINGS = """\
# Written anew at every start. Settings of your own belong in local.conf beside this file: it is read last.
listen_addresses = ''
port = 5432
max_connections = 300
superuser_reserved_connections = 3
shared_buffers = 256MB
work_mem = 16MB
maintenance_work_mem = 128MB
huge_pages = off
max_wal_size = 4GB
min_wal_size = 256MB
checkpoint_timeout = 15min
# This build compresses by pglz only, which costs more time than the bytes it saves.
wal_compression = off
jit = off
random_page_cost = 1.1
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] '
log_min_messages = warning
log_checkpoints = off
# Statements and row values may hold what visitors wrote: neither belongs in a log.
log_min_error_statement = panic
log_error_verbosity = terse
# The passwords are 256 random bits: stretching them would only slow down every connection.
scram_iterations = 1
unix_socket_permissions = 0777
"""
_DURABLE = "fsync = on\nsynchronous_commit = on\nfull_page_writes = on\n"
_FLEETING = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nmin_wal_size = 80MB\n"
# Whoever may enter the socket's folder still needs the password of a role.
_ACCESS = "local all all scram-sha-256\n"


@dataclass(frozen=True)
class Cluster:
    folder: Path
    account: Account
    binaries: Binaries
    durable: bool = True

    def make_if_absent(self) -> bool:
        if not (self.folder / "PG_VERSION").exists():
            self._make()
            return True
        self._check_version()
        return False

    def configure(self, socket_folder: Path) -> None:
        place = f"unix_socket_directories = '{socket_folder}'\n"
        durability = _DURABLE if self.durable else _FLEETING
        _write(self.folder / "parlance.conf", _SETTINGS + durability + place, self.account)
        inclusion = "include 'parlance.conf'\ninclude_if_exists 'local.conf'\n"
        _write(self.folder / "postgresql.conf", inclusion, self.account)
        _write(self.folder / "pg_hba.conf", _ACCESS, self.account)

    def _check_version(self) -> None:
        found = (self.folder / "PG_VERSION").read_text().strip()
        if found != str(MAJOR_VERSION):
            raise EmbeddedFailure(
                f"{self.folder} was written by Postgres {found}, and this is Postgres {MAJOR_VERSION}",
                "carry it over with `backup` under the Parlance that wrote it and `restore` under this one",
            )

    def _make(self) -> None:
        """In a folder beside, renamed when complete: a kill half-way leaves nothing that looks usable."""
        unfinished = self.folder.with_name(f"{self.folder.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        maker = self.account if self.account.has_name or not self.account.switches else named_account()
        give(maker, unfinished)
        passwords = {role: secrets.token_urlsafe(32) for role in (ADMIN, OWNER, APP, BACKUP)}
        self._initialise(unfinished, maker)
        self._create_roles(unfinished, maker, passwords)
        _write(unfinished / _PASSWORDS_FILE, json.dumps(passwords, indent=1), maker)
        give(self.account, unfinished)
        unfinished.rename(self.folder)

    def _initialise(self, folder: Path, maker: Account) -> None:
        command: list[str | Path] = [
            *(self.binaries.program("initdb"), "-D", folder, "-U", ADMIN, "--encoding=UTF8", "--locale=C"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--auth=peer", "--no-instructions"),
            *([] if self.durable else ["--no-sync"]),
        ]
        code, printed = run_to_end(maker, command, folder=folder, deadline_seconds=_DEADLINE_SECONDS)
        if code != 0:
            raise EmbeddedFailure(
                f"Postgres could not set up {folder}: {printed.strip()[-1500:]}", _remedy(printed)
            )

    def _create_roles(self, folder: Path, maker: Account, passwords: Mapping[str, str]) -> None:
        """By a single-user Postgres: nothing listens before every role has its password."""
        command: list[str | Path] = [
            *(self.binaries.program("postgres"), "--single", "-D", folder, "-c", "scram_iterations=1"),
            *("-c", f"fsync={'on' if self.durable else 'off'}", "postgres"),
        ]
        typed = _first_statements(passwords)
        code, printed = run_to_end(
            maker, command, folder=folder, typed=typed, deadline_seconds=_DEADLINE_SECONDS
        )
        if code != 0 or "ERROR:" in printed or "FATAL:" in printed:
            raise EmbeddedFailure(
                f"Postgres could not create its roles: {printed.strip()[-1500:]}",
                f"remove {folder} and start again; if it happens again, please report it with this text",
            )


def read_passwords(folder: Path) -> dict[str, str]:
    path = folder / _PASSWORDS_FILE
    try:
        passwords = json.loads(path.read_text())
    except PermissionError:
        raise EmbeddedFailure(
            f"this user may not read {path}", "run the command as the user who runs the server"
        ) from None
    except (OSError, ValueError) as error:
        raise EmbeddedFailure(
            f"the passwords of the embedded Postgres cannot be read: {error}", f"restore {path} from a backup"
        ) from None
    return {str(role): str(password) for role, password in passwords.items()}


def _first_statements(passwords: Mapping[str, str]) -> str:
    """One statement a line, as a single-user Postgres wants it. The passwords hold no quote."""
    statements = [
        f"ALTER ROLE {ADMIN} PASSWORD '{passwords[ADMIN]}'",
        f"CREATE ROLE {OWNER} LOGIN PASSWORD '{passwords[OWNER]}'",
        f"CREATE ROLE {APP} LOGIN PASSWORD '{passwords[APP]}'",
        f"CREATE ROLE {BACKUP} LOGIN BYPASSRLS PASSWORD '{passwords[BACKUP]}'",
        f"CREATE DATABASE {DATABASE} OWNER {OWNER}",
        f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {DATABASE} TO {APP}, {BACKUP}",
        # Bulk goes through temporary tables: COPY into a table under Row-Level Security is refused.
        f"GRANT TEMPORARY ON DATABASE {DATABASE} TO {APP}",
    ]
    return "".join(f"{statement};\n" for statement in statements)


def _remedy(printed: str) -> str:
    if "could not look up effective user ID" in printed:
        return "run as a user that has a name on this system, or set DATABASE_URL to a Postgres of your own"
    if "No space left" in printed:
        return "free some disk space (200 MB are enough to start), or set PARLANCE_DATA to a larger disk"
    if "Permission denied" in printed:
        return "set PARLANCE_DATA to a folder that this user may write to and run programs from"
    return "set PARLANCE_DATA to another folder, or DATABASE_URL to a Postgres of your own"


def _write(path: Path, text: str, account: Account) -> None:
    path.write_text(text)
    path.chmod(0o600)
    give(account, path)
