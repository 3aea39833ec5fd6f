"""Charges are learned from energies and forces alone, from charges, and from dipoles."""

from pathlib import Path

import numpy as np
import pytest
from jaxtyping import Float

from intertwine.data import Structure, write
from intertwine.electrostatics import COULOMB, LongRangeSpec
from intertwine.engines import Predictor
from intertwine.train import RunConfig, train

CUTOFF = 3.0

PULL = 6.0
"""eV/e: how much more electronegative chlorine is, where charges are equilibrated."""

HARDNESS = 2 * (3.5 + COULOMB / np.sqrt(np.pi) / LongRangeSpec().smearing)
"""eV/e², of both ions together and of their Gaussians."""


def charge_at(R: Float[np.ndarray, ""] | float, kind: str) -> float:
    """Of sodium, e: one, or where ½ HARDNESS q² − PULL q − kq²/R is lowest."""
    return 1.0 if kind == "local" else float(PULL / (HARDNESS - 2 * COULOMB / R))


def ions(count: int, seed: int, kind: str) -> list[Structure]:
    """Na⁺ and Cl⁻ beyond the cutoff, in every direction, with all that is to be said of them."""
    rng, found = np.random.default_rng(seed), []
    for _ in range(count):
        r = rng.normal(size=3)
        r *= rng.uniform(4.0, 12.0) / np.linalg.norm(r)
        R = np.linalg.norm(r)
        q = charge_at(R, kind)
        energy = -COULOMB / R if kind == "local" else -0.5 * PULL * q
        pull = q**2 * COULOMB * r / R**3
        labels = {"energy": energy, "forces": [pull, -pull], "charges": [q, -q], "dipole": -q * r}
        found.append(Structure([11, 17], [np.zeros(3), r], labels=labels))
    return found


@pytest.mark.parametrize(
    ("kind", "taught"),
    [
        ("local", ("energy", "forces")),
        ("local", ("charges",)),
        ("local", ("dipole",)),
        ("equilibration", ("charges",)),
        ("equilibration", ("dipole",)),
    ],
)
def test_they_are_found(kind: str, taught: tuple[str, ...], tmp_path: Path) -> None:
    frames = [f.replace(labels={n: f.labels[n] for n in taught}) for f in ions(40, seed=0, kind=kind)]
    write(tmp_path / "train.extxyz", frames)
    write(tmp_path / "alone.extxyz", [Structure([z], [[0, 0, 0]], labels={"energy": 0.0}) for z in (11, 17)])
    config = RunConfig.model_validate(
        {
            "data": {
                "train": tmp_path / "train.extxyz",
                "valid": 0.1,
                "isolated_atoms": tmp_path / "alone.extxyz",
                "require": taught,
            },
            "model": {"preset": "small", "cutoff": CUTOFF, "channels": 4, "message_channels": 2}
            | {"longrange": {"charges": kind}},
            "training": {"epochs": 25, "batch_size": 4, "learning_rate": 0.05},
            "output": tmp_path / "run",
        }
    )
    predict, test = Predictor(train(config, quiet=True).load_model()), ions(10, seed=1, kind=kind)
    found = np.array([answer["charges"] for answer in predict(test, ["charges"])])
    told = np.array([structure.labels["charges"] for structure in test])
    sign = 1 if taught != ("energy", "forces") else np.sign(found[0, 0])  # energies know no sign of charges
    np.testing.assert_allclose(found.sum(1), 0.0, atol=1e-6)
    np.testing.assert_allclose(sign * found, told, atol=0.05)


def test_isolated_atoms_are_the_reference_where_no_frame_has_an_energy(tmp_path: Path) -> None:
    frames = [f.replace(labels={"charges": f.labels["charges"]}) for f in ions(10, seed=0, kind="local")]
    write(tmp_path / "train.extxyz", frames)
    alone = {11: -5.0, 17: -13.0}
    write(
        tmp_path / "alone.extxyz",
        [Structure([z], [[0, 0, 0]], labels={"energy": energy}) for z, energy in alone.items()],
    )
    config = RunConfig.model_validate(
        {
            "data": {
                "train": tmp_path / "train.extxyz",
                "valid": 0.1,
                "isolated_atoms": tmp_path / "alone.extxyz",
                "require": ("charges",),
            },
            "model": {"preset": "small", "cutoff": CUTOFF, "channels": 4, "message_channels": 2}
            | {"longrange": {}},
            "training": {"epochs": 1},
            "output": tmp_path / "run",
        }
    )
    assert train(config, quiet=True).load_model().spec.reference_energies == alone
