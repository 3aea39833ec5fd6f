"""Long work in steps: each is done once, timed, written down, and not done again while its settings hold."""

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from intertwine import __version__
from intertwine.data import replacing
from intertwine.errors import InputError
from intertwine.typing import PathLike

RECORD: Final = "step.json"
"""File in the folder of a step that says what it was and what came of it."""


@dataclass(frozen=True)
class Step:
    """A step that is done.

    Args:
        name: also of its folder.
        folder: where its files are.
        key: hash of all that it depends on.
        seconds: wall time that it took, when it was done.
        results: what it returned, plain values.
        reused: it was found done.
    """

    name: str
    folder: Path
    key: str
    seconds: float
    results: Mapping[str, Any]
    reused: bool


class Ledger:
    """The steps of one piece of work, each with a folder of its own below `folder`.

    The key of a step is a hash of its settings, of the keys of the steps that it needs, and of the version of
    Intertwine. A step whose record has that key is not done again. One that was begun with that key and not
    finished is done in the folder as it stands, so that work which can go on, goes on. A folder of another
    key is deleted first.

    Args:
        folder: made when absent.

    Raises:
        InputError: the folder cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     done = [Ledger(folder).step("sum", {"n": 3}, lambda place: {"sum": 6}) for _ in range(2)]
    >>> [(step.results["sum"], step.reused) for step in done]
    [(6, False), (6, True)]
    """

    def __init__(self, folder: PathLike) -> None:
        self.folder = Path(folder)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"cannot write '{folder}'", got=error.strerror, fix="choose a writable place"
            ) from error

    def step(
        self,
        name: str,
        settings: Mapping[str, Any],
        action: Callable[[Path], Mapping[str, Any]],
        needs: Sequence[Step] = (),
    ) -> Step:
        """Do a step, or find it done.

        Args:
            name: of the step and its folder.
            settings: plain values that decide what it does.
            action: is given the folder, leaves its files there, and returns plain values.
            needs: steps whose results it uses.
        """
        folder = self.folder / name
        key = _key(settings, needs)
        before = self._record(folder)
        if before.get("key") == key and "results" in before:
            return Step(name, folder, key, before["seconds"], before["results"], reused=True)
        if before.get("key") != key and folder.exists():
            self._clear(folder)
        folder.mkdir(exist_ok=True)
        self._write(folder, {"key": key, "settings": settings})
        start = time.perf_counter()
        results = json.loads(json.dumps(action(folder)))
        seconds = time.perf_counter() - start
        self._write(folder, {"key": key, "settings": settings, "seconds": seconds, "results": results})
        return Step(name, folder, key, seconds, results, reused=False)

    def _record(self, folder: Path) -> dict[str, Any]:
        try:
            return json.loads((folder / RECORD).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}

    def _clear(self, folder: Path) -> None:
        """Delete the folder of a step; a folder without a record is none of ours."""
        if not (folder / RECORD).is_file() and any(folder.iterdir()):
            raise InputError(f"'{folder}' holds something else", fix="choose another output folder")
        shutil.rmtree(folder)

    def _write(self, folder: Path, record: Mapping[str, Any]) -> None:
        with replacing(folder / RECORD) as scratch:
            scratch.write_text(json.dumps(record, indent=1, ensure_ascii=False), encoding="utf-8")


def _key(settings: Mapping[str, Any], needs: Sequence[Step]) -> str:
    """The same for the same settings, whatever their order.

    >>> _key({"a": 1, "b": 2}, []) == _key({"b": 2, "a": 1}, [])
    True
    """
    content = [__version__, settings, [step.key for step in needs]]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
