"""The oracle and the figures of the benchmarks of long range are right before any model is."""

import numpy as np
import pytest
from ase.data import atomic_masses
from benchmarks.longrange import dimers, pairs, salt, tosi_fumi
from benchmarks.longrange.__main__ import main

from intertwine.electrostatics import COULOMB


@pytest.fixture(scope="module")
def rock_salt() -> dict:
    return salt.properties(tosi_fumi.atom_energies, tosi_fumi.CUTOFF)


def test_the_rigid_ions_have_the_lattice_that_fumi_and_tosi_fitted(rock_salt: dict) -> None:
    assert rock_salt["a"] == pytest.approx(5.63, abs=0.03)


def test_central_forces_obey_cauchys_relation(rock_salt: dict) -> None:
    assert rock_salt["C12"] == pytest.approx(rock_salt["C44"], rel=1e-4)


def test_longitudinal_and_transverse_phonons_are_as_far_apart_as_charges_make_them(rock_salt: dict) -> None:
    """ω_LO² − ω_TO² = 4πe²/µV as q → 0, for rigid ions of charge one."""
    sodium, chlorine = atomic_masses[11], atomic_masses[17]
    volume = rock_salt["a"] ** 3 / 4
    expected = 4 * np.pi * COULOMB * (1 / sodium + 1 / chlorine) / volume * salt.TO_TERAHERTZ**2
    found = rock_salt["LO"][0] ** 2 - rock_salt["TO"][0] ** 2
    assert found == pytest.approx(expected, rel=0.03)


def test_its_forces_and_stress_are_slopes_of_its_energy() -> None:
    start = salt.rock_salt(5.7)
    moved = start.positions + 0.1 * np.random.default_rng(0).normal(size=start.positions.shape)
    structure, h = start.replace(positions=moved), 1e-4
    found = tosi_fumi.labelled(structure)

    def energy(positions: np.ndarray, deform: np.ndarray) -> float:
        return float(
            tosi_fumi.labelled(start.replace(positions=positions @ deform, cell=start.cell @ deform)).labels[
                "energy"
            ]
        )

    one, step = np.eye(3), np.zeros_like(moved)
    step[3, 1] = h
    slope = (energy(moved + step, one) - energy(moved - step, one)) / (2 * h)
    assert found.labels["forces"][3, 1] == pytest.approx(-slope, abs=1e-6)
    pull = np.diag([h, 0, 0])
    slope = (energy(moved, one + pull) - energy(moved, one - pull)) / (2 * h)
    assert found.labels["stress"][0, 0] == pytest.approx(slope / structure.volume, abs=1e-7)


def test_pairs_are_as_far_apart_as_they_should_be_and_never_too_close() -> None:
    for names in (*pairs.PAIRS, dimers.UNSEEN):
        for R, pair in zip((4.0, 9.0), pairs.drawn(names, [4.0, 9.0], np.random.default_rng(0)), strict=True):
            first = len(pairs.PARTS[names[0]][0])
            nearest = np.linalg.norm(pair.positions[:first, None] - pair.positions[None, first:], axis=2)
            assert nearest.min() > pairs.CLOSEST
            assert dimers.distance(pair) == pytest.approx(R, abs=0.8)
            assert pair.charge == sum(pairs.PARTS[name][1] for name in names)


@pytest.mark.parametrize("command", ["dimers", "chain", "salt", "sapt", "scaling"])
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert "--results" in capsys.readouterr().out
