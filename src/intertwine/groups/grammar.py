"""The written form of irreps: `16x0e + 8x1o`, `4xA1g + 2xT1u`, `8x0 + 8x1`. Groups read their own labels."""

import re

from intertwine.errors import InputError

_LABEL = re.compile(r"\s*([0-9]+)\s*([eoy]?)\s*", re.ASCII)
_TERM = re.compile(r"\s*(?:([0-9]+)\s*x)?\s*([^\s+x*,;][^+x*,;]*)", re.DOTALL)


def read_degree_and_parity(text: str) -> tuple[int, int]:
    """Degree and parity of a label of O(3): `1o`, `2e`, or `3y` with the parity (−1)^l of the harmonics.

    Raises:
        InputError: anything else, with what to write instead.

    >>> read_degree_and_parity("2e"), read_degree_and_parity("3y")
    ((2, 1), (3, -1))
    """
    match = _LABEL.fullmatch(text)
    if match is None or not match[2]:
        raise InputError(
            f"cannot read {text.strip()!r} as an irrep of O(3)",
            accepted="a degree and a parity, as in 0e, 1o, 2e",
            fix=_advice(text.strip()),
        )
    degree = int(match[1])
    return degree, {"e": 1, "o": -1, "y": (-1) ** degree}[match[2]]


def read_degree(text: str, group: str) -> int:
    """Degree or order of a label of SO(3) or SO(2): a number.

    Raises:
        InputError: anything else.

    >>> read_degree(" 2 ", "SO(2)")
    2
    """
    match = _LABEL.fullmatch(text)
    if match is None or match[2]:
        raise InputError(
            f"cannot read {text.strip()!r} as an irrep of {group}",
            accepted="a number, as in 0, 1, 2",
            fix=f"leave out the parity, {match[1]}" if match else None,
        )
    return int(match[1])


def read_order_and_parity(text: str) -> tuple[int, int]:
    """Order and parity of a label of O(2): `0e`, `0o`, or an order m ≥ 1 with parity 1.

    Raises:
        InputError: anything else.

    >>> read_order_and_parity("0o"), read_order_and_parity("3")
    ((0, -1), (3, 1))
    """
    match = _LABEL.fullmatch(text)
    order = int(match[1]) if match else 0
    if match is None or bool(match[2]) == bool(order) or match[2] == "y":
        raise InputError(
            f"cannot read {text.strip()!r} as an irrep of O(2)",
            accepted="0e, 0o, or an order as in 1, 2",
            fix="a parity belongs to 0 only" if order else None,
        )
    return order, -1 if match[2] == "o" else 1


def read_terms(text: str) -> list[tuple[int, str]]:
    """Multiplicities and labels of terms joined by `+`; blank text has none.

    Raises:
        InputError: a term outside the grammar, with what to write instead.

    >>> read_terms("16x0e + 1o"), read_terms("4xA1g + T1u")
    ([(16, '0e'), (1, '1o')], [(4, 'A1g'), (1, 'T1u')])
    """
    return [_read_term(term, text) for term in text.split("+")] if text.strip() else []


def _read_term(term: str, whole: str) -> tuple[int, str]:
    match = _TERM.fullmatch(term)
    if match is None:
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
    if re.fullmatch(r"[ABEHGT][0-9]?[gu]?'{0,2}", term):
        return "name the group, as in Irreps('4xA1g', 'Oh')"
    return "write <multiplicity>x<label>, as in 8x1o"
