"""Finished pieces of a long job, kept until the whole is done."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from intertwine.data import Structure, read, replacing, write
from intertwine.errors import InputError
from intertwine.typing import PathLike


class Parts:
    """Frames of finished pieces in a folder, one extxyz file each, beside a record of the job they belong to.

    Args:
        folder: made when the first piece is kept.
        job: plain values that name the job; a folder serves one job only.

    Raises:
        InputError: the folder belongs to another job; later, that it cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Parts(folder, {"seed": 0}).keep(2, [Structure([1], [[0, 0, 0]])])
    ...     {k: len(frames) for k, frames in Parts(folder, {"seed": 0}).finished(5).items()}
    {2: 1}
    """

    def __init__(self, folder: PathLike, job: Mapping[str, Any]) -> None:
        self.folder = Path(folder)
        self._record, self._job = self.folder / "job.json", json.dumps(job, indent=1, sort_keys=True)
        if self._record.is_file() and self._record.read_text() != self._job:
            fix = "delete it, or repeat that job's command"
            raise InputError(f"'{folder}' holds the pieces of another job", fix=fix)

    def finished(self, pieces: int) -> dict[int, list[Structure]]:
        """Frames of the pieces that are already there."""
        return {k: read(self._file(k), require=()) for k in range(pieces) if self._file(k).exists()}

    def keep(self, index: int, frames: list[Structure]) -> None:
        """Write one piece, whole or not at all; the folder is made for the first one."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"cannot write to '{self.folder}'", got=error.strerror) from error
        if not self._record.exists():
            with replacing(self._record) as scratch:
                scratch.write_text(self._job)
        write(self._file(index), frames)

    def _file(self, index: int) -> Path:
        return self.folder / f"part-{index:05d}.extxyz"
