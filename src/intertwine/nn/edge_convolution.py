"""Convolution along edges: rotate features to the edge, apply Schur's lemma there, rotate back."""

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from intertwine.errors import InputError
from intertwine.groups import Group, Irreps, get_group, restrict
from intertwine.groups.representation import require_same_group
from intertwine.nn.constant import Constant
from intertwine.nn.rows import copy_of_row, each_copy
from intertwine.nn.schur_linear import SchurLinear
from intertwine.ops.edge_frames import edge_frames

AXIS_Y = np.eye(3)[[1, 2, 0]]
"""The rotation that carries z, the axis of O(2) as it stands, to y."""


class EdgeConvolution(nn.Module):
    """Every equivariant linear map, dependent on a direction, from a sender's features to a message.

    Such a map obeys K(g r̂) = ρ_out(g) K(r̂) ρ_in(g)⁻¹. It is known when it is known for one direction, where
    it commutes with the group that leaves that direction alone:

        K(r̂) = D_out(R) W D_in(R)⁻¹,    R y = r̂,    W in hom_O(2)

    Restriction O(3) → O(2) splits each degree into orders m ≤ l, and W is a `SchurLinear` over O(2): the
    very class that reads a jet under SO(2). Any R that carries y to r̂ gives the same K, since W commutes with
    turns about y. Parity is kept, whatever is declared, since W commutes with mirrors through y.

    The maps are those of all Clebsch-Gordan paths x ⊗ Y_L(r̂) → out, L ≤ l_in + l_out: min(l_in, l_out) + 1 of
    them between two irreps, one fewer from tensor to pseudotensor. For irreps of SO(3) the edge's group is
    SO(2), W has complex weights, and paths that violate parity come in, 2·min(l_in, l_out) + 1 altogether.
    (The convolution of Passaro & Zitnick, ICML 2023, arXiv:2302.03655, is this one under SO(2).)

    Invariants, such as functions of a length, enter as scales: one for each channel of each copy of an irrep
    of the edge's group in the input. Orders above `m_max` may be left out: W shrinks, symmetry stays exact.

    Args:
        irreps_in, irreps_out: of O(3), or both of SO(3).
        channels_in, channels_out: numbers of channels.
        m_max: highest order, ≥ 0; None for all.

    Attributes:
        degree: highest degree, that of the frames needed.
        scales: number of copies, the middle axis of the scales.
        linear: W.

    Raises:
        InputError: irreps of another group or of two groups, or a negative `m_max`.

    >>> irreps = Irreps("0e + 1o + 2e")
    >>> convolution = EdgeConvolution(irreps, irreps, 4, 8)
    >>> convolution.linear.irreps_in, convolution.scales
    (3x0e+2x1+1x2, 6)
    >>> senders, directions = torch.randn(7, 9, 4), torch.randn(7, 3)
    >>> convolution(senders, directions, torch.ones(7, convolution.scales, 4)).shape
    torch.Size([7, 9, 8])
    """

    def __init__(
        self,
        irreps_in: Irreps,
        irreps_out: Irreps,
        channels_in: int,
        channels_out: int,
        m_max: int | None = None,
    ) -> None:
        super().__init__()
        require_same_group(irreps_in, irreps_out)
        self.degree = max(irreps_in.degree, irreps_out.degree, 0)
        self.arrive = _EdgeRows(irreps_in, m_max)
        self.leave = _EdgeRows(irreps_out, m_max)
        self.scales = self.arrive.irreps.num_irreps
        self.linear = SchurLinear(self.arrive.irreps, self.leave.irreps, channels_in, channels_out)

    def forward(
        self,
        senders: Float[Tensor, "edges rows_in channels_in"],
        directions: Float[Tensor, "edges 3"],
        scales: Float[Tensor, "edges scales channels_in"] | None = None,
    ) -> Float[Tensor, "edges rows_out channels_out"]:
        """A message for every edge; summing those that meet is left to the caller.

        Args:
            senders: features of the sender of each edge.
            directions: of any length, which is not used; without one, only l = 0 speaks to l = 0.
            scales: invariant factors; None is one.
        """
        return self.in_frames(senders, edge_frames(self.degree, directions), scales)

    def in_frames(
        self,
        senders: Float[Tensor, "edges rows_in channels_in"],
        frames: list[Float[Tensor, "edges _ _"]],
        scales: Float[Tensor, "edges scales channels_in"] | None = None,
    ) -> Float[Tensor, "edges rows_out channels_out"]:
        """The same with frames from `ops.edge_frames`, which the layers of a network may share."""
        return self.leave.from_edge(self.linear(self.arrive.to_edge(senders, frames, scales)), frames)


class _EdgeRows(nn.Module):
    """Features in space as features of the edge's group, and back.

    The change of basis of the restriction is a permutation of rows with signs.
    """

    def __init__(self, irreps: Irreps, m_max: int | None) -> None:
        super().__init__()
        group = _group_of_edge(irreps)
        highest = max(irreps.degree, 0) if m_max is None else m_max
        if highest < 0:
            raise InputError("the highest order is negative", got=m_max, accepted="m_max >= 0")
        restricted = restrict(irreps, group)
        kept = [(copies, irrep) for copies, irrep in restricted.irreps if irrep.degree <= highest]
        self.irreps = Irreps(kept, group)
        basis = restricted.basis[: self.irreps.dim]
        self.copies = [(irrep.degree, rows, min(irrep.degree, highest)) for irrep, rows in each_copy(irreps)]
        middle = [range(rows.start + l - m, rows.start + l + m + 1) for l, rows, m in self.copies]
        place = {row: number for number, row in enumerate(row for rows in middle for row in rows)}
        order = np.array([place[row] for row in np.nonzero(basis.round())[1].tolist()], dtype=np.int64)
        self.register_buffer("order", torch.from_numpy(order), persistent=False)
        self.register_buffer("inverse", torch.from_numpy(np.argsort(order)), persistent=False)
        self.register_buffer("copy", copy_of_row(self.irreps), persistent=False)
        self.sign = Constant(basis.sum(axis=1).round()[:, None])
        self._signed = bool((self.sign.value < 0).any())

    order: Int64[Tensor, " rows"]
    inverse: Int64[Tensor, " rows"]
    copy: Int64[Tensor, " rows"]

    def to_edge(
        self, x: Float[Tensor, "edges rows channels"], frames: list[Tensor], scales: Tensor | None
    ) -> Float[Tensor, "edges edge_rows channels"]:
        turned = [self._frame(frames, l, m) @ x[:, rows] if l else x[:, rows] for l, rows, m in self.copies]
        y = self._with_signs(torch.cat([x[:, :0], *turned], dim=1).index_select(1, self.order))
        return y if scales is None else y * scales.index_select(1, self.copy)

    def from_edge(
        self, x: Float[Tensor, "edges edge_rows channels"], frames: list[Tensor]
    ) -> Float[Tensor, "edges rows channels"]:
        parts = self._with_signs(x).index_select(1, self.inverse)
        split = parts.split([2 * m + 1 for _, _, m in self.copies], dim=1)
        turned = [
            self._frame(frames, l, m).mT @ part if l else part
            for (l, _, m), part in zip(self.copies, split, strict=True)
        ]
        return torch.cat([x[:, :0], *turned], dim=1)

    def _with_signs(self, x: Float[Tensor, "edges rows channels"]) -> Float[Tensor, "edges rows channels"]:
        return x * self.sign.value if self._signed else x

    def _frame(self, frames: list[Tensor], l: int, m: int) -> Float[Tensor, "edges edge_rows rows"]:
        """Rows −m…m of the frame: the orders that are kept."""
        return frames[l][:, l - m : l + m + 1]


def _group_of_edge(irreps: Irreps) -> Group:
    """The elements that leave an edge along y alone."""
    names = {"O(3)": "O(2)", "SO(3)": "SO(2)"}
    if irreps.group.name not in names:
        raise InputError(
            "an edge convolution acts on features in space",
            got=f"irreps of {irreps.group}",
            accepted="irreps of O(3) or SO(3)",
        )
    return get_group(names[irreps.group.name], AXIS_Y)
