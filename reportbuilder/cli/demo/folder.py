"""The demo's folder: one demo at a time, and what the next one starts again with."""

import fcntl
import json
import os
import secrets
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from reportbuilder.amc.vault import new_key
from reportbuilder.errors import Conflict, Invalid, Unavailable
from reportbuilder.settings import Settings, as_environment

PASSWORD_BYTES = 12
SECRET_BYTES = 48


@dataclass(frozen=True)
class Kept:
    """What is made once and stays: keys, the password of the demo's user, and her API token."""

    secret_key: str = field(repr=False)
    vault_key: str = field(repr=False)
    password: str = field(repr=False)
    token: str = field(default="", repr=False)

    @classmethod
    def fresh(cls) -> "Kept":
        """Make all anew."""
        return cls(
            secret_key=secrets.token_urlsafe(SECRET_BYTES),
            vault_key=new_key(),
            password=secrets.token_urlsafe(PASSWORD_BYTES),
        )


class Folder:
    """Where a demo keeps everything; only the user may look into it."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.logs = self.path / "logs"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Make the folder, and keep other demos out of it.

        :raises Conflict: if a demo runs in it. :raises Invalid: if nothing can be written there.
        """
        try:
            for one in (self.path, self.logs):
                one.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = (self.path / "lock").open("a+")
        except OSError as error:
            raise Invalid.field("--dir", f"cannot write to {self.path}: {error.strerror}") from None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                lock.seek(0)
                raise Conflict(
                    f"A demo runs in {self.path} already ({lock.read().strip() or 'it is just starting'}): "
                    "stop it with Ctrl-C, or take another folder with --dir"
                ) from None
            lock.truncate(0)
            lock.write(f"process {os.getpid()}")
            lock.flush()
            yield

    def kept(self) -> Kept:
        """Return what an earlier demo has kept here, or make it.

        :raises Unavailable: if it is there and cannot be read.
        """
        path = self.path / "keys.json"
        if not path.exists():
            self.keep(Kept.fresh())
        try:
            return Kept(**json.loads(path.read_text()))
        except (ValueError, TypeError):
            raise Unavailable(f"{path} is damaged; remove {self.path} to begin anew") from None

    def keep(self, kept: Kept) -> None:
        """Write it down, for nobody but the user."""
        self._write_private("keys.json", json.dumps(asdict(kept), indent=1))

    def settings(self, kept: Kept) -> Settings:
        """Return the settings of a demo here; addresses of its servers come in when they are up."""
        return Settings(
            database_url=f"sqlite:///{self.path / 'reportbuilder.sqlite'}",
            results_url=(self.path / "results").as_uri(),
            scratch_dir=self.path / "scratch",
            secret_key=kept.secret_key,
            vault_keys=(kept.vault_key,),
            look_min=0.5,
            worker_processes=2,
            worker_threads=4,
            log_format="text",
        )

    def write_environment(self, chosen: Settings) -> Path:
        """Write the settings as lines for a shell, so that other commands can reach this demo."""
        lines = [f"export {name}={shlex.quote(value)}\n" for name, value in as_environment(chosen).items()]
        return self._write_private("env", "".join(lines))

    def _write_private(self, name: str, text: str) -> Path:
        path, draft = self.path / name, self.path / f"{name}.draft"
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        draft.replace(path)
        return path
