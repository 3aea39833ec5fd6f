"""Published data sets, where `INTERTWINE_DATA` names a folder that has them."""

import os
from pathlib import Path

import numpy as np
import pytest

from intertwine.data import (
    LabelKeys,
    LabelUnits,
    data_hash,
    fit_reference_energies,
    isolated_energies,
    read,
    read_rmd17,
    split,
    statistics,
    write,
)
from intertwine.errors import InputError

FOLDER = Path(os.environ.get("INTERTWINE_DATA", "not set"))
pytestmark = pytest.mark.skipif(
    "INTERTWINE_DATA" not in os.environ, reason="INTERTWINE_DATA names no folder of published data"
)
REF = LabelKeys(energy="REF_energy", forces="REF_forces", stress="REF_stress")


def test_acac_and_its_isolated_atoms():
    train = read(FOLDER / "acac" / "train_300K.xyz")
    assert len(train) == 500
    assert {s.formula for s in train} == {"C5H8O2"}
    isolated = isolated_energies(read(FOLDER / "acac" / "isolated_atoms.xyz"))
    assert sorted(isolated) == [1, 6, 8]
    reference = fit_reference_energies(train, isolated)
    figures = statistics(train, reference)
    assert -10.0 < figures.energy_mean_per_atom < -3.0, "binding energy per atom of an organic molecule, eV"
    assert 0.5 < figures.force_rms < 2.0, "thermal forces at 300 K, eV/Å"
    net = max(np.abs(s.labels["forces"].sum(axis=0)).max() for s in train)
    assert net < 0.02, "forces of an isolated molecule cancel"


def test_one_composition_leaves_acac_references_undetermined():
    train = read(FOLDER / "acac" / "train_300K.xyz", index=":20")
    found = fit_reference_energies(train)
    assert not found.determined
    assert found.of(train[0]) == pytest.approx(float(train[0].labels["energy"]), abs=2.0)


def test_acac_survives_writing(tmp_path):
    train = read(FOLDER / "acac" / "train_300K.xyz", index=":50")
    write(tmp_path / "a.xyz", train)
    assert data_hash(read(tmp_path / "a.xyz")) == data_hash(train)


def test_mlearn_silicon_under_its_own_keys():
    train = read(FOLDER / "mlearn" / "Si_train.extxyz", keys=REF, require=("energy", "forces", "stress"))
    assert len(train) == 214
    assert all(s.pbc.all() and s.volume > 0 for s in train)
    reference = fit_reference_energies(train)
    assert reference.determined
    assert -5.5 < reference.energies[14] < -4.5, "PBE energy of a silicon atom in the crystal, eV"
    parts = split(train, {"train": 0.9, "valid": None}, seed=0)
    assert (len(parts["train"]), len(parts["valid"])) == (193, 21)


def test_mlearn_silicon_without_keys_is_taught():
    with pytest.raises(
        InputError, match=r"frame 0 of .*Si_train.extxyz: .*do: set the energy key to 'REF_energy'"
    ):
        read(FOLDER / "mlearn" / "Si_train.extxyz")


def test_compressed_silicon_is_under_pressure():
    """Stress is tensile-positive: the diamond frames of smallest volume per atom push outwards."""
    train = read(FOLDER / "mlearn" / "Si_train.extxyz", keys=REF, require=("energy", "forces", "stress"))
    bulk = [
        s for s in train if "Elastic" in str(s.info["config_type"]) or "Ground" in str(s.info["config_type"])
    ]
    volume = np.array([s.volume / len(s) for s in bulk])
    pressure = np.array([-np.trace(s.labels["stress"]) / 3 for s in bulk])
    assert np.corrcoef(volume, pressure)[0, 1] < -0.9


def test_rmd17_ethanol_in_our_units():
    frames = read_rmd17(FOLDER / "rmd17" / "ethanol_train.npz", index="::100")
    assert [s.formula for s in frames] == ["C2H6O"] * 10
    assert -4215 < float(frames[0].labels["energy"]) < -4200, "DFT energy of ethanol, eV"
    assert all(np.abs(s.labels["forces"].sum(axis=0)).max() < 1e-3 for s in frames)


def test_tensoap_water_is_open_and_in_hartree():
    frames = read(
        FOLDER / "tensoap_water" / "monomer.xyz",
        keys=LabelKeys(energy="potential"),
        units=LabelUnits(energy="hartree"),
        require=("energy",),
        index=":10",
    )
    assert not any(s.pbc.any() for s in frames)
    assert all(-2085 < float(s.labels["energy"]) < -2070 for s in frames)
