"""Laws of the energy of a pose: invariance, derivatives, smoothness, and what vanishes."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("rdkit")
from apps.docking.hosts import GUESTS, body, guest_of, host_of, scattered
from intertwine.apps.docking import Box, PoseEnergy, PoseEnergySpec
from intertwine.apps.docking.kinematics import Placed, Poses, place
from intertwine.apps.docking.landscape import PriorLandscape
from intertwine.apps.docking.refine import FullLandscape
from intertwine.ops.rotations import random_rotations

SEEDS = st.integers(0, 2**16)
guests = st.sampled_from(GUESTS).map(guest_of)


def model_of(seed: int, dtype: torch.dtype) -> PoseEnergy:
    """A model as if it had learned: its learned term and all weights of its prior are not as at first."""
    torch.manual_seed(seed)
    model = PoseEnergy(PoseEnergySpec(channels=6)).to(dtype)
    with torch.no_grad():
        model.readout.weights[-1].mul_(30.0)
        for scale in model.prior.parameters():
            scale.copy_(0.3 * torch.randn(scale.shape))
    return model


def moved(atoms, turn, shift):
    return dataclasses.replace(atoms, positions=atoms.positions @ turn.T + shift)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-5)])
@settings(max_examples=5, deadline=None)
@given(ligand=guests, seed=SEEDS)
def test_no_common_rigid_motion_changes_the_energy(dtype, tolerance, ligand, seed):
    host, model = host_of(ligand, seed=seed), model_of(seed, dtype)
    turn = random_rotations(1, torch.Generator().manual_seed(seed))[0]
    shift = torch.tensor([3.0, -7.0, 5.0], dtype=torch.float64)
    elsewhere = dataclasses.replace(host, atoms=moved(host.atoms, turn.numpy(), shift.numpy()))
    own = body(ligand).to(dtype)
    poses = scattered(own, 6, 0.4, seed)
    there = Poses(
        turn.to(dtype) @ poses.rotation,
        poses.translation @ turn.T.to(dtype) + shift.to(dtype),
        poses.torsions,
    )
    guest = model.guest(ligand)
    one = model(model.site(host), guest, place(own, poses)).total
    other = model(model.site(elsewhere), guest, place(own, there)).total
    assert ((one - other).abs() <= tolerance * one.abs().clamp_min(1.0)).all()
    turned_alone = model(model.site(host), guest, place(own, there)).total
    assert (one - turned_alone).abs().max() > 1e-3, "the two poses differ, so the law above says something"


@settings(max_examples=4, deadline=None)
@given(ligand=guests, seed=SEEDS)
def test_force_torque_and_torsional_forces_are_derivatives(ligand, seed):
    host, model = host_of(ligand, seed=seed), model_of(seed, torch.float64)
    box = Box(ligand.atoms.positions.mean(0), np.full(3, 12.0))
    prior = PriorLandscape(host, ligand, box, model.prior, dtype=torch.float64)
    full = FullLandscape(prior, model, model.site(host), model.guest(ligand))
    poses = scattered(prior.body, 2, 0.3, seed)
    slope = full(poses)[1]
    for k in range(prior.body.freedoms):
        step = torch.zeros(2, prior.body.freedoms, dtype=torch.float64)
        step[:, k] = 1e-4
        numeric = (full(poses.moved(step))[0] - full(poses.moved(-step))[0]) / 2e-4
        assert ((slope[:, k] - numeric).abs() <= 1e-5 * slope[:, k].abs().clamp_min(1.0)).all()


@settings(max_examples=5, deadline=None)
@given(ligand=guests, seed=SEEDS)
def test_tables_and_the_prior_itself_agree(ligand, seed):
    host, model = host_of(ligand, seed=seed), model_of(seed, torch.float64)
    box = Box(ligand.atoms.positions.mean(0), np.full(3, 14.0))
    landscape = PriorLandscape(host, ligand, box, model.prior, dtype=torch.float64)
    poses = scattered(landscape.body, 5, 0.4, seed)
    placed = place(landscape.body, poses)
    found = landscape.energies(placed)
    outer, inner = model.prior_terms(model.site(host), model.guest(ligand), placed.positions)
    assert torch.allclose(found.outer, outer, atol=1e-4)
    assert torch.allclose(found.inner + landscape.turning(poses)[0], inner, atol=1e-4)


def test_energy_and_force_are_smooth_while_a_ligand_leaves_the_pocket():
    ligand = guest_of()
    host, model = host_of(ligand, atoms=25), model_of(0, torch.float64)
    site, guest = model.site(host), model.guest(ligand)
    far = torch.linspace(0.0, 25.0, 2001, dtype=torch.float64)
    shift = far[:, None] * torch.tensor([1.0, 0.4, -0.2], dtype=torch.float64)
    x = (torch.from_numpy(ligand.atoms.positions) + shift[:, None]).requires_grad_()
    frames = torch.eye(3, dtype=torch.float64).expand(len(x), int(guest.fragments.max()) + 1, 3, 3)
    terms = model(site, guest, Placed(x, frames))
    force = torch.autograd.grad(terms.total.sum(), x)[0].sum((1, 2))
    energy = terms.total.detach()
    # a jump of the energy or of its slope is as large at a tenth of the step; smooth functions change with it
    for curve, scale in ((energy, 3.0), (force, 6.0)):
        coarse, fine = curve[::10].diff().abs().max(), curve.diff().abs().max()
        assert fine < coarse / scale
    assert terms.learned[-1].abs().max() == 0.0, "outside, the learned term is nothing"
    assert terms.prior[-1].abs().max() == 0.0


@settings(max_examples=5, deadline=None)
@given(ligand=guests, seed=SEEDS)
def test_the_learned_term_of_an_atom_never_passes_its_bound(ligand, seed):
    host, model = host_of(ligand, nearest=1.0, seed=seed), model_of(seed, torch.float64)
    with torch.no_grad():
        for weight in model.readout.weights:
            weight *= 50.0
    own = body(ligand)
    learned = model.learned(model.site(host), model.guest(ligand), place(own, scattered(own, 4, 1.0, seed)))
    assert learned.abs().max() <= model.spec.bound
    assert learned.abs().max() > 0.9 * model.spec.bound


def test_the_learned_term_sees_how_a_fragment_is_turned_in_place():
    ligand = guest_of()
    host, model = host_of(ligand), model_of(1, torch.float64)
    own = body(ligand)
    placed = place(own, own.at_reference())
    turn = random_rotations(1, torch.Generator().manual_seed(0))
    here = model.learned(model.site(host), model.guest(ligand), placed)
    turned = model.learned(
        model.site(host), model.guest(ligand), placed._replace(frames=turn @ placed.frames)
    )
    assert (here - turned).abs().max() > 1e-4
