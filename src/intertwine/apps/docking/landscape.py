"""The prior's energy of poses, fast: what a search walks on."""

import copy
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Bool, Float, Float64, Int64
from torch import Tensor

from intertwine.apps.docking.kinematics import Body, Placed, Poses, place, pulled_back
from intertwine.apps.docking.minimise import FIRST, LONGEST, SHORTER, SUFFICIENT, Minima, minimise
from intertwine.apps.docking.prior import CUTOFF, Prior, kinds_of, traits_of
from intertwine.apps.docking.profiles import about, angles_of, turned
from intertwine.ops.native import library as native
from intertwine.ops.pose_descent import Mechanism, Steps, pose_descent
from intertwine.ops.pose_pairs import Inside, PairEnergies, RadialTables, Surroundings, pose_pairs

if TYPE_CHECKING:
    from intertwine.apps.docking.ligand import Ligand
    from intertwine.apps.docking.pocket import Box
    from intertwine.apps.docking.receptor import Receptor

KNOTS = 321
"""Knots of each radial table, one every 0.025 Å: splines are then within 1e-5 kcal/mol of the prior."""

MARGIN = 4.0
"""Å beyond the box within which atoms still feel the receptor while the wall brings them back."""

APART = 4
"""Atoms of a ligand that meet have at least so many bonds between them."""


def body_of(ligand: "Ligand") -> Body:
    """The heavy atoms of a ligand as a mechanism, float64; its pivot is the centre of the root."""
    parts = (ligand.atoms.positions, ligand.torsions, ligand.moves, ligand.fragments, _pivot(ligand))
    return Body(*(torch.from_numpy(np.array(part)) for part in parts))


def whole_body_of(ligand: "Ligand") -> Body:
    """All atoms of a ligand as a mechanism, each hydrogen going with its heavy atom.

    The pivot is that of `body_of`: the same poses place both.
    """
    row = np.full(len(ligand.positions), -1)
    row[ligand.heavy] = np.arange(len(ligand.heavy))
    parent = row[ligand.parents]
    torsions, moves = ligand.heavy[ligand.torsions], ligand.moves[:, parent]
    parts = (ligand.positions, torsions, moves, ligand.fragments[parent], _pivot(ligand))
    return Body(*(torch.from_numpy(np.array(part)) for part in parts))


def _pivot(ligand: "Ligand") -> Float64[np.ndarray, "3"]:
    return ligand.atoms.positions[~ligand.moves.any(0)].mean(0)


def inner_pairs(ligand: "Ligand") -> Int64[np.ndarray, "pairs 2"]:
    """Pairs of heavy atoms whose distance some torsion changes, at least four bonds apart."""
    count = len(ligand.atoms)
    near = np.eye(count, dtype=bool)
    bonded = np.zeros((count, count), dtype=bool)
    bonded[tuple(ligand.bonds.T)] = bonded[tuple(ligand.bonds.T[::-1])] = True
    for _ in range(APART - 1):
        near |= (near.astype(int) @ bonded.astype(int)) > 0
    return np.argwhere(np.triu(free_pairs(ligand) & ~near, 1)).astype(np.int64)


def free_pairs(ligand: "Ligand") -> Bool[np.ndarray, "atoms atoms"]:
    """Whether a torsion changes the distance of two atoms: it moves one, and neither is on its axis."""
    count = len(ligand.atoms)
    free = np.zeros((count, count), dtype=bool)
    for (a, b), moves in zip(ligand.torsions, ligand.moves, strict=True):
        off_axis = np.ones(count, dtype=bool)
        off_axis[[a, b]] = False
        free |= (moves[:, None] != moves[None, :]) & off_axis[:, None] & off_axis[None, :]
    return free


class PriorLandscape:
    """Energies and slopes of poses of one ligand in one pocket under the prior, and a soft wall at the box.

    Built once for a ligand and a pocket: the prior of two kinds of atoms becomes a table, the sites near
    every cubic ångström of the box a list. A pose then costs some ten microseconds.

    Args:
        receptor: atoms of the pocket.
        ligand: what is docked.
        box: where its atoms may be.
        prior: whose energy.
        flexible: whether torsions turn.
        dtype, device: precision and place of the search.
    """

    def __init__(
        self,
        receptor: "Receptor",
        ligand: "Ligand",
        box: "Box",
        prior: Prior,
        flexible: bool = True,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> None:
        whole = body_of(ligand)
        self.body = (whole if flexible else whole.rigid()).to(dtype, device)
        self.box = box
        self.half = torch.as_tensor(np.asarray(box.size) / 2, dtype=dtype, device=device)
        self.centre = torch.as_tensor(np.asarray(box.centre), dtype=dtype, device=device)
        rows, (outside, own) = kinds_of([traits_of(receptor.atoms), traits_of(ligand.atoms)])
        self.rows = rows
        low, high = (
            np.asarray(box.centre) - box.size / 2 - MARGIN,
            np.asarray(box.centre) + box.size / 2 + MARGIN,
        )
        sites = torch.from_numpy(receptor.atoms.positions).to(device, dtype)
        self.around = Surroundings.of(sites, outside, prior_tables(prior, rows), len(rows), (low, high))
        pairs = torch.from_numpy(inner_pairs(ligand) if flexible else np.zeros((0, 2), dtype=np.int64))
        functions = (len(rows) + own[pairs[:, 0]]) * len(rows) + own[pairs[:, 1]]
        self.inside = Inside(*(part.to(device) for part in (own, pairs, functions)))
        self.profiles = profiles_about(ligand)[: len(self.body.torsions)].to(device, dtype)
        self.barrier = float(prior.barrier.detach())

    def energies(self, placed: Placed) -> PairEnergies:
        """Energies of atoms with the receptor and among themselves; no wall."""
        return pose_pairs(self.around, self.inside, placed.positions)

    def __call__(self, poses: Poses) -> tuple[Float[Tensor, "poses"], Float[Tensor, "poses freedoms"]]:
        """Energy (kcal/mol) and its derivatives along (δt, ω, δφ) of poses, the wall included."""
        placed = place(self.body, poses)
        found = self.energies(placed)
        wall, push = self.wall(placed.positions)
        turning, resistance = self.turning(poses)
        energy = found.outer.sum(1) + found.inner + wall + turning
        slope = pulled_back(self.body, poses, placed.positions, found.gradient + push)
        return energy, slope + resistance

    def turning(self, poses: Poses) -> tuple[Float[Tensor, "poses"], Float[Tensor, "poses freedoms"]]:
        """What the torsions cost by themselves, kcal/mol, and its derivative along (δt, ω, δφ)."""
        value, slope = turned(self.profiles, poses.torsions)
        return self.barrier * value.sum(1), torch.nn.functional.pad(self.barrier * slope, (6, 0))

    def minimised(self, starts: Poses, rounds: int = 60, tolerance: float = 0.02) -> Minima:
        """`minimise` on this landscape, by the compiled kernel where it can run, else in torch."""
        if not native.usable(starts.translation, self.around.sites):
            return minimise(self, starts, self.body.reaches, rounds, tolerance)
        steps = Steps(rounds, tolerance, LONGEST, SUFFICIENT, SHORTER, FIRST)
        found = pose_descent(self.around, self.inside, self.mechanism, starts, steps)
        return Minima(Poses(*found[:3]), found.energy, found.gradient_norm, found.evaluations)

    @cached_property
    def mechanism(self) -> Mechanism:
        """Body and box as the compiled kernel wants them."""
        counts = self.body.moves.sum(1)
        return Mechanism(
            reference=self.body.reference - self.body.pivot,
            reaches=self.body.reaches,
            centre=self.centre,
            half=self.half,
            axes=self.body.torsions,
            starts=torch.cat((counts.new_zeros(1), counts.cumsum(0))),
            moved=self.body.moves.nonzero()[:, 1],
            profiles=self.barrier * self.profiles,
        )

    def wall(
        self, x: Float[Tensor, "poses atoms 3"]
    ) -> tuple[Float[Tensor, "poses"], Float[Tensor, "poses atoms 3"]]:
        """o³/(o + 0.1) for each coordinate that is o Å outside the box, and its gradient."""
        away = x - self.centre
        out = (away.abs() - self.half).clamp_min(0.0)
        slope = (2.0 * out**3 + 0.3 * out**2) / (out + 0.1) ** 2 * away.sign()
        return (out**3 / (out + 0.1)).sum((1, 2)), slope


def prior_tables(prior: Prior, rows: Float[Tensor, "kinds traits"]) -> RadialTables:
    """The prior of every ordered pair of kinds as splines of the distance, then that inside a ligand."""
    r = torch.linspace(0.0, CUTOFF, KNOTS, dtype=torch.float64)
    kinds = len(rows)
    exact = copy.deepcopy(prior).to("cpu", torch.float64)
    with torch.no_grad():
        first = rows.double().repeat_interleave(kinds, 0)[:, None]
        pairs = (r.expand(kinds * kinds, -1), first, rows.double().repeat(kinds, 1)[:, None])
        values = torch.cat((exact(*pairs), exact(*pairs, inside=True)))
    return RadialTables.of(values.numpy(), CUTOFF)


def profiles_about(ligand: "Ligand") -> Float[Tensor, "torsions waves two"]:
    """Profiles of a ligand's torsions as functions of the turns away from its conformer."""
    x = torch.from_numpy(np.array(ligand.atoms.positions))[None]
    angles = angles_of(x, torch.from_numpy(np.array(ligand.dihedrals)))
    return about(torch.from_numpy(np.array(ligand.waves)), *angles)
