"""What crystals allow: numbers of constants and matrices of all 32 classes, as Nye prints them.

J. F. Nye, Physical Properties of Crystals (Oxford 1957), chapters IV, VII, VIII, XIII, XIV and appendix E.
Characters stand beside the printed numbers as a second road.
"""

import inspect

import numpy as np
import pytest
from nye_matrices import ELASTIC, PIEZOELECTRIC, Rows

from intertwine.groups import POINT_GROUPS, CartesianTensor, allowed, get_group
from intertwine.groups.index_symmetry import VOIGT

# fmt: off
CLASSES = [
    "1", "-1", "2", "m", "2/m", "222", "mm2", "mmm", "4", "-4", "4/m", "422", "4mm", "-42m", "4/mmm",
    "3", "-3", "32", "3m", "-3m", "6", "-6", "6/m", "622", "6mm", "-6m2", "6/mmm",
    "23", "m-3", "432", "-43m", "m-3m",
]
CENTROSYMMETRIC = ["-1", "2/m", "mmm", "4/m", "4/mmm", "-3", "-3m", "6/m", "6/mmm", "m-3", "m-3m"]
COUNTS = {  # in the order of CLASSES
    "polar vector": [
        3, 0, 1, 2, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
    "dielectric": [
        6, 6, 4, 4, 4, 3, 3, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1],
    "gyration": [
        6, 0, 4, 2, 0, 3, 1, 0, 2, 2, 0, 2, 0, 1, 0, 2, 0, 2, 0, 0, 2, 0, 0, 2, 0, 0, 0, 1, 0, 1, 0, 0],
    "piezoelectric": [
        18, 0, 8, 10, 0, 3, 5, 0, 4, 4, 0, 1, 3, 2, 0, 6, 0, 2, 4, 0, 4, 2, 0, 1, 3, 1, 0, 1, 0, 0, 1, 0],
    "elastic": [
        21, 21, 13, 13, 13, 9, 9, 9, 7, 7, 7, 6, 6, 6, 6, 7, 7, 6, 6, 6, 5, 5, 5, 5, 5, 5, 5, 3, 3, 3, 3, 3],
    "photoelastic": [
        36, 36, 20, 20, 20, 12, 12, 12, 10, 10, 10, 7, 7, 7, 7, 12, 12, 8, 8, 8, 8, 8, 8, 6, 6, 6, 6,
        4, 4, 3, 3, 3],
}
# fmt: on
"""Numbers of independent constants in the order of `CLASSES`."""

FORMULAS = {
    "polar vector": ("i", False),
    "dielectric": ("ij=ji", False),
    "gyration": ("ij=ji", True),
    "piezoelectric": ("ijk=ikj", False),
    "elastic": ("ijkl=jikl=klij", False),
    "photoelastic": ("ijkl=jikl=ijlk", False),
}


def characters(quantity: str, elements: np.ndarray) -> np.ndarray:
    """Trace of each element on tensors of the given kind, from t = tr g and the traces of its powers."""
    t, t2, t4 = (np.trace(np.linalg.matrix_power(elements, n), axis1=1, axis2=2) for n in (1, 2, 4))
    pair, pair_of_square = (t**2 + t2) / 2, (t2**2 + t4) / 2
    return {
        "polar vector": t,
        "dielectric": pair,
        "gyration": pair * np.linalg.det(elements),
        "piezoelectric": t * pair,
        "elastic": (pair**2 + pair_of_square) / 2,
        "photoelastic": pair**2,
    }[quantity]


def from_voigt(rows: Rows, halve: bool) -> np.ndarray:
    """The tensor of a 3×6 or 6×6 matrix; columns 4 to 6 of moduli hold twice the component."""
    table = np.array(rows, dtype=np.float64)
    table = table * ([1, 1, 1, 0.5, 0.5, 0.5] if halve else 1)
    return table[:, VOIGT] if len(table) == 3 else table[VOIGT][:, :, VOIGT]


def test_the_classes_are_all_32() -> None:
    assert sorted(CLASSES) == sorted(international for international, _ in POINT_GROUPS.values())
    assert len(CENTROSYMMETRIC) == 11


@pytest.mark.parametrize("quantity", FORMULAS)
@pytest.mark.parametrize("name", CLASSES)
def test_every_class_has_as_many_constants_as_nye_prints(name: str, quantity: str) -> None:
    formula, axial = FORMULAS[quantity]
    group = get_group(name)
    printed = COUNTS[quantity][CLASSES.index(name)]
    assert allowed(formula, group, axial).constants == printed
    assert characters(quantity, group.elements).mean() == pytest.approx(printed, abs=1e-12)


@pytest.mark.parametrize("name", [*CENTROSYMMETRIC, "432"])
def test_no_piezoelectricity_with_a_centre_and_in_432(name: str) -> None:
    found = allowed("ijk=ikj", name)
    assert found.constants == 0
    assert set(sum(found.rows, ())) == {"0"}


@pytest.mark.parametrize(
    ("formula", "name"),
    [("ijk=ikj", name) for name in PIEZOELECTRIC] + [("ijkl=jikl=klij", name) for name in ELASTIC],
)
def test_the_allowed_tensors_are_nyes_matrices(formula: str, name: str) -> None:
    """Both families have the same dimension, and every tensor of Nye's matrix is among those allowed."""
    piezoelectric = formula == "ijk=ikj"
    matrix = (PIEZOELECTRIC if piezoelectric else ELASTIC)[name]
    count = len(inspect.signature(matrix).parameters)
    found = allowed(formula, name)
    assert found.constants == count
    flat = found.tensors.reshape(count, 3 ** len(found.tensors.shape[1:]))
    for coefficients in np.eye(count):
        tensor = from_voigt(matrix(*coefficients), piezoelectric)
        inside = np.linalg.lstsq(flat.T, tensor.ravel(), rcond=None)[0] @ flat
        np.testing.assert_allclose(inside, tensor.ravel(), atol=1e-13)


PATTERNS = {
    ("ijk=ikj", "4mm"): "0 0 0 0 c15 0 / 0 0 0 c15 0 0 / c31 c31 c33 0 0 0",
    ("ijk=ikj", "6mm"): "0 0 0 0 c15 0 / 0 0 0 c15 0 0 / c31 c31 c33 0 0 0",
    ("ijk=ikj", "3m"): "0 0 0 0 c15 c16 / c16 -c16 0 c15 0 0 / c31 c31 c33 0 0 0",
    ("ijk=ikj", "32"): "c11 -c11 0 c14 0 0 / 0 0 0 0 -c14 -c11 / 0 0 0 0 0 0",
    ("ijk=ikj", "-43m"): "0 0 0 c14 0 0 / 0 0 0 0 c14 0 / 0 0 0 0 0 c14",
    ("ijk=ikj", "-42m"): "0 0 0 c14 0 0 / 0 0 0 0 c14 0 / 0 0 0 0 0 c36",
    ("ijk=ikj", "-4"): "0 0 0 c14 c15 0 / 0 0 0 -c15 c14 0 / c31 -c31 0 0 0 c36",
    ("i", "mm2"): "0 / 0 / c3",
    ("i", "m"): "c1 / c2 / 0",
    ("ij=ji", "m-3m"): "c11 0 0 / 0 c11 0 / 0 0 c11",
    ("ij=ji", "3"): "c11 0 0 / 0 c11 0 / 0 0 c33",
    ("ij=ji", "2/m"): "c11 c12 0 / c12 c22 0 / 0 0 c33",
    ("ij", "4"): "c11 c12 0 / -c12 c11 0 / 0 0 c33",
    ("ijkl=jikl=klij", "m-3m"): (
        "c11 c12 c12 0 0 0 / c12 c11 c12 0 0 0 / c12 c12 c11 0 0 0 / "
        "0 0 0 c44 0 0 / 0 0 0 0 c44 0 / 0 0 0 0 0 c44"
    ),
    ("ijkl=jikl=klij", "6/mmm"): (
        "c11 c12 c13 0 0 0 / c12 c11 c13 0 0 0 / c13 c13 c33 0 0 0 / "
        "0 0 0 c44 0 0 / 0 0 0 0 c44 0 / 0 0 0 0 0 (c11-c12)/2"
    ),
    ("ijkl=jikl=klij", "-3m"): (
        "c11 c12 c13 c14 0 0 / c12 c11 c13 -c14 0 0 / c13 c13 c33 0 0 0 / "
        "c14 -c14 0 c44 0 0 / 0 0 0 0 c44 c14 / 0 0 0 0 c14 (c11-c12)/2"
    ),
    ("ijkl=jikl=klij", "4/m"): (
        "c11 c12 c13 0 0 c16 / c12 c11 c13 0 0 -c16 / c13 c13 c33 0 0 0 / "
        "0 0 0 c44 0 0 / 0 0 0 0 c44 0 / c16 -c16 0 0 0 c66"
    ),
}


@pytest.mark.parametrize(("formula", "name"), PATTERNS)
def test_patterns_are_written_as_in_the_book(formula: str, name: str) -> None:
    written = [tuple(row.split()) for row in PATTERNS[formula, name].split(" / ")]
    assert list(allowed(formula, name).rows) == written


@pytest.mark.parametrize("name", ["-6m2", "3", "4/m", "m-3m"])
@pytest.mark.parametrize("formula", ["ij=ji", "ijk=ikj", "ijkl=jikl=klij"])
def test_a_constant_is_the_entry_that_carries_its_symbol(formula: str, name: str) -> None:
    found = allowed(formula, name)
    space = CartesianTensor(formula, name)
    for g in found.group.elements:
        turned = space.flatten(found.tensors) @ space.matrix(g).T
        np.testing.assert_allclose(space.tensor(turned), found.tensors, atol=1e-13)
    symbols = {entry for row in found.rows for entry in row if entry.removeprefix("c").isdigit()}
    assert len(symbols - {"0"}) == found.constants
    assert "\n" not in found.rows[0][0]
    assert found.pattern.count("\n") == len(found.rows) - 1


def test_every_rotation_leaves_two_elastic_constants_and_no_piezoelectric_ones() -> None:
    isotropic = allowed("ijkl=jikl=klij", "O(3)")
    assert (isotropic.constants, isotropic.rows[5][5]) == (2, "(c11-c12)/2")
    assert allowed("ijk=ikj", "SO(3)").constants == 0
    assert allowed("ijk=-ikj", "SO(3)").constants == 1  # Levi-Civita
    assert allowed("ijk=-ikj", "O(3)").constants == 0
    assert allowed("ijk=-ikj", "O(3)", axial=True).constants == 1
    assert allowed("ijk=ikj", "O(2)").rows == allowed("ijk=ikj", "6mm").rows
