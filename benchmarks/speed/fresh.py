"""A model of the right size with random weights: time and memory do not depend on what was learned."""

import torch

from intertwine.encoders.body_ordered import BodyOrderedSpec
from intertwine.observables import Model, ModelSpec
from intertwine.train.config import PRESETS

CUTOFF = 5.0
"""Å, of every model of the comparison."""
NEIGHBOURS = 40.0
"""Average number of neighbours that every model is told, a scale."""


def fresh_model(preset: str, species: tuple[int, ...], seed: int = 0) -> Model:
    """A preset of `intertwine train` with weights drawn from the seed, as a loaded model is: for evaluation.

    >>> fresh_model("small", (29,)).cutoff
    5.0
    """
    encoder = BodyOrderedSpec(species=species, cutoff=CUTOFF, neighbours=NEIGHBOURS, **PRESETS[preset])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Model(ModelSpec(encoder=encoder, reference_energies=dict.fromkeys(species, 0.0)))
    return model.requires_grad_(False).eval()
