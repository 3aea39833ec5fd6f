"""Radial pair energies of many poses beside fixed sites, read from tables: the hot loop of a search."""

import ctypes
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.interpolate import CubicSpline
from scipy.spatial import KDTree
from torch import Tensor

from intertwine.ops.native import library as native

VOXEL = 1.0
"""Å, edge of the cubes whose points share a list of the sites that they can feel."""


@dataclass(frozen=True, eq=False)
class RadialTables:
    """Functions of a distance as C² cubic splines on equal intervals, all zero from the cutoff on.

    Attributes:
        cubics: coefficients of 1, t, t², t³ on each interval, t from 0 to 1, `(functions, intervals, 4)`.
        cutoff: Å.
    """

    cubics: Float[Tensor, "functions intervals 4"]
    cutoff: float

    @classmethod
    def of(cls, values: Float[np.ndarray, "functions knots"], cutoff: float) -> "RadialTables":
        """Splines through values on equal steps from 0 to the cutoff, both ends included.

        >>> square = RadialTables.of(np.linspace(1, 0, 11)[None] ** 3, 1.0)
        >>> square.cubics.shape
        torch.Size([1, 10, 4])
        """
        knots = np.arange(values.shape[1], dtype=np.float64)
        flat = np.zeros(len(values))
        spline = CubicSpline(knots, values, axis=1, bc_type=((2, flat), (1, flat)))  # type: ignore
        # scipy's order: highest power first, then intervals, then functions
        return cls(torch.from_numpy(np.ascontiguousarray(spline.c[::-1].transpose(2, 1, 0))), cutoff)

    def to(self, dtype: torch.dtype, device: torch.device | str = "cpu") -> "RadialTables":
        """The same tables in another precision, elsewhere."""
        return RadialTables(self.cubics.to(device, dtype).contiguous(), self.cutoff)

    def __call__(
        self, function: Int[Tensor, "*pairs"], distance: Float[Tensor, "*pairs"]
    ) -> tuple[Float[Tensor, "*pairs"], Float[Tensor, "*pairs"]]:
        """Value and slope (per Å) of one function at each distance."""
        intervals = self.cubics.shape[1]
        place = (distance * (intervals / self.cutoff)).clamp_max(intervals * (1 - 1e-12))
        interval = place.long().clamp_max(intervals - 1)
        t = place - interval
        a, b, c, d = self.cubics[function.long(), interval].unbind(-1)
        inside = distance < self.cutoff
        value = torch.where(inside, a + t * (b + t * (c + t * d)), 0.0)
        slope = torch.where(inside, (b + t * (2 * c + 3 * t * d)) * (intervals / self.cutoff), 0.0)
        return value, slope


class PairEnergies(NamedTuple):
    """Energies of many poses and their derivative.

    Attributes:
        outer: of each atom with all sites, `(poses, atoms)`.
        inner: of the pairs inside the body, `(poses,)`.
        gradient: of their sum along the atoms, energy/Å, `(poses, atoms, 3)`.
    """

    outer: Float[Tensor, "poses atoms"]
    inner: Float[Tensor, "poses"]
    gradient: Float[Tensor, "poses atoms 3"]


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Fixed sites, the functions through which atoms feel them, and which are near each place in a box.

    Atoms outside the box feel nothing: whoever moves them keeps them in.

    Attributes:
        sites: Å, `(sites, 3)`.
        kinds: the kind of each site, `(sites,)`.
        tables: function `i · sites' kinds + j` is felt by an atom of kind i from a site of kind j.
        count: number of kinds of sites.
        corner: lowest corner of the box, Å.
        sizes: number of voxels along each axis.
        starts: where the list of each voxel begins, and the end of the last.
        near: sites within the cutoff of some point of a voxel, voxel by voxel.
    """

    sites: Float[Tensor, "sites 3"]
    kinds: Int[Tensor, "sites"]
    tables: RadialTables
    count: int
    corner: Float[Tensor, "3"]
    sizes: tuple[int, int, int]
    starts: Int[np.ndarray, " voxels_and_one"]
    near: Int[np.ndarray, "entries"]

    @classmethod
    def of(
        cls,
        sites: Float[Tensor, "sites 3"],
        kinds: Int[Tensor, "sites"],
        tables: RadialTables,
        count: int,
        box: tuple[Float[np.ndarray, "3"], Float[np.ndarray, "3"]],
    ) -> "Surroundings":
        """Find who is near each voxel of a box.

        Args:
            sites, kinds, tables, count: see the attributes; the precision of the sites is that of all.
            box: its lowest and its highest corner, Å.
        """
        low, high = box
        sizes = np.maximum(1, np.ceil((high - low) / VOXEL)).astype(np.int64)
        axes = [low[k] + VOXEL * (np.arange(sizes[k]) + 0.5) for k in range(3)]
        centres = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
        tree = KDTree(sites.detach().cpu().double().numpy())
        lists = tree.query_ball_point(centres, tables.cutoff + VOXEL * np.sqrt(0.75) + 1e-3)
        lengths = np.fromiter((len(found) for found in lists), dtype=np.int64, count=len(lists))
        near = np.concatenate([np.asarray(found, dtype=np.int32) for found in lists]).astype(np.int32)
        starts = np.concatenate(([0], np.cumsum(lengths)))
        corner = torch.as_tensor(low, dtype=sites.dtype, device=sites.device)
        small = kinds.to(sites.device, torch.int32).contiguous()
        shape = (int(sizes[0]), int(sizes[1]), int(sizes[2]))
        here = tables.to(sites.dtype, sites.device)
        return cls(sites.contiguous(), small, here, count, corner, shape, starts, near)


@dataclass(frozen=True, eq=False)
class Inside:
    """The pairs inside a body that feel each other, and the kinds of its atoms.

    Attributes:
        kinds: kind of each atom, `(atoms,)`.
        pairs: `(pairs, 2)`.
        functions: which function of the tables each pair feels, `(pairs,)`.
    """

    kinds: Int[Tensor, "atoms"]
    pairs: Int[Tensor, "pairs 2"]
    functions: Int[Tensor, "pairs"]


def pose_pairs(around: Surroundings, inside: Inside, x: Float[Tensor, "poses atoms 3"]) -> PairEnergies:
    """Energies of poses and their gradient, by the compiled kernel where it can run, else `plain_pose_pairs`.

    The kernel visits, for each atom, the sites listed for its voxel: about a hundred distances and as many
    looks into a table, ten microseconds for a ligand of 25 atoms on one thread.

    Args:
        around: what is fixed.
        inside: what the body is.
        x: its atoms at every pose, Å.
    """
    if not native.usable(x, around.sites):
        return plain_pose_pairs(around, inside, x)
    x = x.detach().contiguous()
    poses, atoms = x.shape[:2]
    results = x.new_empty(poses, atoms), x.new_empty(poses), torch.empty_like(x)
    fixed, numbers, alive = kernel_arguments(around, inside, poses, atoms)
    native.kernel("pose_pairs", x.dtype)(*fixed, *map(native.address, (x, *results)), numbers)
    del alive
    return PairEnergies(*results)


def kernel_arguments(
    around: Surroundings, inside: Inside, poses: int, atoms: int
) -> tuple[list[ctypes.c_void_p], Any, list[Any]]:
    """What kernels of poses are told first, their counts, and the arrays that must live until they end."""
    like, intervals = around.sites, around.tables.cubics.shape[1]
    lengths = like.new_tensor([intervals / around.tables.cutoff, around.tables.cutoff, 1.0 / VOXEL])
    sizes = np.asarray(around.sizes, dtype=np.int64)
    small = [part.to(torch.int32).contiguous() for part in (inside.kinds, inside.pairs, inside.functions)]
    places = [around.tables.cubics, lengths, around.corner, sizes, around.starts, around.near]
    alive = [*places, around.sites, around.kinds, *small]
    counts = intervals, around.count, len(inside.pairs), poses, atoms, torch.get_num_threads()
    return [native.address(array) for array in alive], (ctypes.c_long * len(counts))(*counts), alive


def plain_pose_pairs(around: Surroundings, inside: Inside, x: Float[Tensor, "poses atoms 3"]) -> PairEnergies:
    """The same from all distances, in torch, on any device."""
    step = x[:, :, None] - around.sites
    distance = step.square().sum(-1).sqrt()
    function = inside.kinds.long()[:, None] * around.count + around.kinds.long()
    value, slope = around.tables(function.expand(distance.shape), distance)
    within = _within(around, x)
    outer = (value.sum(-1)) * within
    gradient = (slope / distance.clamp_min(1e-12) * within[:, :, None])[..., None].mul(step).sum(2)
    a, b = inside.pairs.long().unbind(1)
    step = x[:, b] - x[:, a]
    distance = step.square().sum(-1).sqrt()
    value, slope = around.tables(inside.functions.expand(distance.shape), distance)
    pull = (slope / distance.clamp_min(1e-12))[..., None] * step
    gradient = gradient.index_add(1, b, pull).index_add(1, a, -pull)
    return PairEnergies(outer, value.sum(-1), gradient)


def _within(around: Surroundings, x: Tensor) -> Tensor:
    place = (x - around.corner) / VOXEL
    sizes = torch.tensor(around.sizes, dtype=x.dtype, device=x.device)
    return ((place >= 0) & (place < sizes)).all(-1).to(x.dtype)
