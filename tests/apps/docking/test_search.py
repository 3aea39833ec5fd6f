"""Laws of the search: the kernel, the minimiser, the clusters, the losses."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("rdkit")
from apps.docking.hosts import body, guest_of, host_of, scattered
from intertwine.apps.docking import (
    Box,
    DockingTraining,
    PoseEnergy,
    PoseEnergySpec,
    SearchPlan,
    dock_ligand,
    load_docking_model,
    train,
)
from intertwine.apps.docking.cases import Complex, case_of, fitted
from intertwine.apps.docking.clusters import distinct, symmetric_rmsd
from intertwine.apps.docking.kinematics import place
from intertwine.apps.docking.landscape import PriorLandscape
from intertwine.apps.docking.minimise import minimise
from intertwine.apps.docking.prior import Prior
from intertwine.apps.docking.training import losses_of
from intertwine.errors import InputError
from intertwine.ops.native import library
from intertwine.ops.pose_pairs import plain_pose_pairs, pose_pairs

SEEDS = st.integers(0, 2**16)
QUICK = SearchPlan(starts=20, drawn=4, hops=1, hops_per_torsion=0, rounds=25, kept=20, refined=10)


def landscape_of(seed: int = 0, dtype: torch.dtype = torch.float64, flexible: bool = True) -> PriorLandscape:
    ligand = guest_of()
    box = Box(ligand.atoms.positions.mean(0), np.full(3, 14.0))
    return PriorLandscape(host_of(ligand, seed=seed), ligand, box, Prior(), flexible, dtype)


@pytest.mark.skipif(not library.takes(torch.zeros(1)), reason="kernels were not built")
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 2e-4)])
@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, width=st.sampled_from([0.1, 1.0, 4.0]))
def test_the_kernel_and_torch_agree(dtype, tolerance, seed, width):
    landscape = landscape_of(seed, dtype)
    x = place(landscape.body, scattered(landscape.body, 7, width, seed)).positions
    fast, plain = (run(landscape.around, landscape.inside, x) for run in (pose_pairs, plain_pose_pairs))
    for one, other in zip(fast, plain, strict=True):
        assert torch.allclose(one, other, rtol=tolerance, atol=tolerance)


@settings(max_examples=5, deadline=None)
@given(seed=SEEDS, flexible=st.booleans())
def test_minimisation_never_rises_and_ends_where_the_slope_vanishes(seed, flexible):
    landscape = landscape_of(seed, flexible=flexible)
    starts = scattered(landscape.body, 12, 0.5, seed)
    before = landscape(starts)[0]
    found = minimise(landscape, starts, landscape.body.reaches, rounds=400, tolerance=1e-3)
    assert (found.energy <= before).all()
    assert torch.allclose(landscape(found.poses)[0], found.energy, atol=1e-9)
    assert (found.gradient_norm < 1e-3).float().mean() > 0.8


@pytest.mark.skipif(not library.takes(torch.zeros(1)), reason="kernels were not built")
@settings(max_examples=5, deadline=None)
@given(seed=SEEDS, flexible=st.booleans())
def test_the_compiled_descent_takes_the_steps_of_torch(seed, flexible):
    landscape = landscape_of(seed, flexible=flexible)
    starts = scattered(landscape.body, 20, 1.0, seed)
    for rounds in (1, 2, 12):
        slow = minimise(landscape, starts, landscape.body.reaches, rounds)
        fast = landscape.minimised(starts, rounds)
        assert torch.allclose(slow.energy, fast.energy, rtol=1e-9, atol=1e-9)
        assert torch.allclose(slow.gradient_norm, fast.gradient_norm, rtol=1e-7, atol=1e-7)
        for one, other in zip(slow.poses, fast.poses, strict=True):
            assert torch.allclose(one, other, rtol=1e-8, atol=1e-8)
        assert slow.evaluations == fast.evaluations


def test_a_conformer_is_fitted_to_its_own_coordinates_exactly():
    landscape = landscape_of()
    wanted = place(landscape.body, scattered(landscape.body, 1, 1.5, seed=3)).positions[0]
    symmetries = torch.from_numpy(np.array(guest_of().symmetries))
    pose = fitted(landscape, wanted, symmetries, torch.Generator().manual_seed(0))
    assert symmetric_rmsd(place(landscape.body, pose).positions, wanted[None], symmetries).item() < 0.05


@settings(max_examples=5, deadline=None)
@given(seed=SEEDS)
def test_distance_of_poses_does_not_see_the_names_of_equal_atoms(seed):
    ligand = guest_of()
    own, symmetries = body(ligand), torch.from_numpy(np.array(ligand.symmetries))
    x = place(own, scattered(own, 6, 0.8, seed)).positions
    assert len(symmetries) > 1
    table = symmetric_rmsd(x, x, symmetries)
    assert torch.allclose(table, table.T, atol=1e-9)
    renamed = x[:, symmetries[-1]]
    assert torch.allclose(symmetric_rmsd(renamed, x, symmetries), table, atol=1e-9)
    kept = distinct(x, symmetries, 0.5, 99)
    among = table[kept][:, kept] + 9.0 * torch.eye(len(kept), dtype=torch.float64)
    assert among.min() >= 0.5
    assert (table[:, kept].amin(1) < 0.5).all() or len(kept) == len(x)


@pytest.mark.parametrize("flexible", [True, False])
def test_docking_gives_the_same_poses_again_with_parts_that_add_up(flexible):
    ligand = guest_of()
    host, box = host_of(ligand, nearest=3.4), Box(ligand.atoms.positions.mean(0), np.full(3, 14.0))
    torch.manual_seed(0)
    model = PoseEnergy(PoseEnergySpec(channels=6))
    one, other = (dock_ligand(host, ligand, box, model, QUICK, flexible) for _ in range(2))
    assert np.array_equal(one.positions, other.positions)
    assert (np.diff(one.energies) >= 0).all()
    assert np.allclose(one.energies, one.prior + one.inner + one.learned, atol=1e-5)
    assert np.allclose(one.contributions.sum(1) + one.inner, one.energies, atol=1e-5)
    assert np.allclose(sum(one.by_residue.values()), one.prior, atol=0.1)
    heavy = torch.from_numpy(one.positions[:, ligand.heavy])
    apart = symmetric_rmsd(heavy, heavy, torch.from_numpy(np.array(ligand.symmetries)))
    assert apart.add(9.0 * torch.eye(len(heavy))).min() > 0.99 * QUICK.radius


def test_a_pocket_that_is_full_is_told():
    ligand = guest_of()
    host, model = host_of(ligand, atoms=4000, nearest=0.0), load_docking_model()
    with pytest.raises(InputError, match="no pose of guest fits into the box"):
        dock_ligand(host, ligand, Box(ligand.atoms.positions.mean(0), np.full(3, 8.0)), model, QUICK)


def test_learning_lowers_the_losses_on_the_case_it_learns_from():
    ligand = guest_of()
    box = Box(ligand.atoms.positions.mean(0), np.full(3, 14.0))
    entry = Complex("one", host_of(ligand, nearest=3.2), ligand, None, box, 0)
    torch.manual_seed(0)
    model = PoseEnergy(PoseEnergySpec(channels=6))
    case = case_of(entry, True, QUICK, model.spec)
    assert case.rmsd[0] < 0.2
    plan = DockingTraining(epochs=60, rate=1e-2, mined_share=1.0, mined=4, mining=(0.5,), noisy=4)
    loss = [losses_of(model, case, plan, torch.Generator().manual_seed(5)).ranking.item()]
    more = train(model, [case], plan)
    loss.append(losses_of(model, case, plan, torch.Generator().manual_seed(5)).ranking.item())
    assert loss[1] < 0.5 * loss[0]
    assert len(more[0].rmsd) > len(case.rmsd), "false minima entered the pool"
