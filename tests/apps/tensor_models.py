"""Predictors of tensors that need no training: sums over bonds, and one that breaks the symmetry."""

from collections.abc import Collection, Iterable

import numpy as np
import torch
from ase.neighborlist import neighbor_list

from intertwine.data import Structure
from intertwine.engines import Predictor

OUTPUTS = ("elastic", "dielectric", "piezoelectric", "charges")


class BondSums(Predictor):
    """Tensors Σ f(r) r̂ … r̂ over bonds shorter than 4 Å, plus a multiple of what no rotation changes."""

    def __init__(self, lean: float = 0.0) -> None:
        self.lean = lean  # of the piezoelectric tensor along z, whatever the crystal
        self.model = _Described()

    def __call__(
        self, structures: Iterable[Structure], outputs: Collection[str] = OUTPUTS
    ) -> list[dict[str, np.ndarray]]:
        return [
            {name: value for name, value in self._answer(s).items() if name in outputs} for s in structures
        ]

    def _answer(self, structure: Structure) -> dict[str, np.ndarray]:
        centres, r, bonds = neighbor_list("idD", structure.to_ase(), 4.0)
        n, f = bonds / r[:, None], (1 - r / 4.0) ** 2
        charges = structure.numbers - structure.numbers.mean()
        one = np.eye(3)
        shear = np.einsum("ik,jl->ijkl", one, one) + np.einsum("il,jk->ijkl", one, one)
        atoms = len(structure)
        return {
            "elastic": 300 / atoms * np.einsum("e,ei,ej,ek,el->ijkl", f, n, n, n, n, optimize=True)
            + 30 * shear
            + 40 * np.einsum("ij,kl->ijkl", one, one),
            "dielectric": 4 * one + np.einsum("e,ei,ej->ij", f, n, n) / atoms,
            "piezoelectric": np.einsum("e,ei,ej,ek->ijk", f * charges[centres], n, n, n) / atoms
            + self.lean * np.einsum("i,j,k->ijk", *one[[2, 2, 2]]),
            "charges": charges / 10,
        }


class _Described:
    outputs = ("energy", "forces", *OUTPUTS)
    dtype = torch.float64
