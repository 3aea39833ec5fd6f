"""The elastic constants of a crystal, from the stress that small strains cause."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from jaxtyping import Float64

from intertwine.apps.elasticity import compliance, debye_temperature, kelvin_moduli, sound_velocities
from intertwine.apps.matter.asking import (
    Asked,
    Observer,
    Rest,
    ask,
    require_stress,
    rest,
    silent,
    source_from,
)
from intertwine.apps.matter.crystal import TOLERANCE, require_crystal, strained, volume
from intertwine.apps.properties.extremes import extremes
from intertwine.apps.properties.sheet import PropertySheet
from intertwine.apps.properties.symmetry import SymmetryVerdict, symmetry_verdict
from intertwine.apps.spectra.source import Source
from intertwine.data import LABELS, Structure, crystal_point_group
from intertwine.errors import InputError
from intertwine.groups import PointGroup
from intertwine.groups.voigt import voigt_matrix

AMPLITUDES: Final = (0.0025, 0.005)
"""Strains at which stresses are taken, to both sides."""

VOIGT: Final = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))


@dataclass(frozen=True, eq=False)
class Elastic:
    """Elastic constants as they were measured, and as the point group has them.

    Attributes:
        ground: the crystal at rest.
        measured: C_ijkl = ∂σ_ij/∂ε_kl by differences, GPa; nothing was imposed on it.
        group: the crystal class, in the crystal's own axes.
        clamped: whether the atoms followed the strain without coming to rest.
        amplitudes: strains of the differences.
    """

    ground: Rest
    measured: Float64[np.ndarray, "3 3 3 3"]
    group: PointGroup
    clamped: bool
    amplitudes: tuple[float, ...]

    kind = "elastic"

    @cached_property
    def verdict(self) -> SymmetryVerdict:
        """The measured tensor in the standard axes of the group, and what the group forbids of it."""
        return symmetry_verdict(self.measured, LABELS["elastic"], self.group)

    @cached_property
    def stiffness(self) -> Float64[np.ndarray, "3 3 3 3"]:
        """C, GPa: the tensor that index symmetry and point group allow nearest to the measured one."""
        allowed, R = self.verdict.tensor - self.verdict.forbidden, self.group.orientation
        return np.einsum("ia,jb,kc,ld,abcd->ijkl", R, R, R, R, allowed, optimize=True)

    @property
    def residual(self) -> float:
        """Largest component of measured − symmetrised, GPa: what the numbers are worth."""
        return float(np.abs(self.measured - self.stiffness).max())

    @property
    def stable(self) -> bool:
        """Born's condition: every strain costs energy."""
        return bool(kelvin_moduli(self.stiffness)[0] > 0)

    @property
    def constants(self) -> dict[str, float]:
        """The independent constants by name, GPa, in the standard axes of the group (docs/conventions.md).

        Keys are those of the pattern, `c11` and so on, as many as the group leaves free.
        """
        matrix = voigt_matrix(self.verdict.tensor - self.verdict.forbidden, 4)
        named = zip(np.ravel(self.verdict.pattern.rows), matrix.ravel(), strict=True)
        return {str(name): float(value) for name, value in named if str(name)[1:].isdigit()}

    @property
    def zener(self) -> float | None:
        """2 c44 / (c11 − c12) of a cubic crystal, 1 where isotropic; None of any other."""
        found = self.constants
        if set(found) != {"c11", "c12", "c44"}:
            return None
        return 2 * found["c44"] / (found["c11"] - found["c12"])

    @property
    def density(self) -> float:
        """u/Å³."""
        return float(self.ground.structure.to_ase().get_masses().sum()) / volume(self.ground.structure)

    @property
    def debye(self) -> float | None:
        """Debye temperature of the sound waves, K; None where the crystal is unstable."""
        if not self.stable:
            return None
        atoms = len(self.ground.structure) / volume(self.ground.structure)
        return debye_temperature(self.stiffness, self.density, atoms)

    def velocities(self, directions: Float64[np.ndarray, "*points 3"]) -> Float64[np.ndarray, "*points 3"]:
        """Speeds of sound along directions in the crystal's axes, the slowest first, m/s."""
        return sound_velocities(self.stiffness, self.density, directions)

    @property
    def sheet(self) -> PropertySheet:
        """The same as a sheet of properties, for tables, figures and moduli."""
        structure = self.ground.structure
        return PropertySheet(structure.formula, structure, {"elastic": self.stiffness})

    def record(self) -> dict[str, Any]:
        """Plain values, units in the keys."""
        ends = extremes(compliance(self.stiffness)) if self.stable else {}
        return {
            "ground_state": self.ground.record(),
            "clamped_ions": self.clamped,
            "strains": list(self.amplitudes),
            "measured_voigt_GPa": voigt_matrix(self.measured, 4).tolist(),
            "voigt_GPa": voigt_matrix(self.stiffness, 4).tolist(),
            "residual_GPa": self.residual,
            "point_group": self.group.name,
            "hermann_mauguin": self.group.hermann_mauguin,
            "independent_constants": self.verdict.pattern.constants,
            "constants_GPa": self.constants,
            "kelvin_moduli_GPa": kelvin_moduli(self.stiffness).tolist(),
            "stable": self.stable,
            "moduli_GPa": self.sheet.elastic_figures(),
            "extremes": {name: found.to_json() for name, found in ends.items()},
            "zener_anisotropy": self.zener,
            "density_g_cm3": self.density * 1.66053906660,
            "debye_temperature_K": self.debye,
        }


def elastic(
    asked: Asked,
    structure: Structure,
    *,
    clamped: bool = False,
    amplitudes: tuple[float, ...] = AMPLITUDES,
    cell: str = "full",
    fmax: float = 1e-5,
    observe: Observer = silent,
) -> Elastic:
    """All elastic constants, from stresses under six strains.

    For each strain component σ(ε) is taken at ± every amplitude, and C = ∂σ/∂ε is the slope of the odd
    polynomial through these values: with n amplitudes the error is of order ε^(2n). Atoms come to rest under
    each strain unless `clamped`. Nothing is assumed of the symmetry, so that what the point group forbids
    measures the errors of the calculator and of the differences.

    Args:
        asked: who gives the stress.
        structure: a crystal, in any orientation; the constants are in its axes.
        clamped: leave the atoms where the strain carries them.
        amplitudes: strains, each of 1e-5 to 0.05.
        cell: what may happen to the cell before: "full", "isotropic", "shape", or "fixed" to stay as given.
        fmax: largest force left, eV/Å.
        observe: called with ("strains", done, of).

    Raises:
        InputError: no crystal, no stress, or strains that cannot be used.
        IntertwineError: the calculator failed, or the crystal did not come to rest.
        MissingExtraError: spglib is not installed.

    >>> from intertwine.apps.matter.crystal import element_crystal
    >>> from intertwine.engines import oracle
    >>> found = elastic(oracle("emt"), element_crystal("Cu"))
    >>> {name: round(value, 1) for name, value in found.constants.items()}
    {'c11': 172.6, 'c12': 115.4, 'c44': 89.9}
    """
    if not amplitudes or not all(1e-5 <= size <= 0.05 for size in amplitudes):
        raise InputError("the strains cannot be used", got=amplitudes, accepted="numbers of 1e-5 to 0.05")
    source = source_from(asked)
    require_stress(source, require_crystal(structure))
    ground = rest(source, structure, cell, fmax)
    group = crystal_point_group(ground.structure, TOLERANCE)
    sizes = tuple(sorted(set(amplitudes)))
    measured, done = np.zeros((3, 3, 3, 3)), 0
    for k, l in VOIGT:
        halves = []
        for size in sizes:
            below, above = (
                _stress(source, ground.structure, side * size, (k, l), clamped, fmax) for side in (-1, 1)
            )
            halves.append((above - below) / 2)
            done += 2
            observe("strains", done, 12 * len(sizes), "")
        measured[:, :, k, l] = measured[:, :, l, k] = _slope(np.array(sizes), np.array(halves))
    return Elastic(ground, measured, group, clamped, sizes)


def _stress(
    source: Source, structure: Structure, size: float, pair: tuple[int, int], clamped: bool, fmax: float
) -> Float64[np.ndarray, "3 3"]:
    """GPa, under the strain whose engineering component in Voigt's notation is `size`."""
    strain = np.zeros((3, 3))
    strain[pair] += size / 2
    strain[pair[::-1]] += size / 2
    moved = strained(structure, strain)
    found = ask(source, moved) if clamped else rest(source, moved, "fixed", fmax)
    assert found.stress is not None
    return found.stress


def _slope(
    sizes: Float64[np.ndarray, " sizes"], halves: Float64[np.ndarray, "sizes 3 3"]
) -> Float64[np.ndarray, "3 3"]:
    """First coefficient of the odd polynomial through (ε, [σ(ε) − σ(−ε)]/2).

    >>> sizes = np.array([0.1, 0.2])
    >>> _slope(sizes, (2 * sizes + 5 * sizes**3)[:, None, None] * np.ones((2, 3, 3))).round(12)[0]
    array([2., 2., 2.])
    """
    powers = sizes[:, None] ** (2 * np.arange(len(sizes)) + 1)
    return np.linalg.solve(powers, halves.reshape(len(sizes), 9))[0].reshape(3, 3)
