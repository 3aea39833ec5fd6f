"""A made-up pocket around a ligand: atoms of every kind, none too near."""

import numpy as np
import torch

from intertwine.apps.docking import Ligand, Receptor, TypedAtoms, ligand_from
from intertwine.apps.docking.kinematics import Body, Poses
from intertwine.apps.docking.landscape import body_of
from intertwine.apps.docking.ligand import embedded

GUESTS = ("CC(=O)Oc1ccccc1C(=O)[O-]", "C[NH2+]CC(O)c1ccc(O)c(O)c1", "NC(=O)CCc1ccncc1", "OCC(Cl)CS")


def guest_of(smiles: str = GUESTS[0]) -> Ligand:
    """A ligand with torsions, charges and rings."""
    return ligand_from(embedded(smiles), "guest")


def host_of(ligand: Ligand, atoms: int = 60, nearest: float = 3.0, seed: int = 0) -> Receptor:
    """Atoms at random between `nearest` and 9 Å from the ligand, typed at random."""
    rng = np.random.default_rng(seed)
    own = ligand.atoms.positions
    places = rng.uniform(own.min(0) - 9.0, own.max(0) + 9.0, size=(20 * atoms, 3))
    away = np.linalg.norm(places[:, None] - own, axis=2).min(1)
    places = places[(away > nearest) & (away < 9.0)][:atoms]
    count = len(places)
    numbers = rng.choice([6, 6, 6, 7, 8, 16, 30], size=count).astype(np.int64)
    polar = numbers != 6
    yes = rng.random((4, count)) < 0.5
    charge = np.where(polar, rng.choice([-0.5, 0.0, 1.0], size=count), 0.0)
    zeros = np.zeros(count, dtype=np.int64)
    flags = (polar & yes[0], polar & yes[1], ~polar & yes[2], ~polar & yes[3])
    typed = TypedAtoms(numbers, places, *flags, charge, zeros, zeros, ("X",) * count)
    return Receptor(typed, tuple(f"A:ALA{k // 5}" for k in range(count)), "made up")


def scattered(body: Body, count: int, width: float, seed: int = 0) -> Poses:
    """Poses about the reference: every freedom moved by a Gaussian of a width."""
    source = torch.Generator().manual_seed(seed)
    step = width * torch.randn(count, body.freedoms, generator=source, dtype=torch.float64)
    many = Poses(*(part.expand(count, *part.shape[1:]) for part in body.at_reference()))
    return Poses(*(part.to(body.reference.dtype) for part in many.moved(step.to(many.translation))))


def body(ligand: Ligand, flexible: bool = True) -> Body:
    """The mechanism of its heavy atoms."""
    made = body_of(ligand)
    return made if flexible else made.rigid()
