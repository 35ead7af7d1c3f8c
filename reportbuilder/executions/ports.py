"""What executions need of the world outside the database, handed in by the composition root."""

from collections.abc import Callable
from dataclasses import dataclass

from reportbuilder import database
from reportbuilder.amc.client import AmcClient
from reportbuilder.amc.models import AmcAccount, AmcInstance
from reportbuilder.results.store import Store
from reportbuilder.settings import Settings


@dataclass(frozen=True)
class Ports:
    """The settings, a client of AMC for an account, and the store of results."""

    settings: Settings
    connect: Callable[[AmcAccount], AmcClient]
    store: Store

    def amc(self, instance: AmcInstance) -> AmcClient:
        """Return a client for the instance's account; never inside a transaction."""
        if database.in_transaction():
            raise RuntimeError("AMC is not called while a transaction is open")
        return self.connect(instance.account)
