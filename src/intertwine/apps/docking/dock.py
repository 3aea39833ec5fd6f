"""Docking one ligand: search the prior, refine under the full energy, say what each pose owes to what."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Float64

from intertwine.apps.docking.energy import PoseEnergy, ligand_graph
from intertwine.apps.docking.kinematics import Body, Placed, Poses, place
from intertwine.apps.docking.landscape import PriorLandscape, whole_body_of
from intertwine.apps.docking.pocket import pocket_of
from intertwine.apps.docking.prior import CUTOFF, traits_of
from intertwine.apps.docking.refine import FullLandscape, refined
from intertwine.apps.docking.search import SearchPlan, search
from intertwine.errors import InputError
from intertwine.ops.contacts import contacts

if TYPE_CHECKING:
    from intertwine.apps.docking.ligand import Ligand
    from intertwine.apps.docking.pocket import Box
    from intertwine.apps.docking.receptor import Receptor


@dataclass(frozen=True)
class Docking:
    """Poses of one ligand, best first. Energies in kcal/mol, lengths in Å.

    Attributes:
        positions: of all atoms, hydrogens too, `(poses, all, 3)`.
        energies: E, the prior and the learned term together, `(poses,)`.
        prior: of the ligand with the receptor, `(poses,)`.
        inner: of the ligand with itself, turning about bonds included, `(poses,)`.
        learned: `(poses,)`; `energies` is the sum of the three.
        gradient_norms: what is left of the slope with every freedom counted in Å, `(poses,)`.
        contributions: of each heavy atom to prior and learned term, `(poses, heavy)`.
        by_residue: the prior between the ligand and each residue, `(poses,)` each, largest first.
        evaluations: energies that the search took.
        seconds: of the wall clock.
    """

    positions: Float64[np.ndarray, "poses all 3"]
    energies: Float64[np.ndarray, " poses"]
    prior: Float64[np.ndarray, " poses"]
    inner: Float64[np.ndarray, " poses"]
    learned: Float64[np.ndarray, " poses"]
    gradient_norms: Float64[np.ndarray, " poses"]
    contributions: Float64[np.ndarray, "poses heavy"]
    by_residue: dict[str, Float64[np.ndarray, " poses"]]
    evaluations: int
    seconds: float


@torch.no_grad()
def dock_ligand(
    receptor: "Receptor",
    ligand: "Ligand",
    box: "Box",
    model: PoseEnergy,
    plan: SearchPlan | None = None,
    flexible: bool = True,
) -> Docking:
    """Find where a ligand sits in a box: the lowest minima of E over rotation, place and torsions.

    The prior is searched (`search`), the lowest distinct minima are minimised again under the full energy,
    and what is left is ranked by it. The result depends on the arguments alone: same seed, same poses.

    Args:
        receptor: the whole of it; what the box cannot feel is left out.
        ligand: its conformer says bond lengths and angles, and torsions where they are not turned.
        box: where its atoms may be.
        model: the energy.
        plan: how hard to search.
        flexible: whether torsions turn.

    Raises:
        InputError: nothing of the receptor is near the box, or no pose of the ligand fits in.
    """
    plan, begun = plan or SearchPlan(), time.perf_counter()
    pocket = pocket_of(receptor, box, CUTOFF)
    dtype = model.prior.scales.dtype
    landscape = PriorLandscape(pocket, ligand, box, model.prior, flexible, dtype)
    symmetries = torch.from_numpy(np.array(ligand.symmetries))
    found = search(landscape, plan, symmetries)
    made = ligand_graph(ligand, model.spec.cutoff)
    site, guest = model.site(pocket), model.guest(made if flexible else made.rigid())
    full = FullLandscape(landscape, model, site, guest)
    best = refined(full, found.poses, symmetries, plan.refined, plan.radius, plan.poses)
    if float(best.energy[0]) > 0:
        raise InputError(
            f"no pose of {ligand.name or 'the ligand'} fits into the box",
            got=f"lowest energy {float(best.energy[0]):.1f} kcal/mol",
            accepted="a pocket it can lie in without clashes",
            fix="enlarge the box, move it, or check the receptor for atoms that fill the pocket",
        )
    terms, learned = full.terms(best.poses)
    of_atoms = terms.outer + learned
    energies = of_atoms.sum(1) + terms.inner
    order = energies.argsort(stable=True)
    best = best.take(order)
    whole = whole_body_of(ligand)
    return Docking(
        positions=_whole(whole if flexible else whole.rigid(), best.poses).positions.numpy(),
        energies=energies[order].double().numpy(),
        prior=terms.outer[order].sum(1).double().numpy(),
        inner=terms.inner[order].double().numpy(),
        learned=learned[order].sum(1).double().numpy(),
        gradient_norms=best.gradient_norm.double().numpy(),
        contributions=of_atoms[order].double().numpy(),
        by_residue=_by_residue(model, pocket, ligand, place(landscape.body, best.poses)),
        evaluations=found.evaluations + best.evaluations,
        seconds=time.perf_counter() - begun,
    )


def _whole(body: Body, poses: Poses) -> Placed:
    return place(body, Poses(*(part.double() for part in poses)))


def _by_residue(model: PoseEnergy, pocket: "Receptor", ligand: "Ligand", placed: Placed) -> dict:
    """The prior between the ligand at each pose and each residue, those that matter most first."""
    x = placed.positions
    own, theirs = traits_of(ligand.atoms).to(x), traits_of(pocket.atoms).to(x)
    sites = torch.from_numpy(pocket.atoms.positions).to(x)
    found = contacts(x, sites, CUTOFF)
    energy = model.prior(found.vector.norm(dim=1), own[found.atom % x.shape[1]], theirs[found.site])
    labels, residue = np.unique(np.array(pocket.residues), return_inverse=True)
    place_of = (found.atom // x.shape[1]) * len(labels) + torch.from_numpy(residue)[found.site]
    table = torch.zeros(len(x) * len(labels), dtype=energy.dtype).index_add(0, place_of, energy)
    table = table.reshape(len(x), len(labels)).double().numpy()
    order = np.argsort(-np.abs(table).max(0), kind="stable")
    return {str(labels[k]): table[:, k] for k in order if np.abs(table[:, k]).max() > 0.01}
