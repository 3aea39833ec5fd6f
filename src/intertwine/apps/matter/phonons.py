"""Phonons: vibrations of a crystal by wave vector, their density of states and thermal properties."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from ase.dft.kpoints import parse_path_string
from jaxtyping import Float, Float64

from intertwine.apps.matter.asking import Asked, Observer, Rest, rest, silent, source_from
from intertwine.apps.matter.crystal import TOLERANCE, multiples
from intertwine.apps.matter.force_constants import DISPLACEMENT, ForceConstants, force_constants
from intertwine.apps.matter.polar import couple, polar_response, read_born
from intertwine.apps.matter.thermal import MESH, Thermal, mesh_of, temperatures_to, thermal
from intertwine.data import Structure, symmetrised
from intertwine.typing import PathLike

IMAGINARY: Final = -0.05
"""THz; what is slower than this is no rounding at Γ but a crystal that is no minimum."""

WAVENUMBER: Final = 33.35640951981521
"""cm⁻¹ of 1 THz."""

SPACING: Final = 0.01
"""Å⁻¹ (without 2π) between wave vectors along the path."""


@dataclass(frozen=True, eq=False)
class Bands:
    """Frequencies along the lines between points of high symmetry.

    Attributes:
        lines: names of both ends, `"G"` for Γ.
        points: wave vectors of the named points, in reciprocal vectors of the primitive cell.
        distances: along the whole path, 2π left out, Å⁻¹; one array per line.
        wave_vectors: `(points, 3)` of each line, in reciprocal vectors of the primitive cell.
        frequencies: `(points, modes)` of each line, THz; imaginary ones are negative.
    """

    lines: tuple[tuple[str, str], ...]
    points: dict[str, Float64[np.ndarray, "3"]]
    distances: tuple[Float64[np.ndarray, "_"], ...]
    wave_vectors: tuple[Float64[np.ndarray, "_ 3"], ...]
    frequencies: tuple[Float64[np.ndarray, "_ modes"], ...]


@dataclass(frozen=True, eq=False)
class Phonons:
    """The harmonic crystal.

    Attributes:
        ground: the crystal at rest.
        constants: force constants, and phonopy itself.
        bands: along the standard path.
        grid: THz.
        density: of states per THz, `(grid)`; its integral is 3 per atom of the primitive cell.
        thermal: per atom.
        lowest: the lowest frequency of mesh and path, THz, negative where imaginary.
        lowest_at: its wave vector, in reciprocal vectors of the primitive cell.
        mesh: wave vectors along each axis.
        polar: whether longitudinal and transverse modes are split.
    """

    ground: Rest
    constants: ForceConstants
    bands: Bands
    grid: Float64[np.ndarray, " points"]
    density: Float64[np.ndarray, " points"]
    thermal: Thermal
    lowest: float
    lowest_at: tuple[float, float, float]
    mesh: tuple[int, int, int]
    polar: bool

    kind = "phonons"

    @property
    def stable(self) -> bool:
        """Whether no branch is imaginary."""
        return self.lowest > IMAGINARY

    def frequencies(self, wave_vectors: Float[np.ndarray, "points 3"]) -> Float64[np.ndarray, "points modes"]:
        """THz at wave vectors in reciprocal vectors of the primitive cell; imaginary ones are negative."""
        self.constants.phonopy.run_qpoints(wave_vectors)
        return np.array(self.constants.phonopy.qpoints.frequencies)

    @property
    def special(self) -> dict[str, list[float]]:
        """Frequencies at the points of high symmetry, THz; those of Γ without the splitting."""
        names = [*self.bands.points]
        found = self.frequencies(np.array([self.bands.points[name] for name in names]))
        return {name: np.sort(row).tolist() for name, row in zip(names, found, strict=True)}

    def record(self) -> dict[str, Any]:
        """Plain values, units in the keys."""
        return {
            "ground_state": self.ground.record(),
            "supercell": list(self.constants.supercell),
            "displacements": self.constants.displacements,
            "sum_rule_residual_eV_A2": self.constants.sum_rule,
            "mesh": list(self.mesh),
            "stable": self.stable,
            "lowest_frequency_THz": self.lowest,
            "lowest_at": list(self.lowest_at),
            "longitudinal_transverse_splitting": self.polar,
            "points": {name: place.tolist() for name, place in self.bands.points.items()},
            "frequencies_THz": self.special,
            "density_of_states": {"frequency_THz": self.grid.tolist(), "per_THz": self.density.tolist()},
            "thermal": self.thermal.record(),
        }


def phonons(
    asked: Asked,
    structure: Structure,
    *,
    supercell: tuple[int, int, int] | None = None,
    length: float = 12.0,
    displacement: float = DISPLACEMENT,
    born: PathLike | None = None,
    mesh: float = MESH,
    hottest: float = 1000.0,
    step: float = 10.0,
    cell: str = "full",
    fmax: float = 1e-4,
    folder: PathLike | None = None,
    observe: Observer = silent,
) -> Phonons:
    """Harmonic vibrations from forces in a supercell (phonopy).

    The crystal comes to rest, is made exactly symmetric, and repeated; phonopy chooses the displacements.
    Frequencies are signed square roots: negative means imaginary, and nothing is hidden. Where Born charges
    and permittivity are known, from a file or from a model in whose energy a field acts, longitudinal modes
    split from transverse ones.

    Args:
        asked: who gives the forces.
        structure: a crystal.
        supercell: how often to repeat the given cell; so that faces are `length` apart by default.
        length: Å.
        displacement: Å.
        born: file of Born charges, in phonopy's format BORN.
        mesh: Å; how fine the mesh of wave vectors is.
        hottest, step: temperatures are 0, step, …, hottest, K.
        cell: what may happen to the cell before: "full", "isotropic", "shape", or "fixed".
        fmax: largest force left, eV/Å.
        folder: keeps the forces of each displacement.
        observe: called with ("displacements", done, of).

    Raises:
        InputError: no crystal, or a number out of range.
        IntertwineError: the calculator failed.
        MissingExtraError: phonopy or spglib is not installed.
    """
    temperatures = temperatures_to(hottest, step)
    source = source_from(asked)
    ground = rest(source, structure, cell, fmax)
    exact = symmetrised(ground.structure, TOLERANCE)
    times = supercell or multiples(exact, length)
    constants = force_constants(source, exact, times, displacement, folder, observe)
    found = constants.phonopy
    response = read_born(found, born) if born is not None else polar_response(source, constants.primitive)
    if response is not None:
        couple(found, response)
    bands = bands_of(found, constants.primitive)
    counts = mesh_of(constants.primitive, mesh)
    found.run_mesh(counts, is_gamma_center=True)
    found.run_total_dos()
    lowest, where = _lowest(found, bands)
    return Phonons(
        ground,
        constants,
        bands,
        np.array(found.total_dos.frequency_points),
        np.array(found.total_dos.dos),
        thermal(found, temperatures),
        lowest,
        where,
        counts,
        response is not None,
    )


def bands_of(phonopy: Any, primitive: Structure) -> Bands:
    """Frequencies along the path that ASE proposes for the lattice (W. Setyawan, S. Curtarolo, 2010)."""
    path = primitive.to_ase().cell.bandpath(npoints=0)
    points = {name: np.asarray(place, np.float64) for name, place in path.special_points.items()}
    chains = parse_path_string(path.path)
    lines = tuple((a, b) for chain in chains for a, b in pairwise(chain))
    reciprocal = np.linalg.inv(primitive.cell).T
    wave_vectors = []
    for a, b in lines:
        apart = float(np.linalg.norm((points[b] - points[a]) @ reciprocal))
        wave_vectors.append(np.linspace(points[a], points[b], max(2, round(apart / SPACING))))
    phonopy.run_band_structure(wave_vectors)
    found = phonopy.band_structure
    return Bands(
        lines,
        {name: place for name, place in points.items() if any(name in line for line in lines)},
        tuple(np.array(line) for line in found.distances),
        tuple(wave_vectors),
        tuple(np.sort(np.array(line), axis=1) for line in found.frequencies),
    )


def _lowest(phonopy: Any, bands: Bands) -> tuple[float, tuple[float, float, float]]:
    frequencies = np.concatenate([phonopy.mesh.frequencies, *bands.frequencies]).min(axis=1)
    places = np.concatenate([phonopy.mesh.qpoints, *bands.wave_vectors])
    at = int(np.argmin(frequencies))
    x, y, z = (float(part) for part in places[at])
    return float(frequencies[at]), (x, y, z)
