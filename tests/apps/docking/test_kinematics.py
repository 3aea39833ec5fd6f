"""Laws of a ligand as a mechanism."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("rdkit")
from apps.docking.hosts import GUESTS, body, guest_of, scattered
from intertwine.apps.docking.kinematics import Poses, place, pulled_back, torques_of
from intertwine.apps.docking.landscape import free_pairs, whole_body_of
from intertwine.apps.docking.training import noise_of
from intertwine.ops.rotations import random_rotations, rotation_about, rotation_exponential

guests = st.sampled_from(GUESTS).map(guest_of)
SEEDS = st.integers(0, 2**16)


@settings(max_examples=8, deadline=None)
@given(ligand=guests, seed=SEEDS)
def test_torsions_change_only_the_distances_they_are_said_to(ligand, seed):
    own = body(ligand)
    x = place(own, scattered(own, 5, 1.0, seed)).positions
    change = (torch.cdist(x, x) - torch.cdist(own.reference, own.reference)).abs().amax(0).numpy()
    free = free_pairs(ligand)
    assert change[~free].max() < 1e-10
    assert change[free].max() > 1e-2


@settings(max_examples=8, deadline=None)
@given(ligand=guests, seed=SEEDS)
def test_hydrogens_go_with_their_heavy_atoms(ligand, seed):
    heavy, whole = body(ligand), whole_body_of(ligand)
    poses = scattered(heavy, 4, 0.7, seed)
    every = place(whole, poses).positions
    assert torch.allclose(every[:, ligand.heavy], place(heavy, poses).positions, atol=1e-10)
    start = torch.from_numpy(ligand.positions)
    bonds = torch.from_numpy(np.stack((np.arange(len(start)), ligand.parents)))
    lengths = (every[:, bonds[0]] - every[:, bonds[1]]).norm(dim=2)
    assert torch.allclose(
        lengths, (start[bonds[0]] - start[bonds[1]]).norm(dim=1).expand_as(lengths), atol=1e-10
    )


@settings(max_examples=8, deadline=None)
@given(ligand=guests, seed=SEEDS)
def test_frames_turn_what_is_fixed_to_a_fragment(ligand, seed):
    own = body(ligand)
    placed = place(own, scattered(own, 3, 1.0, seed))
    for fragment in own.fragments.unique():
        members = (own.fragments == fragment).nonzero()[:, 0]
        if len(members) < 2:
            continue
        before = own.reference[members] - own.reference[members[0]]
        after = placed.positions[:, members] - placed.positions[:, members[:1]]
        turned = before @ placed.frames[:, fragment].mT
        assert torch.allclose(after, turned, atol=1e-10)


@settings(max_examples=8, deadline=None)
@given(ligand=guests, seed=SEEDS, flexible=st.booleans())
def test_generalised_forces_are_derivatives(ligand, seed, flexible):
    own = body(ligand, flexible)
    poses = scattered(own, 2, 0.8, seed)
    source = torch.Generator().manual_seed(seed)
    placed = place(own, poses)
    pull = torch.randn(placed.positions.shape, generator=source, dtype=torch.float64)
    twist = torch.randn(placed.frames.shape, generator=source, dtype=torch.float64)

    def energy(step):
        there = place(own, poses.moved(step))
        return (there.positions * pull).sum((1, 2)) + (there.frames * twist).sum((1, 2, 3))

    slope = pulled_back(own, poses, placed.positions, pull, torques_of(placed.frames, twist))
    for k in range(own.freedoms):
        step = torch.zeros(2, own.freedoms, dtype=torch.float64)
        step[:, k] = 1e-5
        numeric = (energy(step) - energy(-step)) / 2e-5
        assert torch.allclose(slope[:, k], numeric, rtol=1e-6, atol=1e-6)


@given(seed=SEEDS)
def test_noise_is_read_off_as_it_was_put_in(seed):
    own = body(guest_of())
    start = scattered(own, 1, 2.0, seed)
    step = 0.5 * torch.randn(
        6, own.freedoms, generator=torch.Generator().manual_seed(seed), dtype=torch.float64
    )
    step[0] = 0.0
    many = Poses(*(part.expand(6, *part.shape[1:]) for part in start))
    assert torch.allclose(noise_of(start, many.moved(step)), step, atol=1e-8)


@given(seed=SEEDS, angle=st.floats(-3.0, 3.0))
def test_the_exponential_turns_about_its_axis(seed, angle):
    axis = torch.nn.functional.normalize(
        torch.randn(3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64), dim=0
    )
    turn = rotation_exponential(angle * axis)
    assert torch.allclose(turn, rotation_about(axis, torch.tensor(angle, dtype=torch.float64)), atol=1e-12)
    assert torch.allclose(turn @ axis, axis, atol=1e-12)
    assert torch.allclose(turn @ turn.T, torch.eye(3, dtype=torch.float64), atol=1e-12)


def test_random_rotations_have_the_moments_of_haar():
    turns = random_rotations(200_000, torch.Generator().manual_seed(1))
    assert torch.allclose(turns.det(), torch.ones(len(turns), dtype=torch.float64))
    assert turns.mean(0).abs().max() < 0.01
    # by Schur's orthogonality the mean of R_ab R_cd is δ_ac δ_bd / 3
    pairs = torch.einsum("nab,ncd->abcd", turns, turns) / len(turns)
    one = torch.eye(3, dtype=torch.float64)
    assert (pairs - torch.einsum("ac,bd->abcd", one, one) / 3).abs().max() < 0.01
