"""Where the atoms are at a pose, and what forces on them do to it."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from intertwine.ops.norm import normalise
from intertwine.ops.rotations import rotation_about, rotation_exponential


class Poses(NamedTuple):
    """Many poses of one ligand: x = Q (x(φ) − c) + t, c being the pivot of its `Body`.

    Attributes:
        rotation: Q, `(poses, 3, 3)`.
        translation: t, Å, where the pivot stands, `(poses, 3)`.
        torsions: φ, radians, turns away from the reference conformer, `(poses, torsions)`.
    """

    rotation: Float[Tensor, "poses 3 3"]
    translation: Float[Tensor, "poses 3"]
    torsions: Float[Tensor, "poses torsions"]

    def moved(self, step: Float[Tensor, "poses freedoms"]) -> "Poses":
        """The poses after a step (δt, ω, δφ): t + δt, exp([ω]×) Q, φ + δφ.

        The step lies in the tangent space of SE(3) × torsions, and the exponential map brings it back.
        """
        turn = rotation_exponential(step[:, 3:6])
        return Poses(turn @ self.rotation, self.translation + step[:, :3], self.torsions + step[:, 6:])

    def take(self, which: Int64[Tensor, "some"]) -> "Poses":
        """Some of the poses, by their numbers."""
        return Poses(*(part[which] for part in self))

    def put(self, which: Int64[Tensor, "some"], other: "Poses") -> "Poses":
        """These poses with those of some numbers taken from others."""
        return Poses(*(a.index_copy(0, which, b) for a, b in zip(self, other, strict=True)))


class Placed(NamedTuple):
    """A ligand at many poses.

    Attributes:
        positions: of the atoms, Å, `(poses, atoms, 3)`.
        frames: how each rigid fragment is turned away from the reference, `(poses, fragments, 3, 3)`.
    """

    positions: Float[Tensor, "poses atoms 3"]
    frames: Float[Tensor, "poses fragments 3 3"]


@dataclass(frozen=True, eq=False)
class Body:
    """A ligand as a mechanism: rigid fragments that turn about the bonds between them.

    Attributes:
        reference: positions of one conformer, Å, `(atoms, 3)`.
        torsions: bonds (a, b) that turn, from the root outwards, `(torsions, 2)`.
        moves: whether a torsion moves an atom, `(torsions, atoms)`.
        fragments: rigid fragment of each atom, `(atoms,)`.
        pivot: c, Å, `(3,)`: a point that no torsion moves, about which Q turns the whole.

    >>> ethane = torch.tensor([[0.0, 0, 0], [1.5, 0, 0], [2.0, 1.0, 0]], dtype=torch.float64)
    >>> moves = torch.tensor([[False, False, True]])
    >>> body = Body(ethane, torch.tensor([[0, 1]]), moves, torch.tensor([0, 0, 1]), ethane[0])
    >>> half_turn = Poses(torch.eye(3)[None].double(), ethane[:1], torch.tensor([[torch.pi]]))
    >>> place(body, half_turn).positions[0, 2].round(decimals=3) + 0.0
    tensor([ 2., -1.,  0.], dtype=torch.float64)
    """

    reference: Float[Tensor, "atoms 3"]
    torsions: Int64[Tensor, "torsions 2"]
    moves: Bool[Tensor, "torsions atoms"]
    fragments: Int64[Tensor, "atoms"]
    pivot: Float[Tensor, "3"]

    @property
    def freedoms(self) -> int:
        """Three of translation, three of rotation, and one for each torsion."""
        return 6 + len(self.torsions)

    @property
    def reaches(self) -> Float[Tensor, "freedoms"]:
        """How far atoms move per unit of each freedom (root mean square over those moved), Å or 1."""
        away = (self.reference - self.pivot).square().sum(-1).mean().sqrt().clamp_min(1.0)
        one = torch.ones(3, dtype=self.reference.dtype, device=self.reference.device)
        origin = self.reference[self.torsions[:, 1]]
        axis = normalise(origin - self.reference[self.torsions[:, 0]])[0]
        arm = torch.linalg.cross(
            self.reference - origin[:, None], axis[:, None].expand(-1, len(self.reference), 3)
        )
        moved = self.moves.to(self.reference.dtype)
        turned = ((arm.square().sum(-1) * moved).sum(1) / moved.sum(1).clamp_min(1.0)).sqrt().clamp_min(1.0)
        return torch.cat((one, away * one, turned))

    def at_reference(self) -> Poses:
        """The one pose that leaves the reference where it is."""
        like = self.reference
        one = torch.eye(3, dtype=like.dtype, device=like.device)[None]
        return Poses(one, self.pivot[None], like.new_zeros(1, len(self.torsions)))

    def to(self, dtype: torch.dtype, device: torch.device | str = "cpu") -> "Body":
        """The same body in another precision and on another device."""
        return Body(
            self.reference.to(device, dtype),
            self.torsions.to(device),
            self.moves.to(device),
            self.fragments.to(device),
            self.pivot.to(device, dtype),
        )

    def rigid(self) -> "Body":
        """The same ligand without its torsions: one fragment."""
        whole = torch.zeros_like(self.fragments)
        return Body(self.reference, self.torsions[:0], self.moves[:0], whole, self.pivot)


def place(body: Body, poses: Poses) -> Placed:
    """Atoms and fragments of a body at many poses; differentiable.

    Torsions are taken one after another, each about its bond as it stands then.
    """
    count, fragments = len(poses.rotation), int(body.fragments.max()) + 1 if len(body.fragments) else 0
    x = (body.reference - body.pivot).expand(count, -1, 3)
    frames = torch.eye(3, dtype=x.dtype, device=x.device).expand(count, fragments, 3, 3)
    for k, (a, b) in enumerate(body.torsions.tolist()):
        turn = rotation_about(normalise(x[:, b] - x[:, a])[0], poses.torsions[:, k].to(x.dtype))
        origin = x[:, b : b + 1]
        moves = body.moves[k]
        x = torch.where(moves[:, None], origin + (x - origin) @ turn.mT, x)
        turns = moves.new_zeros(fragments).index_fill(0, body.fragments[moves], True)
        frames = torch.where(turns[:, None, None], turn[:, None] @ frames, frames)
    turned = x @ poses.rotation.to(x.dtype).mT + poses.translation.to(x.dtype)[:, None]
    return Placed(turned, poses.rotation.to(x.dtype)[:, None] @ frames)


def pulled_back(
    body: Body,
    poses: Poses,
    positions: Float[Tensor, "poses atoms 3"],
    gradient: Float[Tensor, "poses atoms 3"],
    torques: Float[Tensor, "poses fragments 3"] | None = None,
) -> Float[Tensor, "poses freedoms"]:
    """Derivatives of an energy along (δt, ω, δφ) from those along the atoms.

        ∂E/∂t = Σ gᵢ,   ∂E/∂ω = Σ (xᵢ − t) × gᵢ + Σ τ_f
        ∂E/∂φ_k = n_k · Σ_{moved by k} [(xᵢ − o_k) × gᵢ + τ_f]

    The negative ones are force, torque and torsional forces.

    Args:
        body: the ligand.
        poses: where it is.
        positions: the atoms there, Å.
        gradient: gᵢ = ∂E/∂xᵢ, energy/Å.
        torques: τ_f = ∂E/∂ω_f of turning what a fragment bears without moving its atoms; none by default.
    """
    moment = torch.linalg.cross(positions, gradient)
    force = gradient.sum(1)
    turn = moment.sum(1) - torch.linalg.cross(poses.translation.to(force.dtype), force)
    moves = body.moves.to(gradient.dtype)
    origin = positions[:, body.torsions[:, 1]]
    axis = normalise(origin - positions[:, body.torsions[:, 0]])[0]
    twist = moves @ moment - torch.linalg.cross(origin, moves @ gradient)
    if torques is not None:
        turn = turn + torques.sum(1)
        borne = moves.new_zeros(len(moves), torques.shape[1]).index_add(1, body.fragments, moves)
        twist = twist + (borne > 0).to(torques.dtype) @ torques
    return torch.cat((force, turn, (axis * twist).sum(-1)), dim=1)


def torques_of(
    frames: Float[Tensor, "poses fragments 3 3"], gradient: Float[Tensor, "poses fragments 3 3"]
) -> Float[Tensor, "poses fragments 3"]:
    """τ = ∂E/∂ω under R → exp([ω]×) R from ∂E/∂R: the sum of the columns' cross products R_b × (∂E/∂R)_b."""
    return torch.linalg.cross(frames, gradient, dim=-2).sum(-1)
