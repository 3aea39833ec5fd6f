"""Point groups of crystals and sites, as ASE's tables list them and as brute force finds them."""

import itertools
import sys

import numpy as np
import pytest
import spglib
from ase.build import graphene, molecule
from ase.geometry import minkowski_reduce
from hypothesis import given, settings
from hypothesis import strategies as st
from known_crystals import CRYSTALS, LAST, class_of, crystal_of

from intertwine.data import Structure, crystal_point_group, site_point_group, symmetrised
from intertwine.errors import InputError, MissingExtraError
from intertwine.groups import POINT_GROUPS, get_group, random_rotation

by_name = pytest.mark.parametrize("name", CRYSTALS)
rotations = st.integers(0, 2**32 - 1).map(lambda seed: random_rotation(np.random.default_rng(seed)))
INTEGERS = np.array(list(itertools.product([-1.0, 0.0, 1.0], repeat=9))).reshape(-1, 3, 3)


def turned(structure: Structure, R: np.ndarray) -> Structure:
    return structure.replace(positions=structure.positions @ R.T, cell=structure.cell @ R.T)


def known(name: str, seed: int = 1) -> Structure:
    """A structure type in a drawn orientation."""
    return turned(Structure.from_ase(CRYSTALS[name][0]), random_rotation(np.random.default_rng(seed)))


def site_of(name: str, atom: int) -> str:
    """What the books say of this atom."""
    atoms, _, sites = CRYSTALS[name]
    return sites[atoms[atom].symbol]


def same_set(first: np.ndarray, second: np.ndarray, atol: float = 1e-9) -> bool:
    """Whether two lists of different matrices agree in some order."""
    distance = np.abs(first[:, None] - second).max(axis=(2, 3))
    return len(first) == len(second) and bool(np.all(distance.min(axis=0) < atol))


def fits(structure: Structure, g: np.ndarray, start: np.ndarray, end: np.ndarray) -> bool:
    """Whether x → g (x − start) + end carries every atom to one of its kind, by trying them all."""
    moved = (structure.positions - start) @ g.T + end
    difference = (moved[:, None] - structure.positions) @ np.linalg.inv(structure.cell)
    distance = np.linalg.norm((difference - np.round(difference)) @ structure.cell, axis=2)
    alike = structure.numbers[:, None] == structure.numbers
    return bool(np.all(np.min(np.where(alike, distance, np.inf), axis=1) < 1e-6))


def lattice_group(structure: Structure) -> np.ndarray:
    """Every orthogonal map that keeps the lattice: on a reduced basis its entries are 0 and ±1."""
    columns = minkowski_reduce(structure.cell)[0].T
    metric = columns.T @ columns
    kept = np.abs(INTEGERS.swapaxes(1, 2) @ metric @ INTEGERS - metric).max(axis=(1, 2)) < 1e-6
    return columns @ INTEGERS[kept] @ np.linalg.inv(columns)


def brute_force(structure: Structure) -> np.ndarray:
    """Every map of the lattice that, with some translation, keeps the crystal; the cell is primitive."""
    x, first = structure.positions, structure.numbers == structure.numbers[0]
    maps = lattice_group(structure)
    return np.array([g for g in maps if any(fits(structure, g, x[0], end) for end in x[first])])


@pytest.mark.parametrize("number", range(1, 231))
def test_a_crystal_of_every_space_group_is_found_as_it_stands(number: int) -> None:
    """ASE has a list of operations of its own; an atom in a general position has no symmetry."""
    structure, expected = crystal_of(number)
    found = crystal_point_group(structure)
    assert found.name == class_of(number)
    assert same_set(found.elements, expected)
    assert site_point_group(structure, 0).name == "C1"
    assert len(set(np.unique_counts(structure.numbers).counts)) == 1  # the positions are general


def test_the_space_groups_are_of_all_classes() -> None:
    assert list(LAST) == list(POINT_GROUPS)


@given(st.integers(1, 230), rotations)
@settings(max_examples=40)
def test_a_turned_crystal_has_the_turned_group(number: int, R: np.ndarray) -> None:
    structure, expected = crystal_of(number)
    found = crystal_point_group(turned(structure, R))
    assert found.name == class_of(number)
    assert same_set(found.elements, R @ expected @ R.T)


@by_name
def test_brute_force_finds_the_same_crystal_class(name: str) -> None:
    structure = known(name)
    found = crystal_point_group(structure)
    assert found.name == CRYSTALS[name][1]
    assert same_set(found.elements, brute_force(structure))


@by_name
def test_brute_force_finds_the_same_sites(name: str) -> None:
    structure = known(name)
    whole, maps = crystal_point_group(structure), lattice_group(structure)
    for atom, x in enumerate(structure.positions):
        found = site_point_group(structure, atom)
        assert found.name == site_of(name, atom)
        assert same_set(found.elements, np.array([g for g in maps if fits(structure, g, x, x)]))
        found.require_subgroup_of(whole)


@by_name
def test_sites_are_called_as_spglib_calls_them(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its symbols are oriented: m.2m is mm2 with its axis along b. It also counts equivalent atoms."""
    monkeypatch.setenv("SPGLIB_OLD_ERROR_HANDLING", "0")
    structure = known(name)
    fractional = structure.to_ase().get_scaled_positions()
    dataset = spglib.get_symmetry_dataset((structure.cell, fractional, structure.numbers), 1e-3)
    order = crystal_point_group(structure).order
    for atom, (symbol, orbit) in enumerate(
        zip(dataset.site_symmetry_symbols, dataset.crystallographic_orbits, strict=True)
    ):
        found = site_point_group(structure, atom)
        assert sorted(symbol.replace(".", "")) == sorted(found.hermann_mauguin)
        assert found.order * np.sum(dataset.crystallographic_orbits == orbit) == order


@given(st.sampled_from(list(CRYSTALS)), rotations, st.sampled_from([(1, 1, 3), (2, 1, 1), (1, 3, 2)]))
@settings(max_examples=15)
def test_a_supercell_of_any_shape_is_the_same_crystal(name: str, R: np.ndarray, repeat: tuple) -> None:
    atoms = CRYSTALS[name][0]
    small, large = (turned(Structure.from_ase(one), R) for one in (atoms, atoms * repeat))
    assert same_set(crystal_point_group(large).elements, crystal_point_group(small).elements)
    for atom in range(len(atoms)):
        assert same_set(site_point_group(large, atom).elements, site_point_group(small, atom).elements)


def test_conventional_axes_are_the_standard_setting() -> None:
    for name in ("perovskite", "rutile", "quartz", "hcp", "L1_0", "diamond", "wurtzite"):
        atoms, whole, _ = CRYSTALS[name]
        assert crystal_point_group(Structure.from_ase(atoms)) == get_group(whole)


def distorted(structure: Structure, size: float, seed: int) -> Structure:
    """Atoms shifted by up to `size` Å, the cell strained by a tenth of that per Å."""
    rng = np.random.default_rng(seed)
    shifts, strain = rng.uniform(-1, 1, structure.positions.shape), rng.uniform(-1, 1, (3, 3))
    cell = structure.cell @ (np.eye(3) + size / 10 * (strain + strain.T))
    positions = structure.positions @ np.linalg.inv(structure.cell) @ cell + size * shifts
    return structure.replace(positions=positions, cell=cell)


@given(st.sampled_from(list(CRYSTALS)), st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_a_distortion_within_the_tolerance_leaves_the_group(name: str, seed: int) -> None:
    """The group stays exact, and is turned by no more than the strain; every site keeps its own."""
    structure = known(name)
    whole, near = crystal_point_group(structure), distorted(structure, 1e-4, seed)
    found = crystal_point_group(near, tolerance=1e-2)
    assert found.name == whole.name
    assert same_set(found.elements, whole.elements, 1e-3)
    for atom in range(len(structure)):
        assert site_point_group(near, atom, tolerance=1e-2).name == site_of(name, atom)


@by_name
def test_a_distortion_beyond_the_tolerance_leaves_the_inversion_of_a_lattice_at_most(name: str) -> None:
    """One fixed distortion: among many, some keep an axis by chance."""
    assert crystal_point_group(distorted(known(name), 0.05, seed=1), tolerance=1e-3).name in ("C1", "Ci")


def test_a_shift_along_an_axis_leaves_what_keeps_the_axis() -> None:
    """A ferroelectric: titanium goes up along c, and mirrors and turns about c remain."""
    structure = Structure.from_ase(CRYSTALS["perovskite"][0])
    moved = structure.replace(positions=structure.positions + np.outer(structure.numbers == 22, [0, 0, 0.1]))
    assert crystal_point_group(moved) == site_point_group(moved, 1) == get_group("4mm")
    assert crystal_point_group(moved, tolerance=0.3) == get_group("m-3m")
    assert {site_point_group(moved, atom).name for atom in range(5)} == {"C4v", "C2v"}


def off(structure: Structure, g: np.ndarray) -> float:
    """How far from an atom of its kind g leaves an atom, Å, with the translation that is best."""
    x, inverse = structure.positions, np.linalg.inv(structure.cell)
    alike = structure.numbers[:, None] == structure.numbers
    best = np.inf
    for end in x[alike[0]]:
        difference = (((x - x[0]) @ g.T + end)[:, None] - x) @ inverse
        distance = np.linalg.norm((difference - np.round(difference)) @ structure.cell, axis=2)
        best = min(best, np.where(alike, distance, np.inf).min(axis=1).max())
    return best


@by_name
def test_a_distorted_crystal_is_made_exact_where_it_stands(name: str) -> None:
    near = distorted(known(name), 1e-4, seed=3)
    exact = symmetrised(near, tolerance=1e-2)
    assert max(off(exact, g) for g in crystal_point_group(near, tolerance=1e-2).elements) < 1e-12
    assert np.abs(exact.positions - near.positions).max() < 1e-3
    assert np.abs(exact.cell - near.cell).max() < 1e-3
    assert len(near) == 1 or max(off(near, g) for g in crystal_point_group(exact).elements) > 1e-5


@given(st.integers(1, 230), rotations)
@settings(max_examples=25)
def test_a_crystal_of_any_space_group_is_made_exact(number: int, R: np.ndarray) -> None:
    """Its own lattice, with atoms in general positions, kept in their order and orientation."""
    structure = turned(crystal_of(number)[0], R)
    near = structure.replace(positions=np.round(structure.positions, 4))
    exact = symmetrised(near, tolerance=1e-2)
    assert np.abs(exact.positions - near.positions).max() < 1e-3
    drawn = np.random.default_rng(number).choice(crystal_point_group(structure).elements, 2)
    assert max(off(exact, g) for g in drawn) < 1e-10


CRYSTAL = Structure.from_ase(CRYSTALS["fcc"][0])
REFUSED = [
    (lambda: crystal_point_group(Structure.from_ase(molecule("H2O"))), "three periodic axes; got: pbc=FFF"),
    (
        lambda: site_point_group(Structure.from_ase(graphene(vacuum=5)), 0),
        "pbc=TTF; do: name the",
    ),
    (lambda: crystal_point_group(CRYSTAL, tolerance=0.0), "tolerance is not positive; got: 0.0"),
    (lambda: crystal_point_group(CRYSTAL, tolerance=float("nan")), "tolerance is not positive; got: nan"),
    (lambda: site_point_group(CRYSTAL, 1), "no such atom; got: 1; accepted: 0 to 0"),
    (lambda: site_point_group(CRYSTAL, -1), "no such atom; got: -1"),
    (
        lambda: crystal_point_group(Structure([1, 1], [[0, 0, 0], [0, 0, 1e-5]], np.eye(3), True)),
        "spglib finds no symmetry in H2; got: tolerance 0.001 Å; do: check that no two atoms lie closer",
    ),
]


@pytest.mark.parametrize("mode", ["0", "1"])
@pytest.mark.parametrize(("call", "message"), REFUSED)
def test_what_is_no_crystal_is_refused_in_one_line(call, message: str, mode: str, monkeypatch) -> None:
    """However spglib fails: by an exception, or by nothing with a warning."""
    monkeypatch.setenv("SPGLIB_OLD_ERROR_HANDLING", mode)
    with pytest.raises(InputError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_without_spglib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spglib", None)
    with pytest.raises(MissingExtraError, match=r"spglib is needed.*pip install 'intertwine\[crystal\]'"):
        crystal_point_group(CRYSTAL)
