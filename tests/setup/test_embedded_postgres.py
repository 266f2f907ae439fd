"""The supervisor of the embedded Postgres: starts, stops, deaths of either side, and who may use a folder."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from persistence.embedded import (
    EmbeddedFailure,
    attach_embedded,
    start_embedded,
    start_throwaway,
    use_embedded,
)
from tests.setup.processes import eventually, postgres_of

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGES = Path(asyncpg.__file__).parent.parent
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may change to another user")


@contextmanager
def holder(folder: Path, *, python: Path = Path(sys.executable), **identity: Any) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [str(python), "-m", "tests.setup.holder", str(folder)],
        **identity,
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPATH": f"{CHECKOUT}{os.pathsep}{PACKAGES}"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)
        assert process.stdout is not None
        process.stdout.close()


def said(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


async def ask(url: str, question: str) -> object:
    connection = await asyncpg.connect(url, timeout=5)
    try:
        return await connection.fetchval(question, timeout=5)
    finally:
        await connection.close()


async def test_roles_are_as_they_should_be() -> None:
    with start_throwaway() as postgres:
        rights = "select concat_ws(' ', rolname, rolsuper, rolbypassrls) from pg_roles where rolname = current_user"
        urls = (postgres.app_url, postgres.owner_url, postgres.backup_url)
        told = [await ask(url, rights) for url in urls]
        owner = await ask(postgres.app_url, "select datdba::regrole::text from pg_database where datname = 'parlance'")

    assert told == ["parlance_app f f", "parlance_owner f f", "parlance_backup f t"]
    assert owner == "parlance_owner"


async def test_listens_on_no_port_and_refuses_a_wrong_password() -> None:
    with start_throwaway() as postgres:
        assert await ask(postgres.app_url, "show listen_addresses") == ""
        wrong = postgres.app_url.replace("parlance_app:", "parlance_app:x")
        with pytest.raises(asyncpg.InvalidPasswordError):
            await ask(wrong, "select 1")


async def test_keeps_its_data_and_needs_no_process_after_stop(folder: Path) -> None:
    with start_embedded(folder, durable=False) as postgres:
        await ask(postgres.owner_url, "create table kept as select 42 as answer")
    assert postgres_of(folder) == []
    with start_embedded(folder, durable=False) as postgres:
        assert await ask(postgres.owner_url, "select answer from kept") == 42


async def test_postgres_ends_with_a_killed_server_and_the_next_one_takes_over(folder: Path) -> None:
    with holder(folder) as first:
        assert said(first).startswith("ready")
        first.kill()
        started = time.monotonic()
        with holder(folder) as second:
            url = said(second).removeprefix("ready ")
            assert time.monotonic() - started < 5
            assert await ask(url, "select 1") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent's death")
def test_no_postgres_outlives_a_killed_server(folder: Path) -> None:
    with holder(folder) as process:
        said(process)
        assert len(postgres_of(folder)) > 0
        process.kill()
        assert eventually(lambda: postgres_of(folder) == [])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_stop_leaves_no_process(folder: Path, number: signal.Signals) -> None:
    with holder(folder) as process:
        said(process)
        process.send_signal(number)
        assert process.wait(10) == 0
    assert postgres_of(folder) == []


async def test_a_killed_postgres_is_started_again(folder: Path) -> None:
    with start_embedded(folder, durable=False) as postgres:
        found = int((folder / "postgres" / "postmaster.pid").read_text().split()[0])
        os.kill(found, signal.SIGKILL)

        async def answers() -> bool:
            try:
                return await ask(postgres.app_url, "select 1") == 1
            except (OSError, asyncpg.PostgresError):
                return False

        deadline = time.monotonic() + 10
        while not await answers():
            assert time.monotonic() < deadline
            time.sleep(0.05)  # noqa: ASYNC251


def test_a_second_server_on_the_folder_is_refused(folder: Path) -> None:
    with holder(folder) as first:
        said(first)
        with holder(folder) as second:
            told = said(second)
    assert told.startswith("refused")
    assert f"in use by another Parlance (process {first.pid})" in told
    assert "PARLANCE_DATA" in told


async def test_a_command_joins_the_running_postgres_and_leaves_it_running(folder: Path) -> None:
    with holder(folder) as process:
        url = said(process).removeprefix("ready ")
        with use_embedded(folder) as joined:
            assert joined.app_url == url
        assert await ask(url, "select 1") == 1


def test_nothing_to_join_where_nothing_runs(folder: Path) -> None:
    assert attach_embedded(folder) is None


def test_a_pid_file_of_an_unrelated_process_is_no_hindrance(folder: Path) -> None:
    start_embedded(folder, durable=False).stop()
    (folder / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{folder}/postgres\n0\n5432\n{folder}\n\n\n")
    start_embedded(folder, durable=False).stop()


def test_a_setup_cut_short_is_repeated(folder: Path) -> None:
    unfinished = folder / "postgres.unfinished"
    with start_embedded(folder, durable=False):
        pass
    (folder / "postgres").rename(unfinished)
    (unfinished / "PG_VERSION").unlink()
    with start_embedded(folder, durable=False):
        assert not unfinished.exists()


def test_a_path_too_long_for_a_socket_works(folder: Path) -> None:
    deep = folder / ("long-" * 18)
    with start_embedded(deep, durable=False) as postgres:
        assert len(str(postgres.socket_folder)) < 90
    shutil.rmtree(postgres.socket_folder)


def test_data_of_another_major_version_is_refused_with_a_way_out(folder: Path) -> None:
    start_embedded(folder, durable=False).stop()
    (folder / "postgres" / "PG_VERSION").write_text("15\n")
    with pytest.raises(EmbeddedFailure, match="written by Postgres 15") as caught:
        start_embedded(folder, durable=False)
    assert "restore" in caught.value.remedy


def test_a_wrong_setting_of_the_operator_is_told(folder: Path) -> None:
    start_embedded(folder, durable=False).stop()
    (folder / "postgres" / "local.conf").write_text("no_such_setting = 1\n")
    (folder / "postgres" / "local.conf").chmod(0o644)
    with pytest.raises(EmbeddedFailure, match="no_such_setting") as caught:
        start_embedded(folder, durable=False)
    assert "local.conf" in caught.value.remedy


@as_root
def test_root_lends_postgres_another_user_and_opens_nothing_to_others(folder: Path) -> None:
    with start_embedded(folder, durable=False):
        owners = {process.uids().real for process in postgres_of(folder)}
        assert 0 not in owners
        assert (folder / "run").stat().st_mode & 0o077 == 0
        assert (folder / "postgres").stat().st_mode & 0o077 == 0


@as_root
def test_a_folder_below_a_closed_one_is_refused_and_stays_closed(folder: Path) -> None:
    folder.chmod(0o700)
    (folder / "held").touch()
    with pytest.raises(EmbeddedFailure, match="may not enter") as caught:
        start_embedded(folder / "inside", durable=False)
    assert "/var/lib/parlance" in caught.value.remedy
    assert folder.stat().st_mode & 0o777 == 0o700


@as_root
def test_a_plain_user_works_alike(folder: Path) -> None:
    python = _python_open_to_all()
    if python is None:
        pytest.skip("no Python here that a plain user may run")
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    with holder(folder, python=python, user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[]) as process:
        assert said(process).startswith("ready")
        assert {found.uids().real for found in postgres_of(folder)} == {nobody.pw_uid}
    assert eventually(lambda: postgres_of(folder) == [])


def _python_open_to_all() -> Path | None:
    """The one that runs this test may lie in root's own folder."""
    candidates = [Path(sys.executable).resolve(), *(Path(f"/usr/bin/python3.{minor}") for minor in (11, 12, 13, 14))]
    needed = [CHECKOUT, Path(asyncpg.__file__).parent]
    open_to_all = [path for path in candidates if path.exists() and _is_open(path)]
    return open_to_all[0] if open_to_all and all(map(_is_open, needed)) else None


def _is_open(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in (path.resolve(), *path.resolve().parents))
