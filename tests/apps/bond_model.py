"""Molecules of springs, point charges and bond polarisabilities, whose spectra follow from symmetry alone."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import torch
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes

from intertwine.apps.spectra.source import CalculatorSource
from intertwine.data import Structure


class BondModel(Calculator):
    """E(x, F) = Σ ½k(r − r₀)² + Σ bending − µ·F − ½ F·α·F, all of it differentiated by torch.

    µ = Σ q_i x_i, and every bond adds α_⊥ + (α_∥ − α_⊥) r̂r̂ with α linear in its length.

    Args:
        bonds: force constant (eV/Å²) and length (Å) of each pair.
        charges: of the atoms, e.
        bending: force constant (eV) of each angle i-j-k, whose energy k(1 + cos θ) wants it straight.
        polarisable: whether bonds are.
    """

    implemented_properties: ClassVar[list[str]] = ["energy", "free_energy", "forces", "dipole"]
    default_parameters: ClassVar[dict] = {"electric_field": None}

    def __init__(
        self,
        bonds: Mapping[tuple[int, int], tuple[float, float]],
        charges: list[float],
        bending: Mapping[tuple[int, int, int], float] | None = None,
        polarisable: bool = True,
    ) -> None:
        super().__init__()
        self.bonds, self.bending, self.polarisable = bonds, bending or {}, polarisable
        self.charges = torch.tensor(charges, dtype=torch.float64)

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        applied = self.parameters["electric_field"] or [0.0] * 3
        field = torch.tensor(list(applied), dtype=torch.float64, requires_grad=True)
        positions = torch.tensor(self.atoms.positions, requires_grad=True)
        energy = self.energy(positions, field)
        slope, response = torch.autograd.grad(energy, (positions, field))
        value = energy.item()
        self.results = {"energy": value, "free_energy": value, "forces": -slope.numpy()}
        self.results["dipole"] = -response.numpy()

    def energy(self, positions: torch.Tensor, field: torch.Tensor) -> torch.Tensor:
        """eV."""
        energy = -(self.charges @ positions) @ field
        for (i, j), (stiffness, length) in self.bonds.items():
            bond = positions[j] - positions[i]
            distance = bond.norm()
            energy = energy + 0.5 * stiffness * (distance - length) ** 2
            if self.polarisable:
                across, along = 0.05 + 0.04 * (distance - length), 0.1 + 0.15 * (distance - length)
                projection = field @ bond / distance
                energy = energy - 0.5 * (across * field @ field + (along - across) * projection**2)
        for (i, j, k), stiffness in self.bending.items():
            one, other = positions[i] - positions[j], positions[k] - positions[j]
            energy = energy + stiffness * (1.0 + one @ other / (one.norm() * other.norm()))
        return energy


class BondSource(CalculatorSource):
    """The same with dipole and polarisability in closed form, for many frames at once."""

    def answers(self, frames: Sequence[Structure]) -> dict[str, np.ndarray]:
        model = self._calculator
        positions = np.stack([frame.positions for frame in frames])
        tensors = np.zeros((len(frames), 3, 3))
        for (i, j), (_, length) in model.bonds.items():
            bond = positions[:, j] - positions[:, i]
            distance = np.linalg.norm(bond, axis=1)[:, None, None]
            across, along = 0.05 + 0.04 * (distance - length), 0.1 + 0.15 * (distance - length)
            direction = bond[:, :, None] * bond[:, None, :] / distance**2
            tensors += across * np.eye(3) + (along - across) * direction
        dipoles = np.einsum("i,tia->ta", model.charges.numpy(), positions)
        return {"dipole": dipoles, "polarisability": tensors}


def molecule_of(symbols: str, positions: list[list[float]], turned: np.ndarray | None = None) -> Structure:
    """Atoms in a place of their own, turned by a rotation."""
    places = np.array(positions, dtype=float) @ (np.eye(3) if turned is None else turned.T)
    return Structure.from_ase(Atoms(symbols, positions=places))


def diatomic(numbers: str = "HCl", charge: float = 0.2, turned: np.ndarray | None = None):
    """Two atoms on a spring of 30 eV/Å², and their calculator."""
    calculator = BondModel({(0, 1): (30.0, 1.3)}, [charge, -charge])
    return molecule_of(numbers, [[0, 0, 0], [0.0, 0.0, 1.3]], turned), calculator


def carbon_dioxide(turned: np.ndarray | None = None):
    """O=C=O, straight, with a centre of inversion."""
    calculator = BondModel({(0, 1): (90.0, 1.16), (1, 2): (90.0, 1.16)}, [-0.4, 0.8, -0.4], {(0, 1, 2): 5.0})
    return molecule_of("OCO", [[0, 0, -1.16], [0, 0, 0], [0, 0, 1.16]], turned), calculator


def water(turned: np.ndarray | None = None):
    """A bent molecule held by three springs."""
    places = [[0.0, 0.0, 0.12], [0.0, 0.76, -0.47], [0.0, -0.76, -0.47]]
    oh, hh = float(np.hypot(0.76, 0.59)), 1.52
    calculator = BondModel({(0, 1): (50.0, oh), (0, 2): (50.0, oh), (1, 2): (10.0, hh)}, [-0.6, 0.3, 0.3])
    return molecule_of("OHH", places, turned), calculator
