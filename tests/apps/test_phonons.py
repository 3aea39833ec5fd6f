"""Phonons and what follows from them: sound, heat, longitudinal modes, expansion."""

import numpy as np
import pytest
from ase import units
from ase.build import bulk
from ase.calculators.emt import EMT

from intertwine.apps.matter.asking import source_from
from intertwine.apps.matter.birch_murnaghan import BirchMurnaghan
from intertwine.apps.matter.crystal import element_crystal
from intertwine.apps.matter.elastic import elastic
from intertwine.apps.matter.expansion import expansion
from intertwine.apps.matter.phonons import phonons
from intertwine.apps.matter.polar import COULOMB, polar_response, read_born
from intertwine.data import Structure
from intertwine.errors import InputError, IntertwineError, MissingExtraError

pytest.importorskip("phonopy")


@pytest.fixture(scope="module")
def copper():
    return phonons(EMT(), element_crystal("Cu"), supercell=(6, 6, 6), hottest=3000.0, step=25.0)


@pytest.fixture(scope="module")
def warm():
    return expansion(
        EMT(), element_crystal("Cu"), points=6, supercell=(3, 3, 3), mesh=30.0, hottest=600.0, step=10.0
    )


def alloy() -> Structure:
    """Copper and gold as caesium and chlorine: two sites without freedom."""
    return Structure.from_ase(bulk("CuAu", "cesiumchloride", a=3.1))


def test_nothing_resists_a_crystal_that_moves_as_a_whole(copper):
    assert copper.stable
    assert abs(copper.lowest) < 1e-3
    assert np.abs(copper.special["G"]).max() < 1e-3
    assert copper.constants.sum_rule < 1e-9
    assert copper.constants.displacements == 1


def test_there_are_three_modes_for_every_atom(copper):
    assert np.trapezoid(copper.density, copper.grid) == pytest.approx(3.0, rel=5e-3)


def test_long_waves_are_sound(copper):
    """Slopes of the branches at Γ beside Christoffel's equation with the elastic constants from stresses."""
    constants = elastic(EMT(), element_crystal("Cu"))
    reciprocal = np.linalg.inv(copper.constants.primitive.cell).T
    for direction in np.array([[0.0, 0.0, 1.0], [1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [1.0, 2.0, 3.0]]):
        short = 0.01 * direction / np.linalg.norm(direction)  # Å⁻¹, without 2π
        (frequencies,) = copper.frequencies((short @ np.linalg.inv(reciprocal))[None])
        speeds = np.sort(frequencies) / 0.01 * 100  # THz·Å to m/s
        assert speeds == pytest.approx(constants.velocities(direction), rel=0.01)


def test_the_neighbourhood_of_x_is_as_flat_as_symmetry_demands(copper):
    place = copper.bands.points["X"]
    (at,), (near,) = (copper.frequencies(q[None]) for q in (place, place * 1.002))
    assert near == pytest.approx(at, rel=1e-4)


def test_heat_obeys_its_laws(copper):
    """Dulong and Petit where it is hot; S = −∂F/∂T; U = F + TS rises as C_V; the zero point."""
    heat = copper.thermal
    assert heat.heat_capacity[-1] == pytest.approx(3.0, rel=2e-3)
    assert heat.heat_capacity[0] == heat.entropy[0] == 0.0
    inner = slice(4, -1)
    slope = -np.gradient(heat.free_energy, heat.temperatures) / units.kB
    assert slope[inner] == pytest.approx(heat.entropy[inner], rel=2e-2)
    inside = heat.free_energy + units.kB * heat.temperatures * heat.entropy
    rise = np.gradient(inside, heat.temperatures) / units.kB
    assert rise[inner] == pytest.approx(heat.heat_capacity[inner], rel=2e-2)
    planck = 4.135667696e-3  # eV per THz
    zero = np.trapezoid(copper.density * copper.grid, copper.grid) * planck / 2
    assert heat.free_energy[0] == pytest.approx(zero, rel=5e-3)


def test_a_conventional_cell_has_the_same_phonons(copper):
    whole = Structure.from_ase(bulk("Cu", cubic=True))
    found = phonons(EMT(), whole, supercell=(3, 3, 3), mesh=10.0)
    assert len(found.constants.primitive) == 1
    assert sorted(found.special) == sorted(copper.special)
    for name, row in found.special.items():
        assert row == pytest.approx(copper.special[name], abs=0.12), name  # THz; another supercell


def test_forces_are_computed_once(tmp_path):
    start, settings = element_crystal("Al"), {"supercell": (2, 2, 2), "cell": "fixed", "mesh": 10.0}
    first = phonons(Counting(), start, folder=tmp_path, **settings)
    counting = Counting()
    again = phonons(counting, start, folder=tmp_path, **settings)
    assert counting.large == 0
    assert np.array_equal(first.constants.phonopy.force_constants, again.constants.phonopy.force_constants)
    phonons(counting, start, folder=tmp_path, displacement=0.02, **settings)
    assert counting.large == 1


class Counting(EMT):
    """Counts how often it computed more than one atom."""

    large = 0

    def calculate(self, atoms, *arguments, **named):
        self.large += len(atoms) > 1
        super().calculate(atoms, *arguments, **named)


def born_file(folder, charge: float, permittivity: float):
    numbers = [" ".join(map(str, (size * np.eye(3)).ravel())) for size in (permittivity, charge, -charge)]
    (folder / "BORN").write_text("\n".join(["default value", *numbers]) + "\n")
    return folder / "BORN"


def test_longitudinal_modes_rise_by_what_charges_demand(tmp_path):
    """ω²(LO) − ω²(TO) = Z² / (ε₀ ε V µ) of two atoms in a cubic crystal, whatever the short forces."""
    settings = {"supercell": (2, 2, 2), "mesh": 10.0}
    charge, permittivity = 1.3, 4.0
    plain = phonons(EMT(), alloy(), **settings)
    found = phonons(EMT(), alloy(), born=born_file(tmp_path, charge, permittivity), **settings)
    assert found.polar
    assert not plain.polar
    found.constants.phonopy.run_qpoints([[0, 0, 0]], nac_q_direction=[1, 0, 0])
    squares = np.sign(f := found.constants.phonopy.qpoints.frequencies[0]) * f**2
    masses = found.ground.structure.to_ase().get_masses()
    reduced = masses.prod() / masses.sum()
    volume = abs(np.linalg.det(found.ground.structure.cell))
    expected = 4 * np.pi * COULOMB * charge**2 / (permittivity * volume * reduced)  # eV/(Å² u)
    thz = units.second * 1e-12 / (2 * np.pi)  # of angular frequency in ASE's units, sqrt(eV/u)/Å
    assert squares[5] - squares[4] == pytest.approx(expected * thz**2, rel=1e-3)
    assert squares[3:5] == pytest.approx([plain.special["G"][3] ** 2] * 2, rel=1e-4)


class Charged(EMT):
    """Has Born charges and a polarisability, as a model in a field has."""

    implemented_properties = (*EMT.implemented_properties, "born_effective_charges", "polarisability")

    def calculate(self, atoms, properties, changes):
        super().calculate(atoms, properties, changes)
        signs = np.where(atoms.numbers == 29, 1.3, -1.3)
        self.results["born_effective_charges"] = signs[:, None, None] * np.eye(3)
        volume = atoms.get_volume()
        self.results["polarisability"] = 3.0 * volume / (4 * np.pi * COULOMB) * np.eye(3)


def test_what_a_model_knows_of_fields_is_what_a_file_would_say(tmp_path):
    settings = {"supercell": (2, 2, 2), "mesh": 10.0}
    told = phonons(Charged(), alloy(), **settings)
    read = phonons(EMT(), alloy(), born=born_file(tmp_path, 1.3, 4.0), **settings)
    ends = [one.bands.frequencies for one in (told, read)]
    assert all(np.allclose(a, b, atol=1e-6) for a, b in zip(*ends, strict=True))
    assert polar_response(source_from(EMT()), alloy()) is None
    with pytest.raises(InputError, match="no file"):
        read_born(read.constants.phonopy, tmp_path / "nowhere")
    (tmp_path / "BORN").write_text("nothing\n1 2\n")
    with pytest.raises(InputError, match=r"Born charges from|does not fit"):
        read_born(read.constants.phonopy, tmp_path / "BORN")


def test_a_crystal_that_is_no_minimum_has_imaginary_branches():
    stretched = Structure.from_ase(bulk("Cu", "bcc", a=2.86))
    found = phonons(EMT(), stretched, supercell=(4, 4, 4), cell="fixed", mesh=10.0)
    assert not found.stable
    assert found.lowest < -0.1
    (there,) = found.frequencies(np.array([found.lowest_at]))
    assert there.min() == pytest.approx(found.lowest, abs=1e-6)


def test_cold_crystals_lie_at_the_minimum_with_the_zero_point(warm):
    zero = len(warm.ground.structure) * np.array([one.free_energy[0] for one in warm.vibrations])
    cold = BirchMurnaghan.fit(warm.volumes, warm.energies + zero)
    assert warm.volume[0] == pytest.approx(cold.volume, rel=1e-12)
    bare = BirchMurnaghan.fit(warm.volumes, warm.energies)
    assert bare.volume < cold.volume
    assert bare.energy + zero.min() < cold.energy < bare.energy + zero.max()


def test_expansion_is_the_slope_of_the_volume(warm):
    slope = np.gradient(warm.volume, warm.temperatures) / warm.volume
    assert warm.expansion[5:-1] == pytest.approx(slope[5:-1], rel=1e-2)
    entropy = -np.gradient([curve.energy for curve in warm.curves], warm.temperatures)  # S = −dG/dT
    capacity = warm.temperatures * np.gradient(entropy, warm.temperatures) / units.kB
    assert warm.heat_capacity_p[10:-2] == pytest.approx(capacity[10:-2], rel=1e-2)
    assert (warm.heat_capacity_p[1:] > warm.heat_capacity_v[1:]).all()


def test_phonopy_expands_the_same_crystal_alike(warm):
    """phonopy's own quasi-harmonic program, on the same energies and vibrations."""
    from phonopy.qha.core import QHA

    many = 96.48533212331  # kJ/mol of 1 eV
    molar = 8.31446261815324  # J/K/mol of k_B
    vibrations = warm.vibrations
    other = QHA(
        warm.volumes,
        warm.energies,
        warm.temperatures,
        molar * np.array([one.heat_capacity for one in vibrations]).T,
        molar * np.array([one.entropy for one in vibrations]).T,
        many * np.array([one.free_energy for one in vibrations]).T,
        eos="birch_murnaghan",
        t_max=500.0,
    )
    other.run()
    count = len(other.thermal_expansion)
    assert count > 40
    assert other.volume_temperature == pytest.approx(warm.volume[:count], rel=1e-6)
    assert other.bulk_modulus_temperature == pytest.approx(warm.bulk_modulus[:count], rel=1e-3)
    assert other.thermal_expansion[5:] == pytest.approx(warm.expansion[5:count], rel=2e-2)


def test_temperatures_at_which_the_volume_is_unknown_are_left_out():
    found = expansion(
        EMT(),
        element_crystal("Cu"),
        largest=1.02,
        points=5,
        supercell=(2, 2, 2),
        mesh=15.0,
        hottest=2000.0,
        step=100.0,
    )
    assert found.temperatures.tolist() == [0.0, 100.0, 200.0]  # at 300 K copper is 2.01 % larger
    assert found.volume.max() < found.volumes.max()
    assert len(found.temperatures) == len(found.curves) == len(found.expansion)


def test_what_cannot_be_is_said_in_one_line(monkeypatch):
    start = element_crystal("Cu")
    with pytest.raises(InputError, match="displacement cannot be used"):
        phonons(EMT(), start, displacement=3.0)
    with pytest.raises(InputError, match="temperatures cannot be used"):
        phonons(EMT(), start, hottest=10.0, step=5.0)
    with pytest.raises(InputError, match="mesh cannot be used"):
        phonons(EMT(), start, supercell=(1, 1, 1), mesh=-1.0)
    with pytest.raises(InputError, match="supercell is too small"):
        phonons(EMT(), start, supercell=(0, 1, 1))
    with pytest.raises(InputError, match="volumes cannot be used"):
        expansion(EMT(), start, smallest=1.01)
    unstable = Structure.from_ase(bulk("Cu", "bcc", a=2.86))
    with pytest.raises(IntertwineError, match="a mode is imaginary"):
        expansion(EMT(), unstable, points=5, supercell=(4, 4, 4), mesh=15.0)
    monkeypatch.setitem(__import__("sys").modules, "phonopy", None)
    with pytest.raises(MissingExtraError, match=r"phonopy is needed.*pip install 'intertwine\[crystal\]'"):
        phonons(EMT(), start)
