"""Tables of groups: orthogonal, as printed in books, and the functions in them turn as they say."""

import itertools
import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intertwine.apps.basis_functions import basis_functions, polynomial
from intertwine.apps.conjugacy import conjugacy_classes
from intertwine.apps.group_tables import as_json, group_list, group_page
from intertwine.errors import InputError
from intertwine.groups import (
    GROUP_NAMES,
    POINT_GROUPS,
    FiniteGroup,
    Irrep,
    allowed,
    axis_angle_to_rotation,
    get_group,
    random_rotation,
    restrict,
)

rotations = st.integers(0, 2**32 - 1).map(lambda seed: random_rotation(np.random.default_rng(seed)))

BOOKS = {
    "C3v": (
        ["E", "2C3", "3σ"],
        {"A1": [1, 1, 1], "A2": [1, 1, -1], "E": [2, -1, 0]},
        {"A1": "z; z², x²+y²", "A2": "Rz", "E": "(x, y); (Ry, Rx); (xz, yz), (xy, x²−y²)"},
    ),
    "D3h": (
        ["E", "2C3", "3C2", "σ", "2S3", "3σ′"],
        {
            "A1'": [1, 1, 1, 1, 1, 1],
            "A2'": [1, 1, -1, 1, 1, -1],
            "E'": [2, -1, 0, 2, -1, 0],
            "A1''": [1, 1, 1, -1, -1, -1],
            "A2''": [1, 1, -1, -1, -1, 1],
            "E''": [2, -1, 0, -2, 1, 0],
        },
        {
            "A1'": "z², x²+y²",
            "A2'": "Rz",
            "E'": "(x, y); (xy, x²−y²)",
            "A2''": "z",
            "E''": "(Rx, Ry); (yz, xz)",
        },
    ),
    "Td": (
        ["E", "8C3", "3C2", "6S4", "6σ"],
        {
            "A1": [1, 1, 1, 1, 1],
            "A2": [1, 1, 1, -1, -1],
            "E": [2, -1, 2, 0, 0],
            "T1": [3, 0, -1, 1, -1],
            "T2": [3, 0, -1, -1, 1],
        },
        {
            "A1": "x²+y²+z²",
            "E": "(2z²−x²−y², x²−y²)",
            "T1": "(Rx, Ry, Rz)",
            "T2": "(x, y, z); (yz, xz, xy)",
        },
    ),
    "Oh": (
        ["E", "6C4", "8C3", "3C2", "6C2′", "i", "6S4", "8S6", "3σ", "6σ′"],
        {
            "A1g": [1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
            "A2g": [1, -1, 1, 1, -1, 1, -1, 1, 1, -1],
            "Eg": [2, 0, -1, 2, 0, 2, 0, -1, 2, 0],
            "T1g": [3, 1, 0, -1, -1, 3, 1, 0, -1, -1],
            "T2g": [3, -1, 0, -1, 1, 3, -1, 0, -1, 1],
            "A1u": [1, 1, 1, 1, 1, -1, -1, -1, -1, -1],
            "A2u": [1, -1, 1, 1, -1, -1, 1, -1, -1, 1],
            "Eu": [2, 0, -1, 2, 0, -2, 0, 1, -2, 0],
            "T1u": [3, 1, 0, -1, -1, -3, -1, 0, 1, 1],
            "T2u": [3, -1, 0, -1, 1, -3, 1, 0, 1, -1],
        },
        {
            "A1g": "x²+y²+z²",
            "Eg": "(2z²−x²−y², x²−y²)",
            "T1g": "(Rx, Ry, Rz)",
            "T2g": "(yz, xz, xy)",
            "T1u": "(x, y, z)",
        },
    ),
}
"""Headings, characters, functions: Atkins, Child and Phillips, Tables for Group Theory (Oxford 1970)."""


@pytest.mark.parametrize("name", BOOKS)
def test_tables_are_those_of_the_book(name):
    headings, characters, functions = BOOKS[name]
    page = group_page(name)
    assert [members.heading for members in page.classes] == headings
    assert {row.label: list(row.characters) for row in page.irreps} == characters
    assert {row.label: row.functions.text for row in page.irreps if row.functions.text} == functions


@pytest.mark.parametrize("name", POINT_GROUPS)
def test_rows_are_orthogonal_and_complex_ones_marked(name):
    page = group_page(name)
    sizes = np.array([len(members.elements) for members in page.classes])
    table = np.array([row.characters for row in page.irreps])
    norms = [2 if row.algebra == "complex" else 1 for row in page.irreps]
    assert np.array_equal(table * sizes @ table.T, page.order * np.diag(norms))
    assert sum(row.dim**2 // norm for row, norm in zip(page.irreps, norms, strict=True)) == page.order


@pytest.mark.parametrize("name", POINT_GROUPS)
def test_classes_hold_every_element_once_under_different_headings(name):
    group = get_group(name)
    classes = conjugacy_classes(group)
    assert sorted(itertools.chain(*(members.numbers for members in classes))) == list(range(group.order))
    assert len({members.heading for members in classes}) == len(classes)
    assert classes[0].heading == "E"


def test_classes_of_one_element_each_are_told_apart_by_their_axes():
    headings = [members.heading for members in conjugacy_classes(get_group("D2"))]
    assert headings == ["E", "C2 z", "C2 x", "C2 y"]
    turned = get_group("D2", random_rotation(np.random.default_rng(0)))
    assert [members.heading for members in conjugacy_classes(turned)] == ["E", "C2", "C2′", "C2″"]


def values(text: str, points: np.ndarray, hand: float) -> np.ndarray:
    """A function by its text, at points; components of a turn are axial."""
    source = text.replace("−", "-").replace("²", "**2").replace("R", "").replace("′", "")
    source = re.sub(r"(?<=[0-9xyz])(?=[xyz])", "*", source)
    scope = dict(zip("xyz", points.T, strict=True))
    return eval(source, scope) * (hand if "R" in text else 1.0)


@given(st.sampled_from(list(POINT_GROUPS)), rotations, st.integers(0, 2**32 - 1))
def test_functions_turn_into_each_other_as_the_rows_of_their_irrep(name, rotation, seed):
    """f_i(g⁻¹r) = Σ_j f_j(r) D_ji(g) with trace D(g) = χ(g), in the axes of the group."""
    group = get_group(name, rotation)
    rng = np.random.default_rng(seed)
    points, number = rng.standard_normal((12, 3)), int(rng.integers(group.order))
    g = group.orientation.T @ group.elements[number] @ group.orientation
    hand = np.linalg.det(g)
    for label, functions in basis_functions(group).items():
        for copy in (*functions.linear, *functions.rotations, *functions.quadratic):
            names = copy.strip("()").split(", ")
            before = np.array([values(text, points, 1.0) for text in names])
            after = np.array([values(text, points @ g, hand) for text in names])
            matrix, *_ = np.linalg.lstsq(before.T, after.T, rcond=None)
            assert np.allclose(before.T @ matrix, after.T, atol=1e-9)
            assert np.trace(matrix) == pytest.approx(group.irrep(label).character(group.elements[number]))


@pytest.mark.parametrize("name", GROUP_NAMES)
def test_every_function_belongs_to_one_irrep(name):
    found = basis_functions(get_group(name)).values()
    for kind, count in (("linear", 3), ("rotations", 3), ("quadratic", 6)):
        copies = list(itertools.chain(*(getattr(functions, kind) for functions in found)))
        assert sum(len(copy.split(",")) for copy in copies) == count


def test_a_polynomial_that_has_no_small_numbers_is_written_in_decimals():
    assert polynomial(np.array([0.0, -1.0, np.pi]), ("x", "y", "z")) == "z−0.318y"


@pytest.mark.parametrize("name", GROUP_NAMES)
def test_branching_is_restriction(name):
    group = get_group(name, random_rotation(np.random.default_rng(1)))
    for branching in group_page(group, degree=3).branchings:
        part = get_group(branching.part, group.orientation)
        for label, content in branching.splits.items():
            found = restrict(Irrep.parse(label, get_group(branching.whole, group.orientation)), part).irreps
            assert content == {irrep.label: count for count, irrep in found}


def test_compact_groups_branch_to_those_of_an_axis():
    paths = {name: [(b.whole, b.part) for b in group_page(name).branchings] for name in GROUP_NAMES[:4]}
    assert paths == {
        "O(3)": [("O(3)", "O(2)"), ("O(3)", "SO(2)")],
        "SO(3)": [("SO(3)", "SO(2)")],
        "O(2)": [("O(3)", "O(2)"), ("O(2)", "SO(2)")],
        "SO(2)": [("O(3)", "SO(2)")],
    }


@settings(max_examples=20)
@given(st.sampled_from(list(POINT_GROUPS)), rotations)
def test_a_turned_group_has_the_same_characters_and_branching(name, rotation):
    standing, turned = group_page(name), group_page(get_group(name, rotation))
    assert [(row.label, sorted(row.characters)) for row in standing.irreps] == [
        (row.label, sorted(row.characters)) for row in turned.irreps
    ]
    assert standing.branchings == turned.branchings
    assert np.allclose(turned.orientation, rotation)


def test_a_group_of_ones_own_has_a_page():
    five_fold = axis_angle_to_rotation(np.array([0.0, 1.0, (1 + 5**0.5) / 2]), 2 * np.pi / 5)
    page = group_page(FiniteGroup("I", [five_fold, np.eye(3)[[2, 0, 1]]]), degree=3)
    assert [members.heading for members in page.classes] == ["E", "12C5", "12C5²", "20C3", "15C2"]
    assert page.irreps[1].characters[1] == pytest.approx((1 + 5**0.5) / 2)
    assert page.irreps[1].functions.text == "(x, y, z); (Rx, Ry, Rz)"
    assert [list(content.values()) for content in page.branchings[0].splits.values()] == [[1]] * 6 + [
        [1, 1]
    ] * 2
    assert (page.hermann_mauguin, page.crystal_system) == (None, None)


@pytest.mark.parametrize("axial", [False, True])
def test_patterns_are_those_of_the_group(axial):
    (pattern,) = group_page("32", formulas=["ijk=ikj"], axial=axial).tensors
    assert (pattern.axial, pattern.rows) == (axial, allowed("ijk=ikj", "D3", axial).rows)


@pytest.mark.parametrize("name", ["Oh", "C3", "SO(3)", "O(2)"])
def test_json_holds_the_page_and_the_group(name):
    page = group_page(name, formulas=["ij=ji"])
    read = json.loads(as_json(page))
    assert read["irreps"][0]["functions"]["linear"] == list(page.irreps[0].functions.linear)
    assert [tuple(row) for row in read["tensors"][0]["rows"]] == list(page.tensors[0].rows)
    assert read["order"] == page.order
    assert len(read["turns"]) == len(get_group(name).lie_axes)
    if page.order:
        again = FiniteGroup(name, np.array([generator["matrix"] for generator in read["generators"]]))
        elements = np.array([element["matrix"] for element in read["elements"]])
        assert np.all(again.contains(elements))
        assert again.order == len(elements)


def test_the_list_has_every_group():
    entries = group_list()
    assert tuple(entry.name for entry in entries) == GROUP_NAMES
    assert len({entry.hermann_mauguin for entry in entries[4:]}) == 32


def test_wrong_requests_are_refused():
    with pytest.raises(InputError, match=r"the degree is out of range; got: 21; accepted: 0 … 20"):
        group_page("C1", degree=21)
    with pytest.raises(InputError, match=r"too large for a pattern; got: 2187 components"):
        group_page("C1", formulas=["ijklmno"])
    with pytest.raises(InputError, match="cannot read"):
        group_page("C1", formulas=["ij=j?"])
