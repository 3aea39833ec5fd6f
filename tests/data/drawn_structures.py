"""Hypothesis strategies over structures: molecules, wires, slabs and crystals, labelled or not."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from intertwine.data import LABELS, Label, Structure
from intertwine.data.labels import declare

declare(Label("hopping", "eV", "ij", per="bond", quantity="energy"))

INFO_WORDS = st.from_regex(r"[A-Z][a-z]{2,8}( [A-Z][a-z]{2,8})?", fullmatch=True)


def numbers_between(low: float, high: float) -> st.SearchStrategy[float]:
    """Any float64 of an interval, subnormal ones and negative zero too."""
    return st.floats(low, high, allow_nan=False, width=64)


def arrays(shape: tuple[int, ...], largest: float = 1e3) -> st.SearchStrategy[np.ndarray]:
    """Float64 arrays of one shape."""
    return arrays_of.arrays(np.float64, shape, elements=numbers_between(-largest, largest))


@st.composite
def cells(draw: Any, pbc: np.ndarray) -> np.ndarray:
    """Cells whose periodic vectors span what they should; open axes have a vector or none."""
    cell = draw(arrays((3, 3), 20.0))
    for axis in np.flatnonzero(~pbc):
        cell[axis] *= draw(st.sampled_from([0.0, 1.0]))
    if pbc.any():
        sound = np.linalg.svd(cell[pbc], compute_uv=False).min() > 0.01
        cell[pbc] = cell[pbc] if sound else 5.0 * np.eye(3)[pbc]
    return cell


@st.composite
def labels(draw: Any, n_atoms: int, n_bonds: int, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """A value of each named label that there can be."""
    names = tuple(name for name in names if n_bonds or LABELS[name].per != "bond")
    drawn = {name: draw(arrays(LABELS[name].full_shape(n_atoms, n_bonds))) for name in names}
    return {n: LABELS[n].symmetrised(value) if LABELS[n].rank > 1 else value for n, value in drawn.items()}


@st.composite
def structures(draw: Any, max_atoms: int = 5, species: tuple[int, ...] = tuple(range(1, 119))) -> Structure:
    """Any sound structure, with some of the labels, bonds, a charge, a field and a little info."""
    n_atoms = draw(st.integers(1, max_atoms))
    pbc = np.array(draw(st.tuples(st.booleans(), st.booleans(), st.booleans())))
    names = draw(st.sets(st.sampled_from(sorted(LABELS)), max_size=4))
    n_bonds = draw(st.integers(0, 4))
    pairs = arrays_of.arrays(np.int64, (n_bonds, 2), elements=st.integers(0, n_atoms - 1))
    shifts = arrays_of.arrays(np.int64, (n_bonds, 3), elements=st.integers(-3, 3))
    return Structure(
        numbers=np.array(draw(st.lists(st.sampled_from(species), min_size=n_atoms, max_size=n_atoms))),
        positions=draw(arrays((n_atoms, 3), 50.0)),
        cell=draw(cells(pbc)),
        pbc=pbc,
        labels=draw(labels(n_atoms, n_bonds, tuple(sorted(names)))),
        bonds=draw(pairs),
        bond_shifts=draw(shifts) * pbc,
        charge=draw(st.sampled_from([0.0, 1.0, -2.0])),
        electric_field=draw(st.sampled_from([np.zeros(3), np.array([0.0, 0.01, -0.3])])),
        info=draw(st.dictionaries(st.sampled_from(["config_type", "origin"]), INFO_WORDS)),
    )
