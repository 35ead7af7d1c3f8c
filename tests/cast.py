"""Who plays in the tests."""

from dataclasses import dataclass

from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcAccount, AmcInstance


@dataclass(frozen=True)
class Cast:
    """Who plays in the tests: ada (admin), ben (analyst), cleo (viewer), one account, two instances."""

    ada: User
    ben: User
    cleo: User
    account: AmcAccount
    first: AmcInstance
    second: AmcInstance
