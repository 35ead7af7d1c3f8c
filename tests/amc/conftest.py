"""A client against a real HTTP server that says what it is told to."""

from collections.abc import Iterator

import pytest

from reportbuilder.amc.client import AmcClient
from reportbuilder.amc.hosts import Hosts
from reportbuilder.amc.transport import http_session
from tests.amc.kit import HASTY, PATIENT, Counting, Kit, Signed
from tests.amc.scripted_server import ScriptedServer


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


@pytest.fixture
def kit(server: ScriptedServer) -> Iterator[Kit]:
    identity, pace = Signed(), Counting()
    hosts = Hosts(server.url, "")
    with http_session() as session:
        amc, hasty = (AmcClient(session, hosts, identity, pace, times) for times in (PATIENT, HASTY))
        yield Kit(server, amc, hasty, identity, pace)
