"""The energy of a pose: a physical prior and a bounded learned term, both invariant."""

from typing import TYPE_CHECKING, Annotated, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from intertwine.apps.docking.kinds import KINDS, kinds_of_atoms
from intertwine.apps.docking.kinematics import Placed
from intertwine.apps.docking.landscape import free_pairs, inner_pairs
from intertwine.apps.docking.prior import CUTOFF, Prior, traits_of
from intertwine.apps.docking.profiles import angles_of, height
from intertwine.data.structure import Structure
from intertwine.encoders import BodyOrderedEncoder, BodyOrderedSpec
from intertwine.encoders.pose import CrossEncoder, CrossSpec
from intertwine.graph import Graph, build_graph
from intertwine.graph.slots import slots
from intertwine.nn.invariant_network import InvariantNetwork
from intertwine.ops.contacts import contacts
from intertwine.ops.segment import segment_sum
from intertwine.ops.wigner import wigner_matrices

if TYPE_CHECKING:
    from intertwine.apps.docking.ligand import Ligand
    from intertwine.apps.docking.receptor import Receptor


class PoseEnergySpec(BaseModel):
    """Sizes of a `PoseEnergy`.

    >>> PoseEnergySpec().hidden
    32
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    cutoff: Annotated[float, Field(gt=0)] = 4.5
    """Å; how far an atom sees its own molecule."""
    channels: Annotated[int, Field(ge=1)] = 24
    layers: Annotated[int, Field(ge=1)] = 1
    cross: CrossSpec = CrossSpec()
    hidden: Annotated[int, Field(ge=1)] = 32
    bound: Annotated[float, Field(ge=0)] = 0.5
    """kcal/mol; the learned term of one atom is never larger. Zero: the prior alone."""

    def encoder(self) -> BodyOrderedSpec:
        """The encoder of receptor and of ligand."""
        return BodyOrderedSpec(
            species=tuple(range(1, len(KINDS) + 1)),
            cutoff=self.cutoff,
            channels=self.channels,
            message_channels=self.channels,
            layers=self.layers,
            l_max=self.cross.l_max,
            output_l=self.cross.l_max,
            radial=6,
            neighbours=12.0,
        )


class Site(NamedTuple):
    """A receptor, encoded once: everything of it that poses need.

    Attributes:
        positions: Å, `(sites, 3)`.
        traits: for the prior, `(sites, 5)`.
        features: for the learned term, `(sites, lm, channels)`.
    """

    positions: Float[Tensor, "sites 3"]
    traits: Float[Tensor, "sites traits"]
    features: Float[Tensor, "sites lm channels"]


class Guest(NamedTuple):
    """A ligand, encoded once for all its poses.

    Attributes:
        traits: `(atoms, 5)`.
        features: of the reference conformer, `(atoms, lm, channels)`; they turn with their fragments.
        fragments: of each atom, `(atoms,)`.
        pairs: atoms that meet each other, `(pairs, 2)`.
        dihedrals, waves: profiles of the torsions, `(torsions, 4)` and `(torsions, 7)`.
    """

    traits: Float[Tensor, "atoms traits"]
    features: Float[Tensor, "atoms lm channels"]
    fragments: Int64[Tensor, "atoms"]
    pairs: Int64[Tensor, "pairs 2"]
    dihedrals: Int64[Tensor, "torsions 4"]
    waves: Float[Tensor, "torsions waves"]


class PoseTerms(NamedTuple):
    """The parts of the energies of some poses, kcal/mol, which add up.

    Attributes:
        prior: of each atom with the receptor, `(poses, atoms)`.
        inner: prior among the ligand's own atoms and of its torsions, `(poses,)`.
        learned: of each atom, `(poses, atoms)`.
    """

    prior: Float[Tensor, "poses atoms"]
    inner: Float[Tensor, "poses"]
    learned: Float[Tensor, "poses atoms"]

    @property
    def total(self) -> Float[Tensor, "poses"]:
        """E of each pose."""
        return self.prior.sum(1) + self.inner + self.learned.sum(1)


class PoseEnergy(nn.Module):
    """E of a receptor and a ligand at a pose, invariant under any common rigid motion, C² in the pose.

        E = Σ_ij prior(r_ij) + Σ prior inside the ligand and of its torsions + Σ_i b tanh(g(I_i)/b)   kcal/mol

    `Prior` is physical, with learnable weights. I_i are the invariants of atom i in the field of the receptor
    (`CrossEncoder`). Receptor and ligand are encoded by body-ordered message passing, each alone and once:
    in the ligand an atom sees only atoms whose distance no torsion changes, so that its features are the
    same in every conformer but for a turn, which Wigner matrices of its fragment bring. g sends zero to zero:
    a ligand outside the pocket has no energy but its own.

    Args:
        spec: sizes.
    """

    def __init__(self, spec: PoseEnergySpec | None = None) -> None:
        super().__init__()
        self.spec = spec if spec is not None else PoseEnergySpec()
        self.prior = Prior()
        self.of_receptor = BodyOrderedEncoder(self.spec.encoder())
        self.of_ligand = BodyOrderedEncoder(self.spec.encoder())
        self.cross = CrossEncoder(self.spec.cross, self.spec.channels)
        widths = [self.spec.cross.invariants, self.spec.hidden, self.spec.hidden, 1]
        self.readout = InvariantNetwork(widths, output_scale=0.01)  # learning starts from the prior

    def site(self, receptor: "Receptor | Graph", traits: Tensor | None = None) -> Site:
        """Encode a receptor, or its graph and traits where they are made already."""
        if not isinstance(receptor, Graph):
            traits, receptor = traits_of(receptor.atoms), receptor_graph(receptor, self.spec.cutoff)
        assert traits is not None
        where, dtype = receptor.positions.device, self.prior.scales.dtype
        features = self.cross.of_sites(self.of_receptor(receptor).layers[-1])
        return Site(receptor.positions.to(dtype), traits.to(where, dtype), features)

    def guest(self, ligand: "Ligand | LigandGraph") -> Guest:
        """Encode a ligand."""
        made = ligand if isinstance(ligand, LigandGraph) else ligand_graph(ligand, self.spec.cutoff)
        features = self.cross.of_atoms(self.of_ligand(made.graph).layers[-1])
        rest = (made.fragments, made.pairs, made.dihedrals, made.waves.to(features))
        return Guest(made.traits.to(features), features, *rest)

    def forward(self, site: Site, guest: Guest, placed: Placed) -> PoseTerms:
        """Energies of poses."""
        prior, inner = self.prior_terms(site, guest, placed.positions)
        return PoseTerms(prior, inner, self.learned(site, guest, placed))

    def learned(self, site: Site, guest: Guest, placed: Placed) -> Float[Tensor, "poses atoms"]:
        """The learned term of each atom at each pose, kcal/mol."""
        shape = placed.positions.shape[:2]
        if not self.spec.bound:
            return placed.positions.new_zeros(shape)
        turned = _turned(guest, placed.frames, self.spec.cross.l_max)
        invariants = self.cross(placed.positions.flatten(0, 1), site.positions, site.features, turned)
        raw = self.readout(invariants)[:, 0].reshape(shape)
        return self.spec.bound * (raw / self.spec.bound).tanh()

    def prior_terms(
        self, site: Site, guest: Guest, positions: Float[Tensor, "poses atoms 3"]
    ) -> tuple[Float[Tensor, "poses atoms"], Float[Tensor, "poses"]]:
        """The prior of each atom with the receptor, and inside the ligand, kcal/mol."""
        poses, atoms = positions.shape[:2]
        found = contacts(positions, site.positions, CUTOFF)
        outer = self.prior(_length(found.vector), guest.traits[found.atom % atoms], site.traits[found.site])
        a, b = guest.pairs.unbind(1)
        length = _length(positions[:, b] - positions[:, a])
        inner = self.prior(length, guest.traits[a], guest.traits[b], inside=True)
        turning = height(guest.waves, *angles_of(positions, guest.dihedrals))
        summed = segment_sum(outer, found.atom, poses * atoms)
        return summed.reshape(poses, atoms), inner.sum(1) + self.prior.barrier * turning.sum(1)


class LigandGraph(NamedTuple):
    """What encoding a ligand needs of it."""

    graph: Graph
    traits: Float64[Tensor, "atoms traits"]
    fragments: Int64[Tensor, "atoms"]
    pairs: Int64[Tensor, "pairs 2"]
    dihedrals: Int64[Tensor, "torsions 4"]
    waves: Float64[Tensor, "torsions waves"]

    def rigid(self) -> "LigandGraph":
        """The same ligand without its torsions."""
        turning = {name: getattr(self, name)[:0] for name in ("pairs", "dihedrals", "waves")}
        return self._replace(fragments=torch.zeros_like(self.fragments), **turning)


def receptor_graph(receptor: "Receptor", cutoff: float) -> Graph:
    """Sites nearer than `cutoff` (Å) to each other, with their kinds for atomic numbers."""
    return build_graph(Structure(kinds_of_atoms(receptor.atoms), receptor.atoms.positions), cutoff)


def ligand_graph(ligand: "Ligand", cutoff: float) -> LigandGraph:
    """Atoms of a ligand nearer than `cutoff` (Å) to each other whose distance no torsion changes."""
    graph = build_graph(Structure(kinds_of_atoms(ligand.atoms), ligand.atoms.positions), cutoff)
    rigid = torch.from_numpy(~free_pairs(ligand))[graph.receiver, graph.sender]
    receiver = graph.receiver[rigid]
    slot, degree = slots(receiver.numpy(), graph.n_atoms)
    parts = {name: getattr(graph, name) for name in ("numbers", "positions", "cell", "pbc", "batch")}
    kept = Graph(
        **parts,
        receiver=receiver,
        sender=graph.sender[rigid],
        shift=graph.shift[rigid],
        slot=torch.from_numpy(slot),
        n_systems=1,
        max_degree=degree,
        cutoff=graph.cutoff,
    )
    tables = (ligand.fragments, inner_pairs(ligand), ligand.dihedrals, ligand.waves)
    return LigandGraph(kept, traits_of(ligand.atoms), *(torch.from_numpy(np.array(part)) for part in tables))


def _length(vector: Float[Tensor, "... 3"]) -> Float[Tensor, "..."]:
    return vector.square().sum(-1).clamp_min(1e-12).sqrt()


def _turned(
    guest: Guest, frames: Float[Tensor, "poses fragments 3 3"], l_max: int
) -> Float[Tensor, "poses_atoms lm channels"]:
    """Features of every atom at every pose, turned with its fragment."""
    poses, fragments = frames.shape[:2]
    turns = wigner_matrices(l_max, frames.flatten(0, 1))
    blocks = []
    for l, turn in enumerate(turns):
        rows = guest.features[:, l * l : (l + 1) * (l + 1)]
        of_atoms = turn.reshape(poses, fragments, 2 * l + 1, 2 * l + 1)[:, guest.fragments]
        blocks.append(torch.einsum("pamn,anc->pamc", of_atoms, rows))
    return torch.cat(blocks, dim=2).flatten(0, 1)
