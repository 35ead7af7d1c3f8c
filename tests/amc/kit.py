"""A client with an identity and a pace that keep count, and what is asked with it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from reportbuilder.amc.client import AmcClient
from reportbuilder.amc.failures import AmcFailure, Throttled
from reportbuilder.amc.transport import Timeouts
from reportbuilder.amc.vault import Secret
from reportbuilder.amc.wire import TimeWindow
from tests.amc.scripted_server import Reply, ScriptedServer

INSTANCE, EXECUTION, TAG = "amcnorthwind01", "2f1d8a52-0000-4000-8000-000000000001", "rb-first-1"
WINDOW = TimeWindow(datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 2, 15, tzinfo=UTC))
SINCE = datetime(2026, 3, 4, 12, 0, 0, 999999, tzinfo=UTC)
PENDING = {"workflowExecutionId": EXECUTION, "status": "PENDING", "workflowId": TAG}
PATIENT = Timeouts(connect=4.0, read=4.0, total=8.0)
HASTY = Timeouts(connect=0.5, read=0.3, total=1.5)
EXECUTIONS_PATH = f"/amc/reporting/{INSTANCE}/workflowExecutions"


@dataclass
class Signed:
    """An identity whose tokens are numbered: a refused one gives the next."""

    client_id: str = "amzn1.application-oa2-client.sandbox"
    account_id: str = "ENTITYNORTHWIND1"
    marketplace_id: str = "ATVPDKIKX0DER"
    refused: list[str] = field(default_factory=list)
    slow: float = 0.0

    def access_token(self, refused: Secret | None = None) -> Secret:
        threading.Event().wait(self.slow)
        if refused is not None:
            self.refused.append(refused.reveal())
        return Secret(f"Atza|number-{len(self.refused)}")


@dataclass
class Counting:
    """A pace that counts, and can refuse: for good beyond ``left``, and the next few times."""

    taken: list[str] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    left: int = 1000
    refuse: int = 0

    def take(self, key: str, share: float = 1.0) -> None:
        if self.refuse or self.left <= len(self.taken):
            self.refuse = max(0, self.refuse - 1)
            raise Throttled(retry_after=0.5, local=True)
        self.taken.append(key)
        self.shares.append(share)


@dataclass
class Kit:
    server: ScriptedServer
    amc: AmcClient
    hasty: AmcClient  # for answers that come too late, so that the other tests may run on a busy machine
    identity: Signed
    pace: Counting

    def amc_for(self, reply: Reply) -> AmcClient:
        return self.hasty if reply.delay else self.amc

    def submit(self, **options: Any) -> Any:
        return self.amc.submit(INSTANCE, "SELECT 1", TAG, WINDOW, **options)


def failing(call: Callable[[], object]) -> AmcFailure:
    with pytest.raises(AmcFailure) as caught:
        call()
    return caught.value
