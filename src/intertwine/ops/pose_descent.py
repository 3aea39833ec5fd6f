"""Minimisation of poses by the compiled kernel: energies, torsions and quasi-Newton steps in one loop."""

import ctypes
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from intertwine.ops.native import library as native
from intertwine.ops.pose_pairs import Inside, Surroundings, kernel_arguments


@dataclass(frozen=True, eq=False)
class Mechanism:
    """A body that turns about bonds, and the box that it is kept in.

    Attributes:
        reference: atoms about the pivot, Å, `(atoms, 3)`.
        reaches: Å that atoms move per unit of each freedom, `(6 + torsions,)`.
        centre, half: of the box, Å, `(3,)`.
        axes: bonds (a, b) from the root outwards, `(torsions, 2)`.
        starts: where the atoms that a torsion moves begin in `moved`, and the end of the last.
        moved: atoms, torsion by torsion.
        profiles: energy of each torsion by itself: factors of cos kφ and of sin kφ, k = 0 to 6.
    """

    reference: Float[Tensor, "atoms 3"]
    reaches: Float[Tensor, "freedoms"]
    centre: Float[Tensor, "3"]
    half: Float[Tensor, "3"]
    axes: Int[Tensor, "torsions 2"]
    starts: Int[Tensor, "torsions+1"]
    moved: Int[Tensor, "entries"]
    profiles: Float[Tensor, "torsions waves two"]


class Steps(NamedTuple):
    """How steps are taken.

    Attributes:
        rounds: largest number of evaluations of a pose.
        tolerance: gradient, energy/Å, at which it is done.
        longest: Å.
        sufficient: share of the promised decrease that a step must bring.
        shorter: what is left of one that does not.
        first: inverse curvature before anything is learned, Å²/energy.
    """

    rounds: int
    tolerance: float
    longest: float
    sufficient: float
    shorter: float
    first: float


class Descended(NamedTuple):
    """Where poses came to: rotation, translation, torsions, energy, gradient's length, evaluations."""

    rotation: Float[Tensor, "poses 3 3"]
    translation: Float[Tensor, "poses 3"]
    torsions: Float[Tensor, "poses torsions"]
    energy: Float[Tensor, "poses"]
    gradient_norm: Float[Tensor, "poses"]
    evaluations: int


def pose_descent(
    around: Surroundings,
    inside: Inside,
    body: Mechanism,
    start: tuple[Tensor, Tensor, Tensor],
    steps: Steps,
) -> Descended:
    """Minimise poses, each alone, on PyTorch's number of threads; call it only where the kernel is usable.

    The algorithm is that of `apps.docking.minimise` on the energies of `pose_pairs`, the wall of the box and
    the torsions; what one thread needs for a pose stays in its cache.

    Args:
        around, inside: see `pose_pairs`.
        body: the mechanism.
        start: rotations, translations and torsions to begin with; they are not changed.
        steps: how far and how often.
    """
    turns, places, torsions = (part.detach().clone().contiguous() for part in start)
    count = len(turns)
    energy, norms = turns.new_empty(count), turns.new_empty(count)
    parts = (body.reference, body.reaches, body.centre, body.half, body.profiles)
    floats = [part.contiguous() for part in parts]
    small = [part.to(torch.int32).contiguous() for part in (body.axes, body.starts, body.moved)]
    limits = turns.new_tensor(steps[1:])
    fixed, numbers, alive = kernel_arguments(around, inside, count, len(body.reference))
    wanted = (ctypes.c_long * 3)(steps.rounds, *body.profiles.shape[:2])
    results = (turns, places, torsions, energy, norms)
    run = native.kernel("pose_descent", turns.dtype)
    evaluations = run(
        *fixed,
        numbers,
        *map(native.address, (*floats, *small)),
        wanted,
        *map(native.address, (limits, *results)),
    )
    del alive
    return Descended(*results, evaluations)
