"""Equation of state and elastic constants: what others know of EMT's metals, and what follows from what."""

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones
from ase.eos import EquationOfState as AseState
from hypothesis import given
from hypothesis import strategies as st

from intertwine.apps.elasticity import kelvin_moduli, sound_velocities
from intertwine.apps.matter.birch_murnaghan import BirchMurnaghan
from intertwine.apps.matter.crystal import element_crystal, strained
from intertwine.apps.matter.elastic import elastic
from intertwine.apps.matter.state import equation_of_state
from intertwine.apps.spectra.source import source_of
from intertwine.data import Structure
from intertwine.engines import oracle
from intertwine.errors import InputError, IntertwineError
from intertwine.groups import random_rotation

KNOWN = {
    "Cu": (172.6, 115.4, 89.9),
    "Al": (53.3, 32.9, 36.2),
    "Ni": (230.8, 148.8, 147.0),
    "Au": (196.5, 162.5, 47.0),
}
"""C11, C12, C44 of ASE's EMT at rest, GPa, computed by others with another program."""


@pytest.fixture(scope="module")
def zinc_like():
    """Hexagonal copper, whose atoms move against each other under a shear of the basal plane."""
    crystal = Structure.from_ase(bulk("Cu", "hcp", a=2.55, c=4.2))
    return {clamped: elastic(EMT(), crystal, clamped=clamped) for clamped in (False, True)}


@pytest.mark.parametrize("symbol", KNOWN)
def test_constants_of_cubic_metals_are_those_that_others_found(symbol):
    found = elastic(EMT(), element_crystal(symbol))
    assert tuple(found.constants.values()) == pytest.approx(KNOWN[symbol], abs=0.1)
    assert (found.group.name, found.verdict.pattern.constants, found.stable) == ("Oh", 3, True)
    assert found.residual < 1e-6


@pytest.mark.parametrize("symbol", ["Cu", "Al"])
def test_two_roads_lead_to_the_bulk_modulus(symbol):
    c11, c12, _ = KNOWN[symbol]
    found = equation_of_state(EMT(), element_crystal(symbol), span=0.03)
    assert found.curve.bulk_modulus == pytest.approx((c11 + 2 * c12) / 3, rel=2e-3)
    assert found.inconsistency < 1e-4
    assert found.misfit < 0.01
    assert found.volumes[4] == pytest.approx(found.curve.volume, rel=1e-4)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_constants_turn_with_the_crystal(seed):
    R, start = random_rotation(np.random.default_rng(seed)), element_crystal("Cu")
    turned = start.replace(positions=start.positions @ R.T, cell=start.cell @ R.T)
    straight, other = (elastic(EMT(), one, cell="fixed", clamped=True) for one in (start, turned))
    expected = np.einsum("ia,jb,kc,ld,abcd->ijkl", R, R, R, R, straight.stiffness, optimize=True)
    assert np.abs(other.stiffness - expected).max() < 1e-3  # GPa; differences
    assert np.abs(other.measured - expected).max() < 1e-2
    assert other.constants == pytest.approx(straight.constants, abs=1e-3)


def test_a_hexagonal_crystal_has_five_constants(zinc_like):
    found = zinc_like[False]
    assert found.group.name == "D6h"
    assert [*found.constants] == ["c11", "c12", "c13", "c33", "c44"]
    assert found.residual < 1e-2
    x, y = 0, 1
    shear = found.measured[x, y, x, y]
    assert shear == pytest.approx((found.constants["c11"] - found.constants["c12"]) / 2, abs=1e-2)
    assert found.zener is None


def test_atoms_that_come_to_rest_make_a_crystal_softer(zinc_like):
    gain = zinc_like[True].stiffness - zinc_like[False].stiffness
    assert kelvin_moduli(gain)[0] > -1e-3
    assert kelvin_moduli(gain)[-1] > 1.0


def test_sound_runs_as_fast_as_the_constants_say():
    found = elastic(EMT(), element_crystal("Cu"), cell="fixed")
    c11, c12, c44 = found.constants.values()
    speed = lambda modulus: np.sqrt(modulus * 1e9 / (found.density * 1660.53906660))  # noqa: E731
    along, diagonal = np.array([0.0, 0.0, 2.0]), np.array([1.0, 1.0, 0.0])
    assert found.velocities(along) == pytest.approx([speed(c44)] * 2 + [speed(c11)], rel=1e-7)
    expected = sorted([speed((c11 - c12) / 2), speed(c44), speed((c11 + c12 + 2 * c44) / 2)])
    assert found.velocities(diagonal) == pytest.approx(expected, rel=1e-7)
    with pytest.raises(InputError, match="unstable"):
        sound_velocities(-found.stiffness, 1.0, along)


@given(st.floats(8.0, 30.0), st.floats(20.0, 400.0), st.floats(2.5, 7.0), st.floats(-9.0, 9.0))
def test_the_curve_finds_back_what_made_it(volume, modulus, derivative, energy):
    """Birch and Murnaghan's own formula, as books write it, and ASE's search."""
    from ase import units

    V = volume * np.linspace(0.94, 1.06, 9)
    x = (volume / V) ** (2 / 3)
    bracket = (x - 1) ** 3 * derivative + (x - 1) ** 2 * (6 - 4 * x)
    E = energy + 9 / 16 * volume * modulus * units.GPa * bracket
    found = BirchMurnaghan.fit(V, E)
    assert found.volume == pytest.approx(volume, rel=1e-6)
    assert found.bulk_modulus == pytest.approx(modulus, rel=1e-4)
    assert found.bulk_derivative == pytest.approx(derivative, abs=1e-2)
    slopes = -np.gradient(found.at(np.array([volume - 1e-3, volume, volume + 1e-3])), 1e-3)
    assert found.pressure(np.array([volume])) == pytest.approx(slopes[1:2] / units.GPa, abs=1e-4)


def test_the_curve_is_that_of_ase():
    found = equation_of_state(EMT(), element_crystal("Cu"), points=7)
    volume, energy, modulus = AseState(found.volumes, found.energies, "birchmurnaghan").fit()
    curve = found.curve
    assert (curve.volume, curve.energy) == pytest.approx((volume, energy), abs=1e-6)
    assert curve.bulk_modulus == pytest.approx(modulus * 160.21766208, rel=1e-4)


def test_a_hexagonal_cell_changes_its_shape_under_pressure():
    crystal = Structure.from_ase(bulk("Cu", "hcp", a=2.55, c=4.2))
    found = equation_of_state(EMT(), crystal, points=5)
    shapes = [frame.cell[2, 2] / frame.cell[0, 0] for frame in found.frames]
    assert np.ptp(shapes) > 1e-4
    rigid = equation_of_state(EMT(), found.ground.structure, points=5, shape=False)
    assert np.ptp([frame.cell[2, 2] / frame.cell[0, 0] for frame in rigid.frames]) < 1e-6
    assert (rigid.energies - found.energies).min() > -1e-7


class Dishonest(EMT):
    """A calculator whose stress is not the slope of its energy."""

    def calculate(self, *arguments, **named):
        super().calculate(*arguments, **named)
        self.results["stress"] = self.results["stress"] + 0.01


def test_a_stress_that_is_no_slope_is_noticed():
    start = equation_of_state(EMT(), element_crystal("Cu"), points=5).ground.structure
    found = equation_of_state(Dishonest(), start, points=5, shape=False)
    assert found.inconsistency == pytest.approx(0.01 * 160.2, rel=0.01)


def test_a_crystal_that_only_strain_would_break_is_called_unstable():
    """Simple cubic argon gives way to shear."""
    cubic = Structure([18], [[0, 0, 0]], 1.09 * np.eye(3), pbc=True)
    found = elastic(LennardJones(rc=3.0, smooth=True), cubic, cell="isotropic", fmax=1e-4)
    assert not found.stable
    assert found.debye is None
    assert found.record()["extremes"] == {}


def test_what_cannot_be_is_said_in_one_line():
    copper = element_crystal("Cu")
    with pytest.raises(InputError, match="O2 is no crystal"):
        elastic(EMT(), Structure([8, 8], [[0, 0, 0], [0, 0, 1.2]]))
    with pytest.raises(InputError, match="gives no stress"):
        elastic(WithoutStress(), copper)
    with pytest.raises(InputError, match="strains cannot be used"):
        elastic(EMT(), copper, amplitudes=(0.2,))
    with pytest.raises(InputError, match="too few volumes"):
        equation_of_state(EMT(), copper, points=3)
    with pytest.raises(InputError, match="span of volumes"):
        equation_of_state(EMT(), copper, span=0.0)
    with pytest.raises(InputError, match="'Xx' is neither a file nor an element"):
        element_crystal("Xx")
    with pytest.raises(InputError, match="ASE does not know the crystal of H"):
        element_crystal("H")
    with pytest.raises(IntertwineError, match="emt failed on Fe: No EMT-potential for Fe"):
        equation_of_state(source_of("emt"), element_crystal("Fe"))
    with pytest.raises(IntertwineError, match="no minimum among the volumes"):
        BirchMurnaghan.fit(np.linspace(10, 12, 5), np.linspace(0, 1, 5))


class WithoutStress(EMT):
    """Energy and forces only."""

    implemented_properties = ("energy", "forces")


def test_without_a_stress_an_equation_of_state_still_has_its_curve():
    found = equation_of_state(WithoutStress(), strained(element_crystal("Cu"), np.zeros((3, 3))), shape=False)
    assert found.pressures is None is found.inconsistency
    assert found.curve.bulk_modulus == pytest.approx(134.5, abs=0.5)


def test_oracle_and_calculator_are_one():
    start = element_crystal("Al")
    first, second = (elastic(who, start, clamped=True) for who in (oracle("emt"), EMT()))
    assert np.array_equal(first.stiffness, second.stiffness)
