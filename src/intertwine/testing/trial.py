"""A trial: one model, its probes, its share of time, and evaluation from scratch."""

import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from intertwine.data import Structure
from intertwine.errors import InputError
from intertwine.graph import build_graph, collate
from intertwine.testing.interface import Potential, in_precision, require_potential
from intertwine.testing.probes import Probe, probes

ATOMS_AT_ONCE = 256
"""Batches of a trial hold about this many atoms, so that memory stays small."""

LARGEST_PROBE = 100
"""Structures with more atoms than this are not used as probes."""


class Prediction(NamedTuple):
    """What a model says of one structure, in NumPy float64; what was not asked for is empty."""

    energy: float
    forces: Float[np.ndarray, "atoms 3"]
    stress: Float[np.ndarray, "3 3"]


@dataclass(frozen=True)
class Trial:
    """What a law is tried on.

    Args:
        model: the model as it came.
        exact: its copy in float64.
        probes: systems of every shape.
        frames: the user's own structures (also among the probes, as far as they are small).
        seed: of all randomness; each law draws from its own stream.
        budget: seconds that the whole certificate may take, roughly.
        started: reading of `time.perf_counter` when it was made.
    """

    model: Potential
    exact: Potential
    probes: tuple[Probe, ...]
    frames: tuple[Structure, ...] = ()
    seed: int = 0
    budget: float = 20.0
    started: float = field(default_factory=time.perf_counter)

    @property
    def seconds_left(self) -> float:
        """What is left of the budget; negative when it is spent."""
        return self.started + self.budget - time.perf_counter()

    def rng(self, name: str) -> np.random.Generator:
        """A random stream that belongs to one law, whatever ran before it."""
        return np.random.default_rng([self.seed, zlib.crc32(name.encode())])

    @property
    def periodic(self) -> tuple[Probe, ...]:
        """The probes with at least one periodic axis."""
        return tuple(probe for probe in self.probes if probe.structure.pbc.any())

    @property
    def small(self) -> tuple[Probe, ...]:
        """The probes of up to 64 atoms, for laws that need many evaluations."""
        return tuple(probe for probe in self.probes if len(probe.structure) <= 64)

    def predict(
        self,
        structures: Sequence[Structure],
        outputs: Sequence[str] = ("energy", "forces", "stress"),
        model: Potential | None = None,
    ) -> list[Prediction]:
        """Predictions from scratch, neighbour list included, batched; by the float64 copy unless told."""
        chosen = self.exact if model is None else model
        predictions: list[Prediction] = []
        for batch in _batches(structures):
            graph = collate([build_graph(structure, chosen.cutoff) for structure in batch])
            results = chosen(graph, outputs=tuple(outputs))
            predictions += _split({name: results[name] for name in outputs}, [len(s) for s in batch])
        return predictions

    def energies(self, structures: Sequence[Structure]) -> Float[np.ndarray, " structures"]:
        """Total energies, eV, in float64."""
        return np.array([prediction.energy for prediction in self.predict(structures, ("energy",))])


def prepare(
    model: Potential, structures: Sequence[Structure] | None = None, *, seed: int = 0, budget: float = 20.0
) -> Trial:
    """Make a `Trial` of a model: probes from its species, plus up to two of the structures given.

    Raises:
        InputError: no `Potential`, or a structure with an element that the model does not know.
    """
    require_potential(model)
    known = {int(z) for z in model.species}
    frames = tuple(structures or ())
    for index, frame in enumerate(frames):
        unknown = sorted(set(frame.numbers.tolist()) - known)
        if unknown:
            raise InputError(
                f"structure {index} has elements that the model does not know",
                got=unknown,
                accepted=sorted(known),
            )
    rng = np.random.default_rng([seed, 0])
    own = probes(sorted(known), model.cutoff, rng)
    small = [frame for frame in frames if len(frame) <= LARGEST_PROBE]
    picked = sorted(rng.permutation(len(small))[:2].tolist())
    given = [Probe(f"{small[index].formula} (yours)", small[index]) for index in picked]
    exact = in_precision(model, torch.float64)
    return Trial(model, exact, tuple(own + given), frames, seed, budget)


def _batches(structures: Sequence[Structure]) -> Iterator[list[Structure]]:
    batch: list[Structure] = []
    for structure in structures:
        if batch and sum(map(len, batch)) + len(structure) > ATOMS_AT_ONCE:
            yield batch
            batch = []
        batch.append(structure)
    if batch:
        yield batch


def _split(results: dict[str, Tensor], sizes: list[int]) -> list[Prediction]:
    arrays = {name: value.detach().cpu().numpy().astype(np.float64) for name, value in results.items()}
    ends = np.cumsum(sizes)
    return [
        Prediction(
            float(arrays["energy"][k]) if "energy" in arrays else float("nan"),
            arrays["forces"][end - size : end] if "forces" in arrays else np.empty((0, 3)),
            arrays["stress"][k] if "stress" in arrays else np.full((3, 3), np.nan),
        )
        for k, (size, end) in enumerate(zip(sizes, ends, strict=True))
    ]
