"""Servers that the flows share: one that holds the STAR conversations, one that is empty."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import make_url

from tests.conftest import TestCluster
from tests.flows.asking import make_chatbots
from tests.flows.serving_process import Installation, service_over
from tests.flows.star_recount import FILE_NAME, Talk, find_star, read_talks
from tests.flows.visits import Probe, Visit, draw_probes, draw_visits, tell_probes, tell_visits


@dataclass
class StarInstallation(Installation):
    first_import: subprocess.CompletedProcess[str]
    second_import: subprocess.CompletedProcess[str]


@pytest.fixture(scope="session")
def star_file() -> Path:
    path = find_star()
    if path is None:
        pytest.skip(f"{FILE_NAME} is not here: set PARLANCE_DATASETS to the folder that holds it")
    return path


@pytest.fixture(scope="session")
def talks(star_file: Path) -> tuple[Talk, ...]:
    return read_talks(star_file)


@pytest.fixture(scope="session")
def star(cluster: TestCluster, star_file: Path) -> Iterator[StarInstallation]:
    """STAR, imported twice over HTTP into a running server."""
    with clone(cluster, "flows_star") as url, service_over(url) as service:
        arguments = ("import", str(star_file), "--url", service.url, "--key", service.key)
        first, second = service.run(*arguments), service.run(*arguments)
        yield StarInstallation(**vars(service), first_import=first, second_import=second)


@pytest.fixture(scope="session")
def visits() -> list[Visit]:
    return draw_visits(seed=7, size=300)


@pytest.fixture(scope="session")
def probes() -> list[Probe]:
    return draw_probes(seed=8, size=200)


@pytest.fixture(scope="session")
def visited(cluster: TestCluster, visits: list[Visit], probes: list[Probe]) -> Iterator[Installation]:
    """A random year of visits to three chatbots with different plans."""
    with clone(cluster, "flows_visits") as url, service_over(url) as service:
        make_chatbots(service)
        events = [*tell_visits(visits), *tell_probes(probes)]
        for start in range(0, len(events), 500):
            results = service.send(events[start : start + 500])["results"]
            assert [result for result in results if result["status"] != "accepted"][:2] == []
        yield service


@pytest.fixture(scope="module")
def service(cluster: TestCluster, request: pytest.FixtureRequest) -> Iterator[Installation]:
    """An empty workspace for one module."""
    with clone(cluster, f"flows_{request.module.__name__.rsplit('.', 1)[-1]}") as url, service_over(url) as running:
        yield running


@contextmanager
def clone(cluster: TestCluster, name: str) -> Iterator[str]:
    """The address, for the app role, of a clone of the migrated template."""
    owner = make_url(cluster.owner).username
    drop = f"drop database if exists {name[:50]} with (force)"
    cluster.run(drop, f'create database {name[:50]} template parlance_template owner "{owner}"')
    yield cluster.address("app", name[:50])
    cluster.run(drop)
