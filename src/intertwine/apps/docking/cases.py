"""Cases to learn from: a pocket, a ligand, and many poses with their distance from the crystal's."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.utils._pytree import tree_map

from intertwine.apps.docking.clusters import symmetric_rmsd
from intertwine.apps.docking.energy import LigandGraph, PoseEnergySpec, ligand_graph, receptor_graph
from intertwine.apps.docking.kinematics import Body, Placed, Poses, place, pulled_back
from intertwine.apps.docking.landscape import PriorLandscape
from intertwine.apps.docking.minimise import minimise
from intertwine.apps.docking.prior import Prior, traits_of
from intertwine.apps.docking.search import SearchPlan, best_of, search, uniform_poses
from intertwine.graph import Graph

if TYPE_CHECKING:
    from intertwine.apps.docking.ligand import Ligand
    from intertwine.apps.docking.pocket import Box
    from intertwine.apps.docking.receptor import Receptor

NEAR = 64
"""Poses near the crystal's that a case begins with, and a third as many exactly at it or beside."""

SCATTER = (0.5, 0.25, 0.3)
"""Widths of their scatter: Å, radians of rotation, radians of each torsion."""


@dataclass(frozen=True)
class Complex:
    """A ligand in its crystal, to learn from or to be tested on.

    Attributes:
        name: of the entry.
        receptor: the pocket.
        ligand: at its crystal pose.
        conformer: the same molecule made from its bonds alone; None where torsions are not to be solved.
        box: where to search.
        group: entries of one protein share it; groups are never divided between training and test.
    """

    name: str
    receptor: "Receptor"
    ligand: "Ligand"
    conformer: "Ligand | None"
    box: "Box"
    group: int


@dataclass(frozen=True, eq=False)
class Case:
    """One ligand conformer in one pocket with a pool of poses.

    Attributes:
        name, group: of the complex.
        landscape: the prior's, of this pocket and this conformer.
        site: graph of the receptor.
        traits: of its atoms.
        ligand: graph of the ligand.
        reference: crystal positions of the heavy atoms, Å, `(atoms, 3)`.
        symmetries: automorphisms, `(symmetries, atoms)`.
        native: the pose nearest to the crystal's that this conformer can take, `Poses` of one.
        poses: the pool.
        rmsd: of each from the crystal, Å, `(poses,)`.
        first: the prior's energy of each before any training, kcal/mol, `(poses,)`.
        scattered: so many poses of the pool, its first ones, are no minima.
    """

    name: str
    group: int
    landscape: PriorLandscape
    site: Graph
    traits: Float[Tensor, "sites traits"]
    ligand: LigandGraph
    reference: Float[Tensor, "atoms 3"]
    symmetries: Int64[Tensor, "symmetries atoms"]
    native: Poses
    poses: Poses
    rmsd: Float[Tensor, "poses"]
    first: Float[Tensor, "poses"]
    scattered: int

    @property
    def body(self) -> Body:
        """The ligand's mechanism."""
        return self.landscape.body

    @cached_property
    def placed(self) -> Placed:
        """The ligand at every pose of the pool."""
        return place(self.body, self.poses)

    def distance(self, poses: Poses) -> Float[Tensor, "poses"]:
        """Symmetry-corrected RMSD of poses from the crystal's, Å."""
        x = place(self.body, poses).positions
        return symmetric_rmsd(x, self.reference[None], self.symmetries)[:, 0]

    def with_poses(self, more: Poses) -> "Case":
        """The case with more poses in its pool."""
        both = Poses(*(torch.cat(pair) for pair in zip(self.poses, more, strict=True)))
        rmsd = torch.cat((self.rmsd, self.distance(more)))
        first = torch.cat((self.first, self.landscape(more)[0]))
        return replace(self, poses=both, rmsd=rmsd, first=first)


def case_of(
    entry: Complex,
    flexible: bool,
    plan: SearchPlan,
    spec: PoseEnergySpec,
    device: torch.device | str = "cpu",
    given: dict[str, list[Tensor]] | None = None,
) -> Case:
    """Make a case: minima of the prior all over the box, and minima and scattered poses near the crystal's.

    Args:
        entry: the complex.
        flexible: torsions turn, of the conformer made from bonds alone; else the crystal's is rigid.
        plan: of the search; `plan.kept` minima enter the pool.
        spec: of the energy that will learn, for the cutoff of its graphs.
        device: where the tensors live.
        given: `poses` and `native` of a case made before from the same arguments: nothing is searched again.
    """
    ligand = entry.ligand
    if flexible and entry.conformer is not None:
        ligand = entry.conformer
    landscape = PriorLandscape(entry.receptor, ligand, entry.box, Prior(), flexible, device=device)
    like = landscape.body.reference
    reference = torch.from_numpy(np.array(entry.ligand.atoms.positions)).to(like)
    symmetries = torch.from_numpy(np.array(entry.ligand.symmetries)).to(like.device)
    if given is None:
        native, poses = pool_of(landscape, plan, reference, symmetries)
    else:
        native, poses = (Poses(*(part.to(like) for part in given[name])) for name in ("native", "poses"))
    made = ligand_graph(ligand, spec.cutoff)
    made = made if flexible else made.rigid()
    case = Case(
        name=entry.name,
        group=entry.group,
        landscape=landscape,
        site=tree_map(lambda part: part.to(device), receptor_graph(entry.receptor, spec.cutoff)),
        traits=traits_of(entry.receptor.atoms).to(device),
        ligand=tree_map(lambda part: part.to(device), made),
        reference=reference,
        symmetries=symmetries,
        native=native,
        poses=poses,
        rmsd=reference.new_zeros(len(poses.translation)),
        first=landscape(poses)[0],
        scattered=1 + NEAR // 3,
    )
    return replace(case, rmsd=case.distance(poses))


def pool_of(
    landscape: PriorLandscape,
    plan: SearchPlan,
    reference: Float[Tensor, "atoms 3"],
    symmetries: Int64[Tensor, "symmetries atoms"],
) -> tuple[Poses, Poses]:
    """The native pose of a conformer, and with it some scattered about it, and minima near and far."""
    source = torch.Generator().manual_seed(plan.seed)
    native = fitted(landscape, reference, symmetries, source)
    beside = beside_native(native, NEAR, source)
    near = best_of(landscape, [landscape.minimised(beside, plan.rounds)], symmetries, 0.3, NEAR)
    far = search(landscape, plan, symmetries)
    some = torch.arange(NEAR // 3, device=reference.device)
    pools = (native, beside.take(some), near.poses, far.poses)
    return native, Poses(*(torch.cat(parts) for parts in zip(*pools, strict=True)))


def fitted(
    landscape: PriorLandscape,
    reference: Float[Tensor, "atoms 3"],
    symmetries: Int64[Tensor, "symmetries atoms"],
    source: torch.Generator,
    starts: int = 64,
) -> Poses:
    """The one pose of a conformer that comes nearest to given positions, by minimising Σ |xᵢ − yᵢ|².

    A rigid body that is the reference itself comes there exactly; another conformer as near as its torsions
    let it. Starts are uniform, and one is the reference's own frame.
    """
    body = landscape.body

    def squares(poses: Poses) -> tuple[Tensor, Tensor]:
        x = place(body, poses).positions
        away = x - reference
        return away.square().sum((1, 2)), pulled_back(body, poses, x, 2.0 * away)

    drawn = uniform_poses(landscape, starts, source)
    begun = Poses(*(torch.cat(pair) for pair in zip(body.at_reference(), drawn, strict=True)))
    found = minimise(squares, begun, body.reaches, rounds=150, tolerance=1e-4)
    away = symmetric_rmsd(place(body, found.poses).positions, reference[None], symmetries)[:, 0]
    return found.poses.take(away.argmin()[None])


def beside_native(
    native: Poses, count: int, source: torch.Generator, widths: tuple[float, float, float] = SCATTER
) -> Poses:
    """Poses scattered about one by Gaussians of given widths (Å, radians of rotation, of each torsion)."""
    many = Poses(*(part.expand(count, *part.shape[1:]) for part in native))
    shift, turn, twist = widths
    width = torch.tensor([shift] * 3 + [turn] * 3 + [twist] * native.torsions.shape[1])
    step = torch.randn(count, len(width), generator=source) * width
    return many.moved(step.to(native.translation))
