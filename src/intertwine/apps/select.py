"""Which frames of a pool are worth labelling next? A batch that teaches much, with no two frames alike."""

import math
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from intertwine.apps.calibration import COMPONENTS, Design, Progress, design
from intertwine.data import Structure
from intertwine.errors import InputError, nearest
from intertwine.observables import Model
from intertwine.observables.uncertainty import LastLayerPosterior, whitened

METHODS: Final = ("dopt", "uncertainty", "random")

ALIKE: Final = 1e-5
"""Frames whose Φ differ by less, as a part of their length, are one frame: float32 tells no more."""

EXACT: Final = 1e4
"""By how much the variance of a frame shrinks that is picked by it: labels have hardly any noise."""

Score = Callable[[Float[Tensor, "frames labels readouts"]], Float[Tensor, " frames"]]
"""Worth of frames by their whitened rows."""


def select(
    model: Model,
    pool: Sequence[Structure],
    count: int,
    posterior: LastLayerPosterior,
    *,
    known: Sequence[Structure] = (),
    method: str = "dopt",
    max_uncertainty: float = math.inf,
    seed: int = 0,
    progress: Progress | None = None,
) -> list[Structure]:
    """Pick frames to label, best first, as if each had been labelled before the next is picked.

    Frames that the model cannot tell apart (turned copies, for instance) count as one, and those that it
    cannot tell from a known frame are left out.

    Args:
        model: the potential.
        pool: frames to choose from; their labels are not looked at.
        count: how many.
        posterior: calibrated uncertainty of the model.
        known: frames labelled already.
        method: `dopt` gains most information on the last weights, ln det(1 + B P⁻¹ Bᵀ) with the rows B of the
            energy and of some forces of a frame; `uncertainty` takes the largest predicted error of the
            energy per atom; `random` is for comparison.
        max_uncertainty: skip frames whose predicted error of the energy is larger, eV/atom.
        seed: of `random` and of the force components that are looked at.
        progress: told how many frames of the pool are done.

    Returns:
        The frames, which say in `info` their `pool_index` and `uncertainty` (of the energy, eV/atom).

    Raises:
        InputError: an unknown method or element, or fewer different frames than asked for.
    """
    check_method(method)
    components = COMPONENTS if method == "dopt" and posterior.force_weight else 0
    frames = design(model, pool, components=components, seed=seed, progress=progress)
    deviation = posterior.deviation(frames.energy, "energy") / frames.atoms
    allowed = deviation <= max_uncertainty
    if known:
        taken = design(model, known, components=0).energy
        allowed &= torch.stack([~alike(taken, row).any() for row in frames.energy])
    chosen = _chosen(frames, posterior, allowed, count, method, seed)
    if len(chosen) < count:
        new = "that are new, different and not too uncertain"
        raise InputError(
            f"{count} frames cannot be chosen", got=f"{len(chosen)} of {len(pool)} {new}", fix="ask for fewer"
        )
    return [_marked(pool[index], index, float(deviation[index])) for index in chosen]


def check_method(method: str) -> None:
    """Raise unless there is such a way to choose.

    >>> check_method("dopt")
    """
    if method not in METHODS:
        close = nearest(method, METHODS)
        fix = f"write '{close}'" if close else None
        raise InputError(f"unknown method '{method}'", accepted=", ".join(METHODS), fix=fix)


def _chosen(
    frames: Design, posterior: LastLayerPosterior, allowed: Tensor, count: int, method: str, seed: int
) -> list[int]:
    if method == "random":
        order = torch.from_numpy(np.random.default_rng(seed).permutation(len(frames.atoms))).double()
        return greedy(frames.energy[:, None], frames.energy, count, allowed, lambda _: order)
    if method == "uncertainty":
        rows = whitened((frames.energy / frames.atoms[:, None])[:, None], posterior.root)
        return greedy(rows, frames.energy, count, allowed, variance, exact=True)
    rows = whitened(frames.blocks(posterior.force_weight), posterior.root)
    return greedy(rows, frames.energy, count, allowed, information_gain)


def greedy(
    blocks: Float[Tensor, "frames labels readouts"],
    features: Float[Tensor, "frames readouts"],
    count: int,
    allowed: Bool[Tensor, " frames"],
    score: Score,
    exact: bool = False,
) -> list[int]:
    """Indices of the frames picked one by one, each the best when those before it are known.

    Args:
        blocks: rows B of each frame, whitened: before the first pick the precision P is the identity.
        features: Φ of each frame, by which it is known.
        count: at most so many.
        allowed: frames that may be picked; those alike one that was picked no longer may.
        score: worth of frames by B L⁻ᵀ, with P = L Lᵀ.
        exact: a pick counts so much that its own variance all but vanishes; else P → P + BᵀB.

    >>> rows = torch.tensor([[[3.0, 0.0]], [[2.9, 0.0]], [[0.0, 1.0]]]).double()
    >>> greedy(rows, rows[:, 0], 2, torch.ones(3) > 0, information_gain)
    [0, 2]
    """
    chosen: list[int] = []
    allowed, precision = allowed.clone(), torch.eye(blocks.shape[-1], dtype=blocks.dtype)
    while len(chosen) < count and allowed.any():
        seen = whitened(blocks, torch.linalg.cholesky(precision))
        best = int(torch.where(allowed, score(seen), -torch.inf).argmax())
        chosen.append(best)
        allowed &= ~alike(features, features[best])
        weight = EXACT / float(seen[best].square().sum().clamp(min=1e-30)) if exact else 1.0
        precision = precision + weight * blocks[best].T @ blocks[best]
    return chosen


def variance(blocks: Float[Tensor, "frames labels readouts"]) -> Float[Tensor, " frames"]:
    """Σ rᵀP⁻¹r over the whitened rows of each frame."""
    return blocks.square().sum((1, 2))


def information_gain(blocks: Float[Tensor, "frames labels readouts"]) -> Float[Tensor, " frames"]:
    """ln det(1 + B Bᵀ) of whitened rows: what their labels would add to ln det P.

    >>> information_gain(torch.tensor([[[2.0, 0.0]]]).double()).exp()
    tensor([5.0000], dtype=torch.float64)
    """
    return torch.logdet(torch.eye(blocks.shape[1], dtype=blocks.dtype) + blocks @ blocks.mT)


def alike(rows: Float[Tensor, "frames readouts"], one: Float[Tensor, " readouts"]) -> Bool[Tensor, " frames"]:
    """Which rows are `one`, up to rounding."""
    return (rows - one).norm(dim=1) <= ALIKE * one.norm()


def _marked(frame: Structure, index: int, uncertainty: float) -> Structure:
    return frame.replace(info={**frame.info, "pool_index": index, "uncertainty": uncertainty})
