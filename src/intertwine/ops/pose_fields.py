"""What points feel of the features of fixed sites: densities in harmonics, and a field."""

import math
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from intertwine.ops import native
from intertwine.ops.contacts import contacts
from intertwine.ops.harmonics import spherical_harmonics
from intertwine.ops.norm import normalise
from intertwine.ops.radial import bessel_basis
from intertwine.ops.segment import segment_sum
from intertwine.ops.wanted import wanted

LARGEST = 4
"""Degree up to which the kernel has room."""

MOST = 32
"""Radial functions for which it has."""


def pose_fields(
    points: Float[Tensor, "points 3"],
    sites: Float[Tensor, "sites 3"],
    features: Float[Tensor, "sites lm channels"],
    weights: Float[Tensor, "radial _"],
    cutoff: float,
) -> Float[Tensor, "points lm+1 channels"]:
    """Densities A of what is around each point, and last the field F of what the sites point at it.

        A_i[lm] = Σ_j R_l(r_ij) S_j[00] Y_lm(r̂_ij),      F_i = Σ_j R(r_ij) Σ_lm S_j[lm] Y_lm(r̂_ij)

    R = B·W, with the radial basis B of `bessel_basis` and r̂ from the point to the site. Equal roads:
    operations of torch, and a compiled kernel that finds the sites about a point and sums over them, writing
    nothing of size pairs × channels. The kernel has first derivatives along points, features and weights;
    second ones, and all along sites, run through torch.

    Args:
        points: Å.
        sites: Å.
        features: S, degrees 0 … L.
        weights: W of R_0 … R_L and of the field's R, `(radial, (L + 2)·channels)`.
        cutoff: Å; sites further away are not felt.

    >>> one = torch.ones(1, 1, 2)
    >>> felt = pose_fields(torch.zeros(1, 3), torch.tensor([[0.0, 2.0, 0.0]]), one, torch.ones(1, 4), 4.0)
    >>> bool((felt[0, 0] == felt[0, 1]).all()), felt.shape
    (True, torch.Size([1, 2, 2]))
    """
    given = (points, sites, features, weights)
    roomy = features.shape[1] <= (LARGEST + 1) ** 2 and len(weights) <= MOST
    fixed = not (torch.is_grad_enabled() and sites.requires_grad)
    if roomy and fixed and native.usable(*given):
        return _Fields.apply(cutoff, *given)  # pyright: ignore[reportReturnType]
    return plain_pose_fields(*given, cutoff)


def plain_pose_fields(
    points: Float[Tensor, "points 3"],
    sites: Float[Tensor, "sites 3"],
    features: Float[Tensor, "sites lm channels"],
    weights: Float[Tensor, "radial _"],
    cutoff: float,
) -> Float[Tensor, "points lm+1 channels"]:
    """The same in operations of torch, on any device, differentiable as often as wanted."""
    l_max, count = math.isqrt(features.shape[1]) - 1, len(points)
    found = contacts(points, sites, cutoff)
    direction, length = normalise(found.vector)
    harmonics = spherical_harmonics(l_max, direction)[:, :, None]
    *by_degree, of_field = (bessel_basis(length, cutoff, len(weights)) @ weights).chunk(l_max + 2, dim=1)
    brought = features.index_select(0, found.site)
    felt = []
    for l, weight in enumerate(by_degree):
        values = harmonics[:, l * l : (l + 1) * (l + 1)] * (weight * brought[:, 0])[:, None]
        felt.append(segment_sum(values, found.atom, count))
    field = segment_sum((harmonics * brought).sum(1) * of_field, found.atom, count)
    return torch.cat((*felt, field[:, None]), dim=1)


class _Fields(torch.autograd.Function):
    """The fields with their derivative."""

    @staticmethod
    def forward(ctx: Any, cutoff: float, *given: Tensor) -> Tensor:
        ctx.cutoff = cutoff
        ctx.save_for_backward(*given)
        points, sites, features, weights = given
        felt = points.new_empty(len(points), features.shape[1] + 1, features.shape[2])
        if not _run(cutoff, given, felt):
            return plain_pose_fields(points, sites, features, weights, cutoff)
        return felt

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        given, needed = ctx.saved_tensors, wanted(ctx)
        if torch.is_grad_enabled():
            return None, *_by_torch(ctx.cutoff, given, grads[0], needed)
        points, _, features, weights = given
        threads, of_sites = torch.get_num_threads(), needed[2] or needed[3]
        found = torch.empty_like(points, memory_format=torch.contiguous_format)
        more = [part.new_zeros(threads, *part.shape) if of_sites else None for part in (features, weights)]
        if not _run(ctx.cutoff, given, found, grads[0].contiguous(), *more):
            return None, *_by_torch(ctx.cutoff, given, grads[0], needed)
        return None, found, None, *(None if part is None else part.sum(0) for part in more)


def _run(
    cutoff: float,
    given: tuple[Tensor, ...],
    result: Tensor,
    grad: Tensor | None = None,
    of_features: Tensor | None = None,
    of_weights: Tensor | None = None,
) -> bool:
    """The kernel: the fields or, with their gradient, that of the points and more; whether it could."""
    points, sites, features, weights = given
    arrays = [features.new_tensor([cutoff]), *(x.detach().contiguous() for x in given), grad, result]
    sizes = len(points), len(sites), features.shape[2], len(weights)
    counts = torch.tensor([*sizes, torch.get_num_threads(), math.isqrt(features.shape[1]) - 1])
    arrays = [counts, *arrays, of_features, of_weights]
    return not native.kernel("pose_fields", points.dtype)(*map(native.address, arrays))


def _by_torch(cutoff: float, given: tuple[Tensor, ...], grad: Tensor, needed: list[bool]) -> list[Any]:
    """The derivative in operations of torch, which has further ones."""
    again = torch.is_grad_enabled()
    with torch.enable_grad():
        leaves = [x.view_as(x) if again and x.requires_grad else x.detach().requires_grad_() for x in given]
        points, sites, features, weights = leaves
        felt = plain_pose_fields(points, sites, features, weights, cutoff)
        asked = [leaf for leaf, need in zip(leaves, needed, strict=True) if need]
        found = iter(torch.autograd.grad(felt, asked, grad, create_graph=again, materialize_grads=True))
    return [next(found) if need else None for need in needed]
