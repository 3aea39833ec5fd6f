"""Vacancies and surfaces, beside the same by hand with ASE, and what symmetry says of both."""

import numpy as np
import pytest
from ase.build import bulk, fcc111
from ase.calculators.emt import EMT
from ase.optimize import BFGS

from intertwine.apps.matter.crystal import element_crystal, multiples, repeated
from intertwine.apps.matter.surface import JOULE_PER_SQUARE_METRE, layers, miller_indices, slab, surface
from intertwine.apps.matter.vacancy import vacancies
from intertwine.data import Structure, conventional_cell
from intertwine.errors import InputError

LATTICE = 3.5898281
"""Å, of copper with EMT."""


@pytest.fixture(scope="module")
def faces():
    planes = ((1, 1, 1), (1, 0, 0), (1, 1, 0))
    return {plane: surface(EMT(), element_crystal("Cu"), plane, thickness=9.0) for plane in planes}


def test_a_vacancy_costs_what_ase_says_by_hand():
    (found,) = vacancies(EMT(), Structure.from_ase(bulk("Cu", cubic=True)), supercell=(2, 2, 2), fmax=1e-4)
    whole = bulk("Cu", a=LATTICE, cubic=True) * (2, 2, 2)
    whole.calc = EMT()
    perfect = whole.get_potential_energy()
    del whole[5]
    in_place = whole.get_potential_energy() - 31 / 32 * perfect
    with BFGS(whole, logfile=None) as search:
        search.run(fmax=1e-4)
    by_hand = whole.get_potential_energy() - 31 / 32 * perfect
    assert found.energy == pytest.approx(by_hand, abs=1e-5)
    assert found.energy_in_place == pytest.approx(in_place, abs=1e-5)
    assert found.record()["relaxation_eV"] == pytest.approx(in_place - by_hand, abs=1e-5)
    assert len(found.defect.structure) == 31


def test_every_kind_of_site_has_its_vacancy():
    """A₃B has two; their sum is the cost of taking out one of each, whatever the potentials are."""
    ordered = Structure.from_ase(bulk("Cu", a=3.7, cubic=True))
    ordered = ordered.replace(numbers=np.array([79, 29, 29, 29]))
    ends = [
        vacancies(EMT(), ordered, supercell=(2, 2, 2), potentials=worth)
        for worth in ({"Cu": 0.0, "Au": 0.0}, {"Cu": 0.5, "Au": -0.2})
    ]
    assert [[one.symbol for one in found] for found in ends] == [["Au", "Cu"]] * 2
    gains = [after.energy - before.energy for before, after in zip(*ends, strict=True)]
    assert gains == pytest.approx([-0.2, 0.5], abs=1e-6)
    (single,) = vacancies(EMT(), ordered, supercell=(2, 2, 2), potentials={"Cu": 0.0}, atom=3)
    assert single.energy == pytest.approx(ends[0][1].energy, abs=1e-4)


def test_a_surface_costs_what_ase_says_by_hand(faces):
    found = faces[1, 1, 1]
    by_hand = fcc111("Cu", (1, 1, layers(found.slab.structure)), a=LATTICE, vacuum=6.0)
    area = np.sqrt(3) / 4 * LATTICE**2
    perfect = bulk("Cu", a=LATTICE)
    by_hand.calc, perfect.calc = EMT(), EMT()
    excess = by_hand.get_potential_energy() - len(by_hand) * perfect.get_potential_energy()
    assert found.area == pytest.approx(area, rel=1e-6)
    assert found.energy_as_cut == pytest.approx(excess / (2 * area), abs=1e-6)
    assert found.energy < found.energy_as_cut
    assert found.record()["surface_energy_J_m2"] == pytest.approx(found.energy * 16.0217663, rel=1e-7)


def test_close_packed_faces_cost_least(faces):
    energies = [faces[plane].energy for plane in ((1, 1, 1), (1, 0, 0), (1, 1, 0))]
    assert energies == sorted(energies)
    assert 0.5 < energies[0] * JOULE_PER_SQUARE_METRE < 1.5


def test_a_thicker_slab_has_the_same_faces(faces):
    thick = surface(EMT(), element_crystal("Cu"), (1, 0, 0), thickness=18.0)
    assert thick.energy == pytest.approx(faces[1, 0, 0].energy, rel=2e-3)


@pytest.mark.parametrize("plane", [(0, 1, 0), (0, 0, -1)])
def test_equivalent_planes_cost_the_same(faces, plane):
    turned = element_crystal("Cu")
    found = surface(EMT(), turned, plane, thickness=9.0)
    assert found.energy == pytest.approx(faces[1, 0, 0].energy, abs=1e-6)


@pytest.mark.parametrize(("plane", "gap"), [((1, 1, 1), 3**0.5 / 4), ((1, 0, 0), 1 / 4)])
def test_diamond_is_cut_where_planes_are_far_apart(plane, gap):
    """(111) of diamond between its double layers, a√3/4 apart, so that one bond per atom is cut."""
    silicon = conventional_cell(element_crystal("Si"))
    cut = slab(silicon, plane, 12.0, 10.0)
    a = silicon.cell[0, 0]
    heights = np.sort(cut.positions[:, 2])
    steps = np.diff(heights)
    outer = sorted(steps[steps > 1e-6])
    assert outer[-1] == pytest.approx(a * gap, rel=1e-6)
    assert cut.cell[2, 2] - np.ptp(heights) == pytest.approx(10.0, abs=1e-9)
    if plane == (1, 1, 1):
        assert steps[steps > 1e-6][0] == pytest.approx(a * 3**0.5 / 12, rel=1e-6)  # a double layer is whole


@pytest.mark.parametrize("plane", [(1, 1, 1), (2, 1, 0), (3, 1, 1), (-1, 2, 3), (0, 0, 1)])
def test_a_slab_without_vacuum_is_the_crystal(plane):
    """Every atom of a slab deep inside has the neighbours of the crystal."""
    whole = conventional_cell(element_crystal("Cu"))
    cut = slab(whole, plane, 14.0, 8.0).to_ase()
    heights = cut.positions[:, 2] - cut.positions[:, 2].min()
    deep = np.argmin(abs(heights - np.ptp(heights) / 2))
    distances = np.sort((cut * (5, 5, 1)).get_all_distances(mic=True)[deep])[1:13]
    assert distances == pytest.approx(whole.cell[0, 0] / 2**0.5, rel=1e-6)


def test_supercells_are_as_wide_as_was_asked():
    skew = Structure([29], [[0, 0, 0]], [[3.0, 0, 0], [1.5, 2.5, 0], [1.0, 1.0, 2.0]], pbc=True)
    times = multiples(skew, 9.0)
    large = repeated(skew, times)
    heights = 1 / np.linalg.norm(np.linalg.inv(large.cell), axis=0)
    assert heights.min() >= 9.0
    assert len(large) == np.prod(times)


@pytest.mark.parametrize("text", ["", "11", "1111", "000", "x11", "1.5 0 0", "0 0 2 1"])
def test_words_that_are_no_indices_are_refused(text):
    with pytest.raises(InputError, match="no Miller indices"):
        miller_indices(text)


@pytest.mark.parametrize(
    ("text", "indices"),
    [
        ("222", (1, 1, 1)),
        ("(10-1)", (1, 0, -1)),
        ("1 1 12", (1, 1, 12)),
        ("10-10", (1, 0, 0)),
        ("-1-12", (-1, -1, 2)),
    ],
)
def test_indices_are_read_as_people_write_them(text, indices):
    assert miller_indices(text) == indices


def test_what_cannot_be_is_said_in_one_line():
    copper, compound = element_crystal("Cu"), Structure.from_ase(bulk("CuAu", "cesiumchloride", a=3.0))
    with pytest.raises(InputError, match="no such atom; got: 7; accepted: 0 to 0"):
        vacancies(EMT(), copper, atom=7)
    with pytest.raises(InputError, match=r"compound.*do: give the chemical potential of Au, eV"):
        vacancies(EMT(), compound, potentials={"Cu": 0.0})
    with pytest.raises(InputError, match="a chemical potential of 'Ni'; accepted: of Cu"):
        vacancies(EMT(), copper, potentials={"Ni": 0.0})
    with pytest.raises(InputError, match="too small for a vacancy"):
        vacancies(EMT(), copper, supercell=(1, 1, 1))
    with pytest.raises(InputError, match="thickness cannot be used"):
        surface(EMT(), copper, (1, 1, 1), thickness=-3.0)
    with pytest.raises(InputError, match="Cu is no crystal"):
        surface(EMT(), Structure([29], [[0, 0, 0]]), (1, 1, 1))
