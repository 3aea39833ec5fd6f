"""Pieces of a labelling job: each is small, seeded on its own, and can run in any process."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from ase.data import chemical_symbols, ground_state_magnetic_moments
from ase.stress import voigt_6_to_full_3x3_stress

from intertwine.data import LabelKeys, LabelUnits, Structure
from intertwine.data.stored_labels import stored_bonds, stored_conditions
from intertwine.engines.conditions import put_under
from intertwine.engines.dynamics import Motion
from intertwine.engines.ensembles import Langevin
from intertwine.engines.finite_field import electric_response
from intertwine.engines.oracles import answering
from intertwine.engines.velocities import thermalise
from intertwine.errors import IntertwineError


@dataclass(frozen=True)
class Chain:
    """Frames from one Langevin trajectory of the oracle itself, `interval` steps apart.

    Args:
        start: where it begins.
        temperature: K.
        frames: how many to keep.
        equilibration: steps before the first.
        interval: steps between kept frames.
        time_step: fs.
        thermostat_time: fs.
        seed: of momenta and noise, as words for `numpy.random.SeedSequence`.
    """

    start: Structure
    temperature: float
    frames: int
    equilibration: int
    interval: int
    time_step: float
    thermostat_time: float
    seed: tuple[int, ...]

    def seeded(self, seed: tuple[int, ...]) -> "Chain":
        """The same with another seed."""
        return replace(self, seed=seed)

    def __call__(self, calculator: Calculator) -> list[Structure]:
        """Run, and label each kept frame with what the trajectory computed anyway."""
        atoms = bare(self.start, calculator)
        rng = np.random.default_rng(self.seed)
        thermalise(atoms, self.temperature, rng)
        motion = Motion(atoms, Langevin(self.temperature, self.thermostat_time), self.time_step, rng)
        kept: list[Structure] = []
        while len(kept) < self.frames:
            motion.advance()
            beyond = motion.step - self.equilibration
            if beyond >= 0 and beyond % self.interval == 0:
                info = {"config_type": f"md_{self.temperature:g}K", "temperature_K": self.temperature}
                info |= {"time_fs": motion.time, "seed": _words(self.seed), "source": source(self.start)}
                kept.append(labelled(atoms, info))
        return kept


@dataclass(frozen=True)
class Perturbation:
    """Random displacements and strains of a structure, each labelled by one calculation.

    x → (x + u)(1 + ε): every component of u is normal with standard deviation `rattle` (Å); ε is the
    symmetric part of a matrix whose components are normal with standard deviation `strain`, along periodic
    axes only.

    Args:
        start: what is perturbed.
        rattle: Å.
        strain: dimensionless.
        frames: how many.
        seed: words for `numpy.random.SeedSequence`.
    """

    start: Structure
    rattle: float
    strain: float
    frames: int
    seed: tuple[int, ...]

    def seeded(self, seed: tuple[int, ...]) -> "Perturbation":
        """The same with another seed."""
        return replace(self, seed=seed)

    def __call__(self, calculator: Calculator) -> list[Structure]:
        """Perturb and label; a frame that the calculator cannot compute is drawn again, a few times."""
        rng = np.random.default_rng(self.seed)
        frames: list[Structure] = []
        failures = 0
        while len(frames) < self.frames:
            atoms = bare(self._draw(rng), calculator)
            info = {"config_type": "perturbed", "rattle_A": self.rattle, "strain": self.strain}
            info |= {"seed": _words(self.seed), "source": source(self.start)}
            try:
                frames.append(labelled(atoms, info))
            except IntertwineError:
                calculator.reset()
                failures += 1
                if failures > self.frames:
                    raise
        return frames

    def _draw(self, rng: np.random.Generator) -> Structure:
        moved = self.start.positions + self.rattle * rng.standard_normal(self.start.positions.shape)
        normal = self.strain * rng.standard_normal((3, 3))
        strain = (normal + normal.T) / 2
        if not self.start.pbc.all():
            strain = np.zeros((3, 3)) if not self.start.pbc.any() else _within(strain, self.start)
        deformation = np.eye(3) + strain
        return self.start.replace(positions=moved @ deformation, cell=self.start.cell @ deformation)


@dataclass(frozen=True)
class Frames:
    """Frames as they are, each labelled by one calculation."""

    frames: tuple[Structure, ...]

    def __call__(self, calculator: Calculator) -> list[Structure]:
        """Label them, keeping what they say of themselves."""
        return [
            labelled(bare(frame, calculator), {**frame.info, "source": source(frame)})
            for frame in self.frames
        ]


@dataclass(frozen=True)
class IsolatedAtom:
    """One atom alone in empty space, in the spin state that the method itself gives the lowest energy.

    Tried are the moment of the true ground state (Hund's rule, from ASE's table) and all smaller ones of the
    same parity. With spin polarisation Hund's state has the lowest energy. Without it, as in plain GFN2-xTB,
    exchange is missing: spin changes nothing but smeared occupations (50 meV for C and O) or costs energy
    (4 eV for Fe), and molecules labelled as singlets fall apart into atoms of low spin. Either way the lowest
    energy is the zero that belongs to the method.

    Args:
        number: atomic number.
    """

    number: int

    def __call__(self, calculator: Calculator) -> list[Structure]:
        """Energy of the atom, forces zero; raises when no spin state can be computed."""
        found: list[Structure] = []
        error: IntertwineError | None = None
        for moment in range(round(ground_state_magnetic_moments[self.number]), -1, -2):
            atoms = Atoms(numbers=[self.number], magmoms=[moment], positions=np.zeros((1, 3)))
            atoms.calc = calculator
            try:
                info = {"config_type": "isolated_atom", "unpaired_electrons": moment, "source": "vacuum"}
                found.append(labelled(atoms, info))
            except IntertwineError as failure:
                calculator.reset()
                error = failure
        if not found:
            what = f"no spin state of the isolated atom {chemical_symbols[self.number]} can be computed"
            raise IntertwineError(f"{what}: {error}") from error
        return [min(found, key=lambda structure: float(structure.labels["energy"]))]


Piece = Chain | Perturbation | Frames | IsolatedAtom
"""A part of a job: called with a calculator it gives labelled structures."""


def bare(structure: Structure, calculator: Calculator) -> Atoms:
    """Atoms of a structure without its labels, to be computed by `calculator` under its charge and field."""
    put_under(calculator, structure)
    atoms = structure.replace(labels={}, info={}).to_ase()
    atoms.calc = calculator
    return atoms


def labelled(atoms: Atoms, info: dict[str, Any]) -> Structure:
    """Structure with the energy, forces and (in three periodic directions) stress of its calculator.

    The energy is the one whose derivative the forces are: the free energy where the calculator has one.

    Raises:
        IntertwineError: the calculator failed.
    """
    properties = getattr(atoms.calc, "implemented_properties", ())
    with answering(f"on {atoms.get_chemical_formula()}"):
        labels: dict[str, Any] = {"forces": atoms.get_forces()}
        labels["energy"] = atoms.get_potential_energy(force_consistent="free_energy" in properties)
        if atoms.pbc.all() and "stress" in properties:
            labels["stress"] = voigt_6_to_full_3x3_stress(atoms.get_stress())
    geometry = (atoms.numbers, atoms.positions, np.asarray(atoms.cell), atoms.pbc)
    under = stored_conditions(atoms, LabelKeys(), LabelUnits())
    return Structure(*geometry, labels, info, **under).replace(**stored_bonds(atoms, LabelKeys()))


def answered(structure: Structure, calculator: Calculator, properties: Sequence[str]) -> Structure:
    """A labelled structure with its electric properties added; `calculator` takes an electric field.

    Raises:
        IntertwineError: the calculator failed.
    """
    with answering(f"in an electric field on {structure.formula}"):
        found = electric_response(bare(structure, calculator), properties)
    return structure.replace(labels={**structure.labels, **found})


def source(structure: Structure) -> str:
    """Where a structure came from: what its reader wrote, or else its formula."""
    return str(structure.info.get("source", structure.formula))


def _within(strain: np.ndarray, structure: Structure) -> np.ndarray:
    """The part of a strain that acts in the line or plane of the periodic axes."""
    directions = np.linalg.svd(structure.cell[structure.pbc])[2][: int(structure.pbc.sum())]
    projector = directions.T @ directions
    return projector @ strain @ projector


def _words(seed: tuple[int, ...]) -> str:
    return "-".join(str(word) for word in seed)
