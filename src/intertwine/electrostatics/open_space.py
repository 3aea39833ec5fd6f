"""Systems in empty space: every pair of atoms, exactly."""

import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from intertwine.electrostatics.gaussian import COULOMB, smeared_coulomb
from intertwine.electrostatics.sources import Sources
from intertwine.ops.norm import norm
from intertwine.ops.segment import segment_sum


def all_pairs(counts: list[int], device: torch.device | None = None) -> Int64[Tensor, "2 pairs"]:
    """Pairs i < j within each of the systems that stand one after another.

    >>> all_pairs([2, 1, 2])
    tensor([[0, 3],
            [1, 4]])
    """
    found, start = [torch.zeros(2, 0, dtype=torch.int64, device=device)], 0
    for count in counts:
        found.append(start + torch.triu_indices(count, count, 1, device=device))
        start += count
    return torch.cat(found, dim=1)


def pair_energies(
    positions: Float64[Tensor, "atoms 3"], pairs: Int64[Tensor, "2 pairs"], sources: Sources, width: float
) -> Float64[Tensor, " atoms"]:
    """Energy of every atom with its pairs, half of each, eV; see `energies_of_pairs`."""
    r = positions.index_select(0, pairs[1]) - positions.index_select(0, pairs[0])
    return energies_of_pairs(r, pairs, sources, width)


def energies_of_pairs(
    r: Float64[Tensor, "pairs 3"],
    pairs: Int64[Tensor, "2 pairs"],
    sources: Sources,
    width: float,
    share: Float64[Tensor, " pairs"] | None = None,
) -> Float64[Tensor, " atoms"]:
    """Energy of every atom with its pairs, half of each, eV.

        E_ij = q_i q_j B_0 − (q_i p_j − q_j p_i)·r B_1 + p_i·p_j B_1 − (p_i·r)(p_j·r) B_2,    r = x_j − x_i

    Args:
        r: vectors from i to j, Å.
        pairs: i and j, each pair once.
        sources: charges and dipoles.
        width: s of `smeared_coulomb`, Å.
        share: how much of each pair counts; all of each if not given.
    """
    i, j = pairs
    q_i, q_j = sources.charges.index_select(0, i), sources.charges.index_select(0, j)
    b = smeared_coulomb(norm(r), width, order=0 if sources.dipoles is None else 2)
    energy = q_i * q_j * b[0]
    if sources.dipoles is not None:
        p_i, p_j = sources.dipoles.index_select(0, i), sources.dipoles.index_select(0, j)
        along_i, along_j = (p_i * r).sum(1), (p_j * r).sum(1)
        energy = energy - (q_i * along_j - q_j * along_i) * b[1]
        energy = energy + (p_i * p_j).sum(1) * b[1] - along_i * along_j * b[2]
    half = 0.5 * COULOMB * (energy if share is None else share * energy)
    return segment_sum(half.repeat(2), pairs.flatten(), sources.charges.shape[0])


def pair_matrix(positions: Float64[Tensor, "atoms 3"], width: float) -> Float64[Tensor, "atoms atoms"]:
    """J of ½ q·J·q, the energy of smeared charges with each other and with themselves, eV/e²."""
    (b,) = smeared_coulomb(norm(positions[:, None] - positions[None]).flatten(), width)
    return COULOMB * b.reshape(len(positions), len(positions))
