"""Result files: one set for all runs that ask the same, removed when no run needs it any more."""

import itertools
import shutil
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

Files = tuple[Path, ...]


class Shelf:
    """A temporary folder of result files, each set under the question that it answers."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="reportbuilder-sandbox-"))
        self._sets: dict[object, tuple[Future[Files], list[int]]] = {}  # with the number of its users
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._sets)

    def take(self, question: object, make: Callable[[Path], Files]) -> Files:
        """Return the files that answer a question, made in a folder of their own by the first who asks.

        The user is counted until it gives them back by ``release``; one that fails is not.
        """
        with self._lock:
            known = self._sets.get(question)
            if known is None:
                answer, users = self._sets[question] = Future(), [1]
            else:
                answer, users = known
                users[0] += 1
        if known is not None:
            return answer.result()
        folder = self._folder / f"{next(self._numbers)}"
        try:
            folder.mkdir()
            answer.set_result(make(folder))
        except Exception as error:
            shutil.rmtree(folder, ignore_errors=True)
            answer.set_exception(error)
            self._sets.pop(question, None)  # the next one may have more luck
            raise
        return answer.result()

    def release(self, question: object) -> None:
        """Give the files back; the last user's go."""
        with self._lock:
            answer, users = self._sets[question]
            users[0] -= 1
            if users[0]:
                return
            del self._sets[question]
        for path in answer.result():
            path.unlink(missing_ok=True)
        shutil.rmtree(answer.result()[0].parent, ignore_errors=True)

    def close(self) -> None:
        """Remove every file."""
        shutil.rmtree(self._folder, ignore_errors=True)
