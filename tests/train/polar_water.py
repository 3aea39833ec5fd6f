"""Bent water whose dipole and polarisability are known: charges on the atoms, cigars on the bonds."""

import numpy as np

from intertwine.data import Structure


def waters(count: int, seed: int = 0) -> list[Structure]:
    """Labelled with energy, forces, dipole, polarisability and born_charges, turned at random."""
    rng = np.random.default_rng(seed)
    return [_water(rng) for _ in range(count)]


def _water(rng: np.random.Generator) -> Structure:
    rest = np.array([[0.0, 0.0, 0.1], [0.0, 0.76, -0.48], [0.0, -0.76, -0.48]])
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    places = (rest + 0.05 * rng.normal(size=(3, 3))) @ turn.T
    bonds = places[1:] - places[0]
    lengths = np.linalg.norm(bonds, axis=1, keepdims=True)
    push = 20.0 * (lengths - 0.96) * bonds / lengths
    alpha = 0.05 * np.eye(3) + 0.08 * sum(np.outer(bond, bond) for bond in bonds)
    charges = np.array([-0.8, 0.4, 0.4])
    labels = {
        "energy": 10.0 * float(((lengths - 0.96) ** 2).sum()),
        "forces": np.concatenate([push.sum(0, keepdims=True), -push]),
        "dipole": 0.4 * bonds.sum(0),
        "polarisability": alpha,
        "born_charges": charges[:, None, None] * np.eye(3),
    }
    return Structure([8, 1, 1], places, labels=labels)
