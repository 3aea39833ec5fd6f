"""What turning about a bond costs: angles by RDKit, the same function of angles and of turns."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from intertwine.apps.docking import read_ligands
from intertwine.apps.docking.kinematics import Poses, place
from intertwine.apps.docking.landscape import body_of, profiles_about, whole_body_of
from intertwine.apps.docking.profiles import WAVES, angles_of, height, turned

geometry = pytest.importorskip("rdkit.Chem.rdMolTransforms")

MOLECULES = ("CC(=O)OCC", "c1ccccc1-c1ccccc1C(=O)OC", "CCCC[NH3+]", "O=S(=O)(N)c1ccc(OCC(F)F)cc1")


def ligand_of(smiles: str):
    ((_, ligand),) = read_ligands(smiles)
    return ligand


@settings(max_examples=20, deadline=None)
@given(smiles=st.sampled_from(MOLECULES), seed=st.integers(0, 1000))
def test_angles_are_those_of_rdkit_and_profiles_the_same_by_angle_and_by_turn(smiles, seed):
    ligand, source = ligand_of(smiles), torch.Generator().manual_seed(seed)
    turns = (torch.rand(1, len(ligand.torsions), generator=source, dtype=torch.float64) * 2 - 1) * math.pi
    poses = Poses(torch.eye(3, dtype=torch.float64)[None], torch.zeros(1, 3, dtype=torch.float64), turns)
    dihedrals = torch.from_numpy(ligand.dihedrals)
    cosine, sine = angles_of(place(body_of(ligand), poses).positions, dihedrals)
    there = ligand.at(place(whole_body_of(ligand), poses).positions[0].numpy()).molecule.GetConformer()
    angle = [geometry.GetDihedralRad(there, *map(int, ligand.heavy[row])) for row in ligand.dihedrals]
    assert np.allclose(np.exp(1j * np.array(angle)), torch.complex(cosine, sine)[0].numpy(), atol=1e-9)
    by_turn = turned(profiles_about(ligand), turns)[0]
    assert torch.allclose(by_turn, height(torch.from_numpy(ligand.waves), cosine, sine), atol=1e-12)


@pytest.mark.parametrize("smiles", MOLECULES)
def test_profiles_run_from_zero_to_one(smiles):
    angles = np.linspace(-np.pi, np.pi, 3601)
    curves = ligand_of(smiles).waves @ np.cos(np.arange(WAVES)[:, None] * angles)
    assert np.allclose(curves.min(1), 0.0, atol=1e-5)
    assert np.allclose(curves.max(1), 1.0, atol=1e-5)


@pytest.mark.parametrize(("smiles", "best"), [("CC(=O)OCC", 0.0), ("CCCC", 180.0), ("COc1ccccc1", 0.0)])
def test_best_angles_are_those_of_chemistry(smiles, best):
    """Esters with O=C–O–C in one plane, anti butane, anisole in its ring's plane."""
    angles = np.radians(np.arange(-180.0, 181.0))
    curve = ligand_of(smiles).waves[0] @ np.cos(np.arange(WAVES)[:, None] * angles)
    assert curve[int(best) + 180] < 1e-6
    assert curve[90] > 0.4, "a right angle is dear to all three"
