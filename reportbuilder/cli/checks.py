"""What ``doctor`` looks at: each check says what is well, or what is wrong and how to mend it."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import redis
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from reportbuilder import database, deadletters, heartbeats, schema
from reportbuilder.amc.connections import Connections
from reportbuilder.amc.failures import AmcFailure, NotGranted, Unauthorized
from reportbuilder.amc.hosts import hosts_for
from reportbuilder.amc.models import AmcAccount
from reportbuilder.amc.tokens import Tokens
from reportbuilder.amc.vault import Vault
from reportbuilder.cli.rooms import told
from reportbuilder.errors import Invalid, ReportBuilderError
from reportbuilder.results.store import store_of
from reportbuilder.settings import Settings

PATIENCE = 5.0  # seconds for Redis
PYTHON = (3, 11)
SECRET_MIN = 16  # characters


class Wrong(Exception):
    """What is wrong, and how to mend it."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(what)
        self.what, self.mend = what, mend


@dataclass(frozen=True)
class Check:
    """One part: ``look`` returns what is well, or raises Wrong. ``needs`` are parts that must be well."""

    name: str
    look: Callable[[], str]
    needs: tuple[str, ...] = ()


def checks(chosen: Settings, app: Flask) -> list[Check]:
    """Return all checks, in the order in which to mend things."""
    return [
        Check("python", python),
        Check("secret key", lambda: secret_key(chosen)),
        Check("vault keys", lambda: vault_keys(chosen)),
        Check("database", lambda: reachable(app)),
        Check("schema", lambda: up_to_date(app), ("database",)),
        Check("redis", lambda: redis_answers(chosen)),
        Check("results", lambda: results_writable(chosen)),
        Check("scratch", lambda: scratch_writable(chosen)),
        Check("amc client", lambda: amc_client(chosen)),
        Check("amc accounts", lambda: accounts(chosen, app), ("schema", "vault keys", "amc client")),
        Check("mail", lambda: mail_server(chosen)),
        Check("workers", lambda: seen(app, "worker"), ("schema",)),
        Check("scheduler", lambda: seen(app, "scheduler"), ("schema",)),
        Check("dead letters", lambda: dead_letters(chosen), ("redis",)),
    ]


def python() -> str:
    """Check the interpreter."""
    if sys.version_info < PYTHON:
        raise Wrong(f"this is {sys.version.split()[0]}", "install Python 3.11 or newer")
    return sys.version.split()[0]


def secret_key(chosen: Settings) -> str:
    """Check that sessions can be signed."""
    if len(chosen.secret_key) < SECRET_MIN:
        what = "is too short" if chosen.secret_key else "is not set"
        raise Wrong(f"RB_SECRET_KEY {what}", "take the line that `reportbuilder keys new` prints")
    return "is set"


def vault_keys(chosen: Settings) -> str:
    """Check that tokens can be sealed."""
    try:
        Vault(chosen.vault_keys)
    except Invalid as error:
        what = error.message.partition(";")[0]
        raise Wrong(what, "take the line that `reportbuilder keys new` prints") from None
    return f"{len(chosen.vault_keys)} there"


def reachable(app: Flask) -> str:
    """Check that the database answers."""
    with app.app_context():
        engine = database.db.engine
        try:
            with engine.connect():
                return engine.dialect.name
        except DBAPIError as error:
            mend = "start it, or correct DATABASE_URL (RB_DATABASE_URL): host, name, user, password"
            if engine.dialect.name == "sqlite":
                mend = "run `reportbuilder db upgrade`, which makes the file, or correct DATABASE_URL"
            raise Wrong(f"does not answer ({type(error.orig).__name__})", mend) from None


def up_to_date(app: Flask) -> str:
    """Check that the tables are those of this version."""
    with app.app_context():
        at, newest = schema.current(database.db.engine), schema.newest()
    if at != newest:
        raise Wrong(f"is at {at or 'nothing'}, this version needs {newest}", "run `reportbuilder db upgrade`")
    return f"revision {at}"


def redis_answers(chosen: Settings) -> str:
    """Check that Redis takes commands."""
    mend = "start a server of the Redis protocol, or correct REDIS_URL (RB_REDIS_URL)"
    try:
        with redis.Redis.from_url(
            chosen.redis_url, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE
        ) as client:
            client.ping()
    except ValueError:
        raise Wrong("REDIS_URL is no address of a Redis", mend) from None
    except (redis.RedisError, OSError) as error:
        raise Wrong(f"does not answer ({type(error).__name__})", mend) from None
    return "answers"


def results_writable(chosen: Settings) -> str:
    """Check the store of results by writing, reading and removing a small object."""
    key = f"doctor/{uuid4().hex}.txt"
    try:
        store = store_of(chosen)
        with TemporaryDirectory() as folder:
            probe = Path(folder) / "probe"
            probe.write_text("written by the doctor")
            stored = store.put(probe, key)
            with store.local(key, stored.sha256) as path:
                path.read_bytes()
        store.delete(key)
    except ReportBuilderError as error:
        raise Wrong(error.message, "correct RB_RESULTS_URL, or the rights on it") from None
    except OSError as error:
        mend = "correct RB_RESULTS_URL, or the rights on it"
        raise Wrong(f"cannot be written ({error.strerror})", mend) from None
    return "can be written and read"


def scratch_writable(chosen: Settings) -> str:
    """Check the folder for downloads in progress."""
    try:
        chosen.scratch_dir.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=chosen.scratch_dir):
            return "can be written"
    except OSError as error:
        mend = "correct RB_SCRATCH_DIR, or the rights on it"
        raise Wrong(f"{chosen.scratch_dir} cannot be written ({error.strerror})", mend) from None


def amc_client(chosen: Settings) -> str:
    """Check that there is a client to sign in to AMC with."""
    if not (chosen.amc_client_id and chosen.amc_client_secret):
        mend = "set both to those of your Login with Amazon client; the sandbox prints its own"
        raise Wrong("RB_AMC_CLIENT_ID or RB_AMC_CLIENT_SECRET is not set", mend)
    return "id and secret are set"


def accounts(chosen: Settings, app: Flask) -> str:
    """Check for each account that its sign-in is good and AMC answers."""
    with app.app_context(), database.reading() as session:
        found = session.scalars(select(AmcAccount).order_by(AmcAccount.account_id)).all()
    if not found:
        raise Wrong("none is connected", "run `reportbuilder account connect`")
    connections, trouble = Connections(chosen), []
    for account in found:
        with app.app_context():
            if reason := _trouble(connections, chosen, account):
                trouble.append(reason)
    connections.close()
    if trouble:
        mends = dict.fromkeys(mend for _, mend in trouble)
        raise Wrong("; ".join(what for what, _ in trouble), "; ".join(mends))
    return f"{len(found)} signed in, AMC answers"


def _trouble(connections: Connections, chosen: Settings, account: AmcAccount) -> tuple[str, str] | None:
    name, hosts = account.account_id, hosts_for(account.region, chosen)
    try:
        Tokens(account.id, connections.vault, connections.login(account.region)).access_token()
    except Unauthorized as failure:
        return f"{name}: {failure.message}", "run `reportbuilder account connect` again"
    except ReportBuilderError as failure:
        return f"{name}: no sign-in: {failure.message}", f"see whether this machine reaches {hosts.token}"
    try:
        next(iter(connections.client(account).instances()), None)
    except NotGranted as failure:
        return f"{name}: {failure.message}", "have the sign-in's user added to the AMC account"
    except AmcFailure as failure:
        return f"{name}: {failure.message}", f"see whether this machine reaches {hosts.api}"
    return None


def mail_server(chosen: Settings) -> str:
    """Check that notifications can be handed to the mail server, as far as its sign-in."""
    if not chosen.smtp_url:
        return "not set up (RB_SMTP_URL): nobody is told by e-mail"
    from reportbuilder.notifications import mail  # it loads Apprise, which is large
    from reportbuilder.notifications.outcomes import Undelivered

    mend = "correct RB_SMTP_URL: mailtos://user:password@host:587, and RB_MAIL_FROM"
    try:
        return f"{mail.check(chosen)} takes our sign-in"
    except (Undelivered, Invalid) as error:
        raise Wrong(str(error), mend) from None


def dead_letters(chosen: Settings) -> str:
    """Tell how many messages were given up; that alone is nothing to mend."""
    count = deadletters.count(chosen.redis_url)
    return f"{count}: see `reportbuilder dead-letters list`" if count else "none"


def seen(app: Flask, kind: str) -> str:
    """Check that processes of a kind have shown signs of life lately."""
    try:
        with app.app_context(), database.reading() as session:
            count = heartbeats.alive(session).get(kind, 0)
    except DBAPIError as error:
        raise Wrong(told(error).message, "see the database above") from None
    if not count:
        raise Wrong(f"none for {heartbeats.ALIVE_FOR.seconds} s", f"start one with `reportbuilder {kind}`")
    return f"{count} alive"
