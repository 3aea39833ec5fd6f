"""An oracle: any ASE calculator, named in words."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
from ase.calculators.calculator import Calculator, CalculatorError, get_calculator_class
from ase.calculators.names import names

from intertwine.errors import InputError, IntertwineError, MissingExtraError, nearest, require

ALIASES: Final[dict[str, str]] = {"lennard-jones": "lj", "xtb": "tblite"}
"""Other names people use."""

NAMES: Final[tuple[str, ...]] = ("tblite", *names)
"""Every calculator known by name."""

FAVOURITES: Final = ("tblite:GFN2-xTB", "emt", "lj")

METHODS: Final[tuple[str, ...]] = ("GFN2-xTB", "GFN1-xTB", "IPEA1-xTB")
"""Hamiltonians of tblite."""

STRICT: Final[frozenset[str]] = frozenset({"tblite", "emt", "lj", "morse"})
"""Calculators whose default parameters list everything they read, so that an unknown option is a mistake."""


@contextmanager
def answering(where: str, who: str = "the calculator") -> Iterator[None]:
    """Turn a failure to compute into one line that says `who` failed `where`.

    Raises:
        IntertwineError: anything was raised that numerical code raises when it cannot compute.

    >>> with answering("on frame 3"):
    ...     raise RuntimeError("SCF not converged")
    Traceback (most recent call last):
        ...
    intertwine.errors.IntertwineError: the calculator failed on frame 3: SCF not converged
    """
    try:
        yield
    except (RuntimeError, KeyError, ArithmeticError, np.linalg.LinAlgError) as error:
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise IntertwineError(f"{who} failed {where}: {reason}") from error


def oracle(name: str, **options: Any) -> Calculator:
    """An ASE calculator by name.

    Args:
        name: `"tblite:GFN2-xTB"` (or GFN1-xTB, IPEA1-xTB), `"emt"`, `"lj"`, any name that
            `ase.calculators.calculator.names` lists, or the path of an Intertwine model.
        options: given to the calculator as they are, such as `charge=1` for tblite or `rc=6.0` for lj.

    Returns:
        A fresh calculator that is tied to no structure yet.

    Raises:
        InputError: no such name (the message proposes the nearest), or options it does not take.
        MissingExtraError: the package that brings it is not installed.

    >>> type(oracle("emt")).__name__
    'EMT'
    >>> oracle("emtt")
    Traceback (most recent call last):
        ...
    intertwine.errors.InputError: unknown calculator 'emtt'; accepted: ...; do: write 'emt'
    """
    if Path(name).suffix == ".safetensors" or Path(name).is_file():
        from intertwine.engines.calculator import IntertwineCalculator

        return IntertwineCalculator(name, **options)
    kind, _, method = name.partition(":")
    kind = ALIASES.get(kind.lower(), kind.lower())
    if kind not in NAMES:
        raise _unknown(
            "calculator",
            name,
            kind,
            NAMES,
            (*FAVOURITES, "another name of ase.calculators", "a model (.safetensors)"),
        )
    if kind == "tblite":
        options = {"method": method or METHODS[0], "verbosity": 0, **options}
        if options["method"] not in METHODS:
            raise _unknown("method of tblite", options["method"], options["method"], METHODS, METHODS)
    elif method:
        raise InputError(f"the calculator '{kind}' takes no method", got=method, fix=f"write '{kind}'")
    return _made(kind, options)


def _made(kind: str, options: dict[str, Any]) -> Calculator:
    try:
        maker = require("tblite.ase", "label").TBLite if kind == "tblite" else get_calculator_class(kind)
        return maker(**_checked_options(kind, maker, options))
    except (MissingExtraError, InputError):
        raise
    except ImportError as error:
        raise MissingExtraError(f"the calculator '{kind}' is not installed here ({error})") from error
    except (CalculatorError, TypeError, ValueError, KeyError, RuntimeError) as error:
        raise InputError(
            f"the calculator '{kind}' cannot be set up", got=f"{error} {options or ''}"
        ) from error


def _checked_options(kind: str, maker: type[Calculator], options: dict[str, Any]) -> dict[str, Any]:
    legal = [*maker.default_parameters] if kind in STRICT else [*options]
    for option in options:
        if option not in legal:
            raise _unknown(f"option of {kind}", option, option, legal, legal)
    return options


def _unknown(what: str, got: str, like: str, legal: Iterable[str], shown: Iterable[str]) -> InputError:
    close = nearest(like, legal)
    fix = f"write '{close}'" if close else None
    return InputError(f"unknown {what} '{got}'", accepted=", ".join(shown), fix=fix)
