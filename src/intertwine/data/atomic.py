"""Files appear whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from intertwine.errors import InputError
from intertwine.typing import PathLike


@contextmanager
def replacing(path: PathLike) -> Iterator[Path]:
    """Path of a scratch file beside `path` that takes its name when the block ends well.

    When the block fails the scratch file is removed and whatever stood under `path` stays as it was.

    Raises:
        InputError: `path` is a folder, or its folder is missing or not writable.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replacing(Path(folder) / "a.txt") as scratch:
    ...         _ = scratch.write_text("whole")
    ...     (Path(folder) / "a.txt").read_text(), len(list(Path(folder).iterdir()))
    ('whole', 1)
    """
    target = Path(path)
    scratch = _scratch(target)
    try:
        yield scratch
        with scratch.open("rb") as written:
            os.fsync(written.fileno())
        os.replace(scratch, target)
    finally:
        scratch.unlink(missing_ok=True)


def _scratch(target: Path) -> Path:
    """A new empty file in the folder of `target`, with the permissions that a new file would get."""
    if target.is_dir():
        raise InputError(f"cannot write {target}", got="a folder", accepted="the name of a file")
    if not target.parent.is_dir():
        raise InputError(
            f"cannot write {target}", got="its folder does not exist", fix="make the folder first"
        )
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as error:
        raise InputError(
            f"cannot write {target}", got=error.strerror, fix="choose a folder that you may write to"
        ) from None
    mask = os.umask(0)
    os.umask(mask)
    os.fchmod(handle, 0o666 & ~mask)
    os.close(handle)
    return Path(name)
