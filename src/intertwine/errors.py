"""Errors that teach: what was wrong, what came, what is accepted, what to do. One line each."""

import difflib
import importlib
from collections.abc import Iterable
from types import ModuleType


class IntertwineError(Exception):
    """Base of every error that Intertwine raises on purpose; its text is one line meant for a person."""


class InputError(IntertwineError, ValueError):
    """Something a user handed us cannot be used.

    Args:
        what: what was wrong, naming the file, key or argument.
        got: what came.
        accepted: what would have been accepted.
        fix: what to do now.

    >>> print(InputError("unknown unit 'ev'", accepted="eV, kcal/mol", fix="write 'eV'"))
    unknown unit 'ev'; accepted: eV, kcal/mol; do: write 'eV'
    """

    def __init__(
        self, what: str, *, got: object = None, accepted: object = None, fix: str | None = None
    ) -> None:
        parts = [what]
        parts += [f"got: {got}"] if got is not None else []
        parts += [f"accepted: {accepted}"] if accepted is not None else []
        parts += [f"do: {fix}"] if fix else []
        super().__init__("; ".join(" ".join(str(part).split()) for part in parts))


class MissingExtraError(IntertwineError, ImportError):
    """An optional package is needed; the message names the extra that brings it."""


def require(module: str, extra: str) -> ModuleType:
    """Import `module` now, or say which extra installs it.

    >>> require("math", extra="label").sqrt(4.0)
    2.0
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError(
            f"{module.split('.')[0]} is needed here and could not be imported ({error}); "
            f"do: pip install 'intertwine[{extra}]'"
        ) from error


def nearest(name: str, legal: Iterable[str]) -> str | None:
    """The legal name most like `name`, or None when none is close.

    >>> nearest("cutof", ["cutoff", "channels"])
    'cutoff'
    """
    matches = difflib.get_close_matches(name, list(legal), n=1, cutoff=0.5)
    return matches[0] if matches else None
