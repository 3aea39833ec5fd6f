"""Every group behind one interface: names, elements, membership, draws, exact sums, and what it costs."""

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
from drawn_groups import all_irreps, groups, seeds, standing
from drawn_rotations import haar, rotations
from hypothesis import given, settings
from hypothesis import strategies as st

from intertwine.errors import InputError
from intertwine.groups import GROUP_NAMES, POINT_GROUPS, FiniteGroup, Group, get_group
from intertwine.groups.point_groups import SYNONYMS

# fmt: off
ORDER_AND_CLASSES = {
    "C1": (1, 1), "Ci": (2, 2), "C2": (2, 2), "Cs": (2, 2), "C2h": (4, 4), "D2": (4, 4), "C2v": (4, 4),
    "D2h": (8, 8), "C4": (4, 4), "S4": (4, 4), "C4h": (8, 8), "D4": (8, 5), "C4v": (8, 5), "D2d": (8, 5),
    "D4h": (16, 10), "C3": (3, 3), "S6": (6, 6), "D3": (6, 3), "C3v": (6, 3), "D3d": (12, 6), "C6": (6, 6),
    "C3h": (6, 6), "C6h": (12, 12), "D6": (12, 6), "C6v": (12, 6), "D3h": (12, 6), "D6h": (24, 12),
    "T": (12, 4), "Th": (24, 8), "O": (24, 5), "Td": (24, 5), "Oh": (48, 10),
}
# fmt: on
CENTROSYMMETRIC = {"Ci", "C2h", "D2h", "C4h", "D4h", "S6", "D3d", "C6h", "D6h", "Th", "Oh"}
CHIRAL = {"C1", "C2", "D2", "C4", "D4", "C3", "D3", "C6", "D6", "T", "O"}

point_groups = pytest.mark.parametrize("name", POINT_GROUPS)
every_group = pytest.mark.parametrize("name", GROUP_NAMES)


def finite(name: str) -> FiniteGroup:
    group = get_group(name)
    assert isinstance(group, FiniteGroup)
    return group


@point_groups
def test_a_point_group_has_its_order_its_classes_and_its_handedness(name: str) -> None:
    group = finite(name)
    assert (group.order, len(group.classes)) == ORDER_AND_CLASSES[name]
    assert bool(group.contains(-np.eye(3))) == (name in CENTROSYMMETRIC)
    assert bool(np.all(np.linalg.det(group.elements) > 0)) == (name in CHIRAL)


@point_groups
def test_the_elements_are_a_group(name: str) -> None:
    group = finite(name)
    g, everything = group.elements, np.arange(group.order)
    np.testing.assert_array_equal(g[0], np.eye(3))
    np.testing.assert_allclose(g @ g.swapaxes(1, 2), np.broadcast_to(np.eye(3), g.shape), atol=1e-15)
    np.testing.assert_array_equal(np.sort(group.table, axis=0), np.tile(everything[:, None], group.order))
    np.testing.assert_array_equal(np.sort(group.table, axis=1), np.tile(everything, (group.order, 1)))
    np.testing.assert_allclose(g[group.table], g[:, None] @ g, atol=1e-15)
    np.testing.assert_array_equal(group.index(g), everything)
    assert np.array_equal(np.sort(np.concatenate(group.classes)), everything)
    for members in group.classes:
        conjugates = group.index(g[:, None] @ g[members] @ g[:, None].swapaxes(-1, -2))
        assert set(conjugates.ravel()) == set(members)


@point_groups
def test_both_notations_name_one_group(name: str) -> None:
    group = finite(name)
    international = POINT_GROUPS[name][0]
    assert get_group(international) == group == get_group(f" {name.lower()} ")
    assert hash(get_group(international)) == hash(group)
    assert getattr(group, "hermann_mauguin", None) == international
    assert get_group(international.replace("-", "−")) == group  # a typographic minus


def test_no_two_names_mean_the_same_group() -> None:
    assert len(POINT_GROUPS) == 32
    assert len({get_group(name) for name in GROUP_NAMES}) == len(GROUP_NAMES) == 36
    assert len({international for international, _ in POINT_GROUPS.values()}) == 32
    assert {get_group(name).name for name in SYNONYMS} <= set(POINT_GROUPS)


@given(st.sampled_from(list(POINT_GROUPS)), haar)
@settings(max_examples=15)
def test_a_turned_group_is_equal_to_itself_and_to_no_other(name: str, R: np.ndarray) -> None:
    once, again = get_group(name, R), get_group(POINT_GROUPS[name][0], R.copy())
    assert once == again
    assert hash(once) == hash(again)
    assert once != get_group(name)
    assert once.description.startswith(f"{name} turned by")


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"no group is named 'D7h'.*do: write 'D\dh'"):
        get_group("D7h")
    with pytest.raises(InputError):
        get_group("D3", np.diag([1.0, 1.0, -1.0]))


@given(groups, seeds)
@settings(max_examples=60)
def test_products_and_inverses_of_elements_are_elements(group: Group, seed: int) -> None:
    g, h = group.sample(np.random.default_rng(seed), 16).reshape(2, 8, 3, 3)
    assert np.all(group.contains(np.concatenate([g, h, g @ h, g.swapaxes(1, 2), group.generators])))
    np.testing.assert_array_equal(group.matrix(g @ h), g @ h)


@given(standing, rotations, st.sampled_from([1.0, -1.0]))
@settings(max_examples=80)
def test_membership_is_what_the_group_is_made_of(group: Group, R: np.ndarray, sign: float) -> None:
    g = sign * R
    on_axis, proper = bool(np.abs(g @ [0, 0, 1] - [0, 0, 1]).max() < 1e-6), sign > 0
    expected = {"O(3)": True, "SO(3)": proper, "O(2)": on_axis, "SO(2)": on_axis and proper}
    if group.kind == "finite":
        expected[group.name] = bool(np.abs(group.elements - g).max(axis=(1, 2)).min() < 1e-6)
    assert bool(group.contains(g)) == expected[group.name]


@given(groups, haar)
@settings(max_examples=30)
def test_a_matrix_that_is_no_element_is_refused(group: Group, R: np.ndarray) -> None:
    if group.name not in ("O(3)", "SO(3)"):
        with pytest.raises(InputError, match="not an element of"):
            group.matrix(R)
    with pytest.raises(InputError, match="orthogonal"):
        group.matrix(2 * R)


@every_group
def test_only_a_finite_group_lists_its_elements(name: str) -> None:
    group = get_group(name)
    assert (group.kind == "compact") == (name in ("O(3)", "SO(3)", "O(2)", "SO(2)"))
    assert group.kind == ("compact" if len(group.lie_axes) else "finite")
    if group.kind == "compact":
        assert group.order is None
        with pytest.raises(InputError, match=r"has no list of elements; do: draw them with sample"):
            _ = group.elements
        with pytest.raises(InputError, match="infinitely many irreps"):
            group.irreps()
    else:
        assert group.order == len(group.elements)


@every_group
@pytest.mark.parametrize("degree", [0, 1, 4])
def test_the_quadrature_averages_every_irrep_up_to_its_degree(name: str, degree: int) -> None:
    group = get_group(name)
    elements, weights = group.quadrature(degree)
    assert np.all(group.contains(elements))
    assert weights.sum() == pytest.approx(1.0, abs=1e-14)
    assert np.all(weights > 0)
    for irrep in all_irreps(group, degree):
        mean = np.einsum("g,gij->ij", weights, irrep.matrix(elements))
        np.testing.assert_allclose(mean, np.eye(irrep.dim) * (irrep == group.trivial), atol=1e-14)


@every_group
def test_drawn_elements_follow_the_haar_measure(name: str) -> None:
    """Means of matrix elements over 4000 draws are within five standard deviations of the Haar mean."""
    group = get_group(name)
    drawn = group.sample(np.random.default_rng(3), 4000)
    np.testing.assert_array_equal(drawn, group.sample(np.random.default_rng(3), 4000))
    for irrep in all_irreps(group, 2):
        error = irrep.matrix(drawn).mean(axis=0) - np.eye(irrep.dim) * (irrep == group.trivial)
        assert np.abs(error).max() < 5 / np.sqrt(4000 * irrep.dim)


def test_a_group_means_the_same_in_another_process() -> None:
    """Pickled after it was hashed and used; strings hash differently over there."""
    program = """if True:
        import pickle, sys
        from intertwine.groups import Irreps, get_group
        for name, (group, irreps) in pickle.loads(sys.stdin.buffer.read()).items():
            assert group == get_group(name) and group in {get_group(name)}, name
            assert irreps == get_group(name).irreps(2) and irreps in {get_group(name).irreps(2)}, name
    """
    sent = {name: (get_group(name), get_group(name).irreps(2)) for name in ("O(3)", "O(2)", "Oh", "C3")}
    assert len({hash(pair) for pair in sent.values()}) == 4
    surroundings = {**os.environ, "PYTHONHASHSEED": "5"}
    command = [sys.executable, "-c", program]
    subprocess.run(command, input=pickle.dumps(sent), env=surroundings, capture_output=True, check=True)


def test_setting_up_every_point_group_from_nothing_is_quick() -> None:
    """Processor time in a fresh interpreter, imports not counted; the largest group comes first."""
    program = """if True:
        from time import process_time
        from intertwine.groups import POINT_GROUPS, get_group
        for name in reversed(POINT_GROUPS):
            start = process_time()
            group = get_group(name)
            group.irreps(), group.characters, group.table, group.classes
            [irrep.algebra for irrep in group.listed]
            print(process_time() - start)
    """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    seconds = [float(line) for line in done.stdout.split()]
    assert len(seconds) == 32
    assert max(seconds) < 0.2
    assert sum(seconds) < 3.0
