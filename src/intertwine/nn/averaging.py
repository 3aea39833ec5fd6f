"""Group averaging: any module made equivariant by summing over the group."""

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor, nn

from intertwine.errors import InputError
from intertwine.groups import Group, Irreps, Representation, get_group
from intertwine.nn.constant import Constant


def symmetrize(
    module: nn.Module,
    group: Group | str,
    rep_in: Representation | str,
    rep_out: Representation | str,
    *,
    degree: int | None = None,
    samples: int | None = None,
    seed: int = 0,
    axis: int = -2,
    chunk: int | None = None,
) -> "GroupAverage":
    """The equivariant module nearest to any given one: its average over the group.

    Args:
        module: takes one tensor and returns one; every leading axis must be a batch axis to it.
        group: itself, or its name.
        rep_in, rep_out: representations of the group on the rows of input and output: any
            `Representation` (`Irreps`, `group.vector`, products, …), or the text of `Irreps`.
        degree: for compact groups, the total polynomial degree of the module in its inputs; the average is
            then exact.
        samples: instead of that, a number of elements drawn once from the Haar measure; the average is then
            approximate, off by about 1/√samples.
        seed: of the draw.
        axis: where the rows stand, −2 for features `(…, rows, channel)`, −1 for plain vectors `(…, rows)`.
        chunk: group elements handed to the module at once; all if not given.

    Raises:
        InputError: a representation of another group; a compact group without `degree` or `samples`.

    >>> plain = nn.Sequential(nn.Linear(3, 8), nn.SiLU(), nn.Linear(8, 3))
    >>> group = get_group("D3")
    >>> fair = symmetrize(plain, group, group.vector, group.vector, axis=-1)
    >>> x, turn = torch.randn(3), torch.tensor(group.elements[2], dtype=torch.float32)
    >>> torch.allclose(fair(turn @ x), turn @ fair(x), atol=1e-5)
    True
    """
    group = get_group(group)
    before, after = representation_of(group, rep_in), representation_of(group, rep_out)
    elements, weights = _elements(group, _top(before, after, degree), samples, seed)
    return GroupAverage(module, before, after, elements, weights, axis=axis, chunk=chunk)


class GroupAverage(nn.Module):
    """The mean of a module over elements of a group, made by `symmetrize`.

        y = Σ_g w_g ρ_out(g) f(ρ_in(g)⁻¹ x)

    Summed over all elements of a finite group this commutes with each of them, whatever f is. For a compact
    group the summand is, as a function of g, band-limited where f is a polynomial: of total degree d in its
    inputs, it has angular frequencies up to deg ρ_out + d·deg ρ_in, and the group's quadrature of that degree
    gives its Haar mean exactly. Drawn elements give an unbiased estimate of it.

    An f that commutes with the group is left as it is: averaging is a projection (Yarotsky, Constr. Approx.
    55, 407, 2022; Puny et al., ICLR 2022).

    The copies ρ_in(g)⁻¹ x are stacked along a new leading axis and handed to f together: the cost is that of
    f on as many times the input as there are elements. `chunk` bounds the memory of evaluation; when
    gradients are kept, those of all chunks are. The matrices are tables, not parameters, and no part of a
    checkpoint; f's parameters train.

    Args:
        module: f.
        rep_in, rep_out: representations of one group on the rows of input and output.
        elements, weights: of the sum.
        axis: where the rows stand, −2 or −1, in input and output alike.
        chunk: elements at once.
    """

    def __init__(
        self,
        module: nn.Module,
        rep_in: Representation,
        rep_out: Representation,
        elements: Float64[np.ndarray, "elements 3 3"],
        weights: Float64[np.ndarray, " elements"],
        axis: int = -2,
        chunk: int | None = None,
    ) -> None:
        super().__init__()
        if axis not in (-1, -2):
            raise InputError("the rows stand on another axis", got=axis, accepted="axis = -2 or -1")
        if chunk is not None and chunk < 1:
            raise InputError("a chunk holds no element", got=chunk, accepted="chunk >= 1")
        self.module, self.rep_in, self.rep_out = module, rep_in, rep_out
        self.axis, self.chunk = axis, len(elements) if chunk is None else chunk
        self.before = Constant(np.swapaxes(rep_in.matrix(elements), -1, -2))
        self.after = Constant(weights[:, None, None] * rep_out.matrix(elements))
        like = next((p for p in module.parameters() if p.is_floating_point()), None)
        if like is not None:  # the tables join a module that has a precision and a device already
            self.before.to(like)
            self.after.to(like)

    def forward(self, x: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        _require_rows(x, self.axis, self.rep_in, "input")
        parts = zip(self.before.value.split(self.chunk), self.after.value.split(self.chunk), strict=True)
        first, *rest = (self._part(x, before, after) for before, after in parts)
        return sum(rest, start=first)

    def _part(self, x: Tensor, before: Tensor, after: Tensor) -> Tensor:
        """The sum over some of the elements."""
        copies = torch.einsum("gij,...j->g...i", before, x.movedim(self.axis, -1)).movedim(-1, self.axis)
        y = self.module(copies)
        _require_rows(y, self.axis, self.rep_out, "output")
        return torch.einsum("gij,g...j->...i", after, y.movedim(self.axis, -1)).movedim(-1, self.axis)

    def extra_repr(self) -> str:
        return f"{self.rep_in.group}, {len(self.before.value)} elements"


def representation_of(group: Group, given: Representation | str) -> Representation:
    """A representation of this group, read from the text of `Irreps` where it is text.

    Raises:
        InputError: a representation of another group, or in another orientation.

    >>> representation_of(get_group("Oh"), "A1g + T1u").dim
    4
    """
    representation = Irreps(given, group) if isinstance(given, str) else given
    if representation.group != group:
        raise InputError(
            "a representation belongs to another group",
            got=representation.group.description,
            accepted=group.description,
            fix="restrict it with groups.restrict, or name its group",
        )
    return representation


def _top(before: Representation, after: Representation, degree: int | None) -> int | None:
    """Highest frequency of ρ_out(g) f(ρ_in(g)⁻¹ x) for a polynomial f of this degree."""
    if degree is not None and degree < 0:
        raise InputError("the degree of a polynomial is negative", got=degree, accepted="degree >= 0")
    return None if degree is None else max(after.degree, 0) + degree * max(before.degree, 0)


def _elements(
    group: Group, top: int | None, samples: int | None, seed: int
) -> tuple[Float64[np.ndarray, "elements 3 3"], Float64[np.ndarray, " elements"]]:
    """All elements of a finite group, a quadrature, or a draw."""
    if samples is not None:
        if top is not None or samples < 1:
            raise InputError(
                "samples take the place of degree",
                got=f"samples = {samples}" + ("" if top is None else " and a degree"),
                accepted="one of the two, samples >= 1",
            )
        return group.sample(np.random.default_rng(seed), samples), np.full(samples, 1 / samples)
    if top is None and group.kind == "compact":
        raise InputError(
            f"{group.name} has too many elements to sum over them all",
            accepted="degree or samples",
            fix="give degree=d for a module that is a polynomial of total degree d (exact), "
            "or samples=n for any other (approximate)",
        )
    return group.quadrature(top or 0)


def _require_rows(x: Tensor, axis: int, representation: Representation, noun: str) -> None:
    if x.ndim < -axis or x.shape[axis] != representation.dim:
        raise InputError(
            f"the {noun} does not fit its representation",
            got=f"shape {tuple(x.shape)}",
            accepted=f"{representation.dim} rows on axis {axis}",
        )
