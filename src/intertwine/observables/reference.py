"""Energy that needs no learning: isolated atoms, cohesion, and the repulsion of nuclei."""

import numpy as np
import torch
from ase.data import covalent_radii
from ase.units import Bohr, Hartree
from jaxtyping import Float, Int64
from torch import Tensor, nn

from intertwine.nn.constant import Constant
from intertwine.ops.radial import envelope
from intertwine.ops.segment import segment_sum


class ReferenceEnergies(nn.Module):
    """E⁰ of each atom's element when it is alone, eV, float64.

    >>> ReferenceEnergies({1: -13.6})(torch.tensor([1, 1]))
    tensor([-13.6000, -13.6000], dtype=torch.float64)
    """

    def __init__(self, energies: dict[int, float]) -> None:
        super().__init__()
        self.energies = Constant(_by_number(energies), pinned=True)

    def forward(self, numbers: Int64[Tensor, " atoms"]) -> Float[Tensor, " atoms"]:
        return self.energies.value[numbers]


class Cohesion(nn.Module):
    """Mean binding energy of each species, switched on by the presence of neighbours.

        E_i = µ_z · (1 − exp(−k n_i)),    n_i = Σ_j f(r_ij / r_c)

    In any dense environment the bracket is one up to e^{−8}, so this is a constant that takes the mean off
    the network's shoulders; for an atom alone it is exactly zero, and in between it is smooth.

    Args:
        energies: µ by atomic number, eV; elements left out get zero.
        cutoff: r_c in Å.
        neighbours: average number of neighbours, which sets k = 8/(⟨n⟩/4).
    """

    def __init__(self, energies: dict[int, float], cutoff: float, neighbours: float) -> None:
        super().__init__()
        self.energies = Constant(_by_number(energies), pinned=True)
        self.cutoff, self.rate = cutoff, 32.0 / neighbours

    def forward(
        self,
        numbers: Int64[Tensor, " atoms"],
        length: Float[Tensor, " edges"],
        receiver: Int64[Tensor, " edges"],
    ) -> Float[Tensor, " atoms"]:
        count = segment_sum(envelope(length / self.cutoff), receiver, numbers.shape[0])
        return -self.energies.value[numbers] * torch.expm1(-self.rate * count)


class ZBL(nn.Module):
    """Universal screened repulsion of two nuclei (Ziegler, Biersack & Littmark 1985), faded out smoothly.

        V(r) = e² Z_i Z_j / r · φ(r/a) · f(r/(R_i + R_j)),    a = 0.46850 Å / (Z_i^0.23 + Z_j^0.23)

    R are covalent radii, f the C² envelope: zero from the sum of the radii on, so that bonds of ordinary
    length feel little of it. Half of V goes to each atom.
    """

    _AMPLITUDES = (0.18175, 0.50986, 0.28022, 0.02817)
    _RATES = (3.19980, 0.94229, 0.40290, 0.20162)

    def __init__(self) -> None:
        super().__init__()
        self.radii = Constant(covalent_radii, pinned=True)

    def forward(
        self,
        numbers: Int64[Tensor, " atoms"],
        length: Float[Tensor, " edges"],
        receiver: Int64[Tensor, " edges"],
        sender: Int64[Tensor, " edges"],
    ) -> Float[Tensor, " atoms"]:
        z_i, z_j = numbers[receiver].double(), numbers[sender].double()
        x = length * (z_i**0.23 + z_j**0.23) / 0.46850
        screening = sum(a * torch.exp(-b * x) for a, b in zip(self._AMPLITUDES, self._RATES, strict=True))
        reach = self.radii.value[numbers[receiver]] + self.radii.value[numbers[sender]]
        pair = Hartree * Bohr * z_i * z_j / length * screening * envelope(length / reach)
        return segment_sum(0.5 * pair, receiver, numbers.shape[0])


def _by_number(energies: dict[int, float]) -> Float[np.ndarray, " numbers"]:
    table = np.zeros(len(covalent_radii))
    for number, energy in energies.items():
        table[number] = energy
    return table
