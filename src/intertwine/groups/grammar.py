"""The written form of irreps: `16x0e + 8x1o`. Labels of O(3) are a degree and a parity, as in e3nn."""

import re

from intertwine.errors import InputError

_LABEL = re.compile(r"\s*([0-9]+)\s*([eoy])\s*", re.ASCII)
_TERM = re.compile(r"\s*(?:([0-9]+)\s*x)?(.*)", re.ASCII | re.DOTALL)


def read_label(text: str) -> tuple[int, int]:
    """Degree and parity of one label: `1o`, `2e`, or `3y` with the parity (−1)^l of the harmonics.

    Raises:
        InputError: anything else, with what to write instead.

    >>> read_label("2e"), read_label("3y")
    ((2, 1), (3, -1))
    """
    match = _LABEL.fullmatch(text)
    if match is None:
        raise InputError(
            f"cannot read {text.strip()!r} as an irrep of O(3)",
            accepted="a degree and a parity, as in 0e, 1o, 2e",
            fix=_advice(text.strip()),
        )
    degree = int(match[1])
    return degree, {"e": 1, "o": -1, "y": (-1) ** degree}[match[2]]


def read_terms(text: str) -> list[tuple[int, str]]:
    """Multiplicities and labels of terms joined by `+`; blank text has none.

    Raises:
        InputError: a term outside the grammar, with what to write instead.

    >>> read_terms("16x0e + 1o")
    [(16, '0e'), (1, '1o')]
    """
    return [_read_term(term, text) for term in text.split("+")] if text.strip() else []


def _read_term(term: str, whole: str) -> tuple[int, str]:
    match = _TERM.fullmatch(term)
    if match is None or _LABEL.fullmatch(match[2]) is None:
        raise InputError(
            f"cannot read {term.strip()!r} in the irreps {whole.strip()!r}",
            accepted="terms such as 8x1o or 0e, joined by +",
            fix=_advice(term.strip()),
        )
    return int(match[1] or 1), match[2].strip()


def _advice(term: str) -> str:
    """What the writer of a term that cannot be read most likely meant."""
    if not term:
        return "write a term on each side of every +"
    if "," in term or ";" in term:
        return "join the terms by +"
    if re.fullmatch(r"(?:[0-9]+\s*x\s*)?[0-9]+", term):
        return f"add the parity, {term}e (even) or {term}o (odd)"
    if swapped := re.fullmatch(r"([0-9]+[eo])\s*[x*]\s*([0-9]+)", term):
        return f"write the multiplicity first, {swapped[2]}x{swapped[1]}"
    return "write <multiplicity>x<degree><e or o>, as in 8x1o"
