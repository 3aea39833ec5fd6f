"""Small models with random weights: physics enough to move in, fast enough to test with."""

import torch
from ase import Atoms
from ase.build import bulk, fcc111, molecule

from intertwine.encoders.body_ordered import BodyOrderedSpec
from intertwine.observables import Model, ModelSpec

REFERENCE = {1: -13.6, 6: -1028.0, 8: -2041.0, 29: -45.0}


def small_model(*species: int, seed: int = 0, cutoff: float = 4.0) -> Model:
    """A float64 model of these species whose nuclei repel, so that nothing falls into anything."""
    encoder = BodyOrderedSpec(
        species=species, cutoff=cutoff, channels=4, layers=2, l_max=1, hidden_l=0, radial=4
    )
    energies = {z: REFERENCE[z] for z in species}
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = Model(ModelSpec(encoder=encoder, reference_energies=energies, scale=0.3, zbl=True))
    return model.to(torch.float64).eval()


def systems() -> dict[str, Atoms]:
    """Water, a copper slab, a strained triclinic crystal and a one-atom cell, a little out of place."""
    slab = fcc111("Cu", (2, 2, 2), vacuum=5.0)
    crystal = bulk("Cu", cubic=True)
    crystal.set_cell(
        crystal.cell.array @ [[1.0, 0.1, 0.02], [0.0, 0.97, 0.05], [0.0, 0.0, 1.04]], scale_atoms=True
    )
    found = {"molecule": molecule("H2O"), "slab": slab, "crystal": crystal, "one atom": bulk("Cu")}
    for atoms in found.values():
        atoms.rattle(0.1, seed=3)
    return found
