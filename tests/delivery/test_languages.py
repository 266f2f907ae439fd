"""Languages that nobody told are told behind ingest, whatever comes in which order, and nothing is invented."""

import asyncio
import random
import signal
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

import delivery.languages
import persistence.languages
from delivery.handlers import make_worker
from delivery.languages import LONGEST_WAIT_S, language_of
from delivery.worker import Worker
from persistence.columns.copies import Copies, CopyLimits
from persistence.engine import Database, connected
from persistence.jobs import JobState, count_jobs
from persistence.languages import DETECT_LANGUAGES, Place, Untold
from persistence.tenancy import Reader, lock_workspace, writing
from persistence.vault import Vault
from persistence.workspaces import create_workspace
from tests.build import NOON, a_bot_message, a_user_message, a_workspace, an_event
from tests.ingest.sending import send

TEXTS = {
    "en": ("Where is the parcel that I ordered last week?", "I would like to change my delivery address."),
    "de": ("Wo bleibt das Paket, das ich letzte Woche bestellt habe?", "Ich möchte meine Lieferadresse ändern."),
    "fr": ("Où est le colis que j'ai commandé la semaine dernière ?", "Je voudrais changer mon adresse de livraison."),
    "es": ("¿Dónde está el paquete que pedí la semana pasada?", "Quiero cambiar la dirección de entrega."),
    "zh": ("我上周订的包裹现在在哪里？请帮我查一下", "我想更改我的送货地址，请问应该怎么做？"),
}
ROOT = Path(__file__).resolve().parents[2]
NOTHING = ("ok", "12345", "https://example.org/a/long/address/in/english", "no", "ada@example.org", "hm")


@pytest.fixture
def worker(database: Database, tmp_path: Path) -> Worker:
    return make_worker(database, Vault(tmp_path / "master"), clock=lambda: NOON)


async def judge(database: Database, worker: Worker) -> None:
    async with connected(database) as connection:
        await connection.exec_driver_sql("update job set due_at = clock_timestamp() where state = 1")
    await worker.run_due()


async def languages(admin_url: str) -> dict[str, tuple[str | None, bool]]:
    connection: asyncpg.Connection[Any] = await asyncpg.connect(admin_url)
    rows = await connection.fetch(
        "select s.session_ref, l.text, s.language_detected from session s left join label l "
        "on l.workspace_id = s.workspace_id and l.dimension = 9 and l.code = s.language where s.merged_into is null"
    )
    await connection.close()
    return {row[0]: (row[1], row[2]) for row in rows}


@pytest.mark.parametrize("language", TEXTS)
def test_a_sentence_tells_its_language(language: str) -> None:
    assert [language_of([text]) for text in TEXTS[language]] == [language, language]


@pytest.mark.parametrize("text", NOTHING)
def test_too_little_tells_nothing(text: str) -> None:
    assert language_of([text]) is None


async def test_only_what_was_not_told_is_detected(
    database: Database, workspace_id: UUID, worker: Worker, admin_url: str
) -> None:
    german = TEXTS["de"][0]
    await send(
        database,
        workspace_id,
        [
            a_user_message(sessionId="silent", text=german),
            a_user_message(sessionId="message", text=german, language="nl"),
            a_user_message(sessionId="context", text=german, context={"language": "pt-BR"}),
            a_user_message(sessionId="short", text="ok"),
            a_bot_message(sessionId="bot", text=german),
            a_user_message(sessionId="mute", text=None),
        ],
    )
    await judge(database, worker)
    assert await languages(admin_url) == {
        "silent": ("de", True),
        "message": ("nl", False),
        "context": ("pt-BR", False),
        "short": (None, False),
        "bot": (None, False),
        "mute": (None, False),
    }


async def test_what_is_told_later_stands_before_what_was_detected(
    database: Database, workspace_id: UUID, worker: Worker, admin_url: str
) -> None:
    await send(database, workspace_id, [a_user_message(text=TEXTS["de"][0])])
    await judge(database, worker)
    await send(database, workspace_id, [a_user_message(text="Danke", language="de-AT", minutes=1)])
    assert await languages(admin_url) == {"s-1": ("de-AT", False)}
    await judge(database, worker)
    assert await languages(admin_url) == {"s-1": ("de-AT", False)}


async def test_an_earlier_message_that_comes_late_changes_what_is_detected(
    database: Database, workspace_id: UUID, worker: Worker, admin_url: str
) -> None:
    await send(database, workspace_id, [a_user_message(text=TEXTS["en"][0], minutes=5)])
    await judge(database, worker)
    await send(database, workspace_id, [a_user_message(text=" ".join(TEXTS["fr"]) * 20, minutes=1)])
    assert await languages(admin_url) == {"s-1": ("en", True)}  # stands until it is judged anew
    await judge(database, worker)
    assert await languages(admin_url) == {"s-1": ("fr", True)}


async def test_one_job_waits_however_many_batches_come(database: Database, workspace_id: UUID, worker: Worker) -> None:
    for minute in range(4):
        await send(database, workspace_id, [a_user_message(text=TEXTS["en"][0], minutes=minute)])
    assert (await count_jobs(database))[DETECT_LANGUAGES, JobState.WAITING] == 1
    await judge(database, worker)
    await send(database, workspace_id, [a_user_message(sessionId="told", language="en")])
    assert (DETECT_LANGUAGES, JobState.WAITING) not in await count_jobs(database)


async def another_workspace(database: Database) -> UUID:
    other = uuid4()
    async with writing(database, other) as writer:
        await create_workspace(writer, a_workspace())
    return other


async def test_a_flood_is_taken_in_first_but_not_for_ever(
    database: Database, workspace_id: UUID, worker: Worker, admin_url: str
) -> None:
    """A writer at work, of another workspace, stands for the flood; age is the database's own clock."""
    await send(database, workspace_id, [a_user_message(text=TEXTS["en"][0])])
    async with writing(database, await another_workspace(database)) as busy:
        await lock_workspace(busy)
        await judge(database, worker)
        assert await languages(admin_url) == {"s-1": (None, False)}
        assert (await count_jobs(database))[DETECT_LANGUAGES, JobState.WAITING] == 1
        async with connected(database) as connection:
            await connection.exec_driver_sql(
                f"update job set created_at = clock_timestamp() - interval '{LONGEST_WAIT_S} seconds' where state = 1"
            )
        await judge(database, worker)
        assert await languages(admin_url) == {"s-1": ("en", True)}


async def test_a_flood_that_begins_meanwhile_stops_it_between_two_portions(
    database: Database, workspace_id: UUID, worker: Worker, admin_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery.languages, "_AT_A_TIME", 2)
    events = [a_user_message(sessionId=f"s-{number}", text=TEXTS["fr"][0], minutes=number) for number in range(6)]
    await send(database, workspace_id, events)
    other, looks = await another_workspace(database), 0

    async with AsyncExitStack() as flood:

        async def read_untold(reader: Reader, places: Sequence[Place]) -> list[Untold]:
            nonlocal looks
            looks += 1
            if looks == 2:
                await lock_workspace(await flood.enter_async_context(writing(database, other)))
            return await persistence.languages.read_untold(reader, places)

        monkeypatch.setattr(delivery.languages, "read_untold", read_untold)
        await judge(database, worker)
        assert sum(detected for _, detected in (await languages(admin_url)).values()) == 4
    await judge(database, worker)
    assert await languages(admin_url) == {f"s-{number}": ("fr", True) for number in range(6)}


async def test_switched_off_nothing_is_detected_and_nothing_waits(
    database: Database, workspace_id: UUID, worker: Worker, admin_url: str, tmp_path: Path
) -> None:
    off = make_worker(database, Vault(tmp_path / "master"), clock=lambda: NOON, detect_languages=False)
    await send(database, workspace_id, [a_user_message(text=TEXTS["en"][0])])
    await judge(database, off)
    assert await languages(admin_url) == {"s-1": (None, False)}
    assert (await count_jobs(database))[DETECT_LANGUAGES, JobState.DONE] == 1
    await send(database, workspace_id, [a_user_message(sessionId="s-2", text=TEXTS["es"][0])])
    await judge(database, worker)
    assert await languages(admin_url) == {"s-1": ("en", True), "s-2": ("es", True)}


async def test_the_columnar_copy_follows(database: Database, workspace_id: UUID, worker: Worker) -> None:
    copies = Copies(database, CopyLimits(most_bytes=2**26, threads=1))
    try:
        await send(database, workspace_id, [a_user_message(text=TEXTS["en"][0])])
        assert set((await copies.differences(workspace_id)).values()) == {0}
        await judge(database, worker)
        assert set((await copies.differences(workspace_id)).values()) == {0}
    finally:
        await copies.close()


def a_history(dice: random.Random) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    for minute in range(40):
        at = {"sessionId": f"s-{dice.randrange(8)}", "minutes": minute}
        spoken = dice.choice((*TEXTS[dice.choice(tuple(TEXTS))], *NOTHING))
        told = dice.choice((None,) * 12 + ("it", "tr"))
        kind = dice.randrange(10)
        if kind < 7:
            events.append(a_user_message(text=spoken, language=told, **at))
        elif kind < 9:
            events.append(a_bot_message(text=spoken, **at))
        else:
            context = {"language": told} if told else {"country": "KE"}
            events.append(an_event("session_started", context=context, **at))
    return events


def expected(events: list[dict[str, Any]]) -> dict[str, tuple[str | None, bool]]:
    """From the raw events alone."""
    found: dict[str, tuple[str | None, bool]] = {}
    for name in sorted({event["sessionId"] for event in events}):
        ordered = sorted((e for e in events if e["sessionId"] == name), key=lambda event: event["occurredAt"])
        told = [e.get("language") or e.get("context", {}).get("language") for e in ordered if _may_tell(e)]
        known = next((tag for tag in told if tag), None)
        spoken = [event["text"] for event in ordered if event.get("role") == "USER"][:10]
        guess = None if known else language_of(spoken)
        found[name] = (known or guess, guess is not None)
    return found


def _may_tell(event: dict[str, Any]) -> bool:
    return event["type"] == "session_started" or event.get("role") == "USER"


@pytest.mark.parametrize("seed", range(6))
async def test_the_order_of_arrival_and_of_jobs_changes_nothing(
    seed: int, database: Database, workspace_id: UUID, worker: Worker, admin_url: str
) -> None:
    dice = random.Random(seed)
    events = a_history(dice)
    arriving = sorted(events, key=lambda _: dice.random()) if seed % 2 else list(events)
    while arriving:
        count = dice.randrange(1, 12)
        await send(database, workspace_id, arriving[:count])
        arriving = arriving[count:]
        if dice.random() < 0.5:
            await judge(database, worker)
    await judge(database, worker)
    assert await languages(admin_url) == expected(events)


async def test_judging_again_changes_nothing(
    database: Database, workspace_id: UUID, worker: Worker, admin_url: str
) -> None:
    """Also from the beginning, as after a log that was trimmed."""
    events = a_history(random.Random(11))
    await send(database, workspace_id, events)
    await judge(database, worker)
    connection: asyncpg.Connection[Any] = await asyncpg.connect(admin_url)
    await connection.execute("delete from change_reader; update job set state = 1, finished_at = null")
    before = await connection.fetchval("select count(*) from fact_change")
    await judge(database, worker)
    after = await connection.fetchval("select count(*) from fact_change")
    await connection.close()
    assert (after, await languages(admin_url)) == (before, expected(events))


async def test_a_worker_that_is_killed_is_taken_over(
    database: Database, workspace_id: UUID, worker: Worker, admin_url: str, app_url: str, tmp_path: Path
) -> None:
    """It dies after half of the sessions, before it could say how far it read."""
    events = [a_user_message(sessionId=f"s-{number}", text=TEXTS["en"][0], minutes=number) for number in range(6)]
    await send(database, workspace_id, events)
    async with connected(database) as connection:
        await connection.exec_driver_sql("update job set due_at = clock_timestamp()")
    command = (sys.executable, "-m", "tests.delivery.dying_detector", app_url, str(tmp_path / "master"))
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT)
    assert await process.wait() == -signal.SIGKILL
    halfway = await languages(admin_url)
    assert sum(detected for _, detected in halfway.values()) == 3
    async with connected(database) as connection:
        await connection.exec_driver_sql("update job set lease_until = clock_timestamp() - interval '1 second'")
    await worker.run_due()  # gives the dead worker's job back
    await judge(database, worker)
    assert await languages(admin_url) == {f"s-{number}": ("en", True) for number in range(6)}
