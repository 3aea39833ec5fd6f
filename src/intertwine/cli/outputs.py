"""Where results go: never over something else unasked, and known to be writable before the work starts."""

import tempfile
from pathlib import Path

from intertwine.errors import InputError


def claim_file(path: Path, overwrite: bool) -> Path:
    """A file that may be written: absent or to be replaced, in a folder that can be written.

    Raises:
        InputError: it exists, it is a folder, or its folder is missing or not writable.

    >>> claim_file(Path("/"), overwrite=True)
    Traceback (most recent call last):
        ...
    intertwine.errors.InputError: '/' is a folder; accepted: the name of a file
    """
    if path.is_dir():
        raise InputError(f"'{path}' is a folder", accepted="the name of a file")
    _refuse_existing([path], overwrite)
    _check_writable(path.parent, path)
    return path


def claim_folder(folder: Path, names: list[str], overwrite: bool) -> Path:
    """A folder, made now when absent, in which files of these names may be written; others stay untouched.

    Files of these names are removed when `overwrite` is set.

    Raises:
        InputError: one of the files exists, or the folder cannot be made or written.
    """
    files = [folder / name for name in names]
    _refuse_existing(files, overwrite)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            file.unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from None
    _check_writable(folder, folder)
    return folder


def _refuse_existing(files: list[Path], overwrite: bool) -> None:
    for file in files:
        try:
            taken = file.exists()
        except OSError as error:
            raise _unwritable(file, error) from None
        if taken and not overwrite:
            raise InputError(f"'{file}' exists already", fix="choose another name, or add --overwrite")


def _check_writable(folder: Path, what: Path) -> None:
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _unwritable(what, error) from None


def _unwritable(what: Path, error: OSError) -> InputError:
    fix = "choose a place that you may write to"
    return InputError(f"cannot write '{what}'", got=error.strerror or error, fix=fix)
