"""A trial: one model, its probes, its share of time, and evaluation from scratch."""

import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float

from intertwine.data import LABELS, Structure
from intertwine.errors import InputError
from intertwine.graph import build_graph, collate
from intertwine.testing.interface import (
    Potential,
    feels_field,
    has_charges,
    in_precision,
    knows_surfaces,
    outputs_of,
    require_potential,
)
from intertwine.testing.prediction import Prediction, predictions
from intertwine.testing.probes import Probe, probes, random_bonds

ATOMS_AT_ONCE = 256
"""Batches of a trial hold about this many atoms, so that memory stays small."""

LARGEST_PROBE = 100
"""Structures with more atoms than this are not used as probes."""

FIELD = 0.05
"""V/Å: size of the fields that a model is put in, 5 MV/cm."""

ENERGETIC = ("energy", "forces", "stress")
"""What has laws of its own in the certificate; any other label is a tensor."""


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

    def lacks(self, need: str) -> str | None:
        """Why laws of the energy, tensors, charges or the response to a field do not apply; else None."""
        if need == "energy":
            return None if "energy" in outputs_of(self.model) else "this model has no energy"
        if need == "charges":
            return None if has_charges(self.model) else "no charges of this model reach beyond its cutoff"
        if need == "field":
            return None if feels_field(self.model) else "this model feels no electric field"
        return None if self.tensors else "this model predicts no tensors beside an energy"

    @cached_property
    def tensors(self) -> tuple[str, ...]:
        """Labels that the model predicts beside energy, forces and stress.

        The third derivative of an energy by a field is dear; it is held to the second one instead.
        """
        known = [name for name in outputs_of(self.model) if name in LABELS and name not in ENERGETIC]
        dear = "hyperpolarisability" if feels_field(self.model) else ""
        return tuple(name for name in known if name != dear)

    @cached_property
    def turning(self) -> tuple[str, ...]:
        """The tensors, and the forces where a field changes them."""
        return (*self.tensors, "forces") if feels_field(self.model) else self.tensors

    @cached_property
    def situations(self) -> tuple[Probe, ...]:
        """The small probes for tensors: open ones charged, and all in a field where the model feels one.

        A charged cell has no dipole, so that periodic ones are neutral. All name bonds where a tensor
        belongs to those.
        """
        rng = self.rng("situations")
        size = FIELD if feels_field(self.model) else 0.0
        return tuple(
            Probe(
                name,
                self.bonded(structure).replace(
                    charge=0.0 if structure.pbc.any() else structure.charge or 1.0,
                    electric_field=size * rng.normal(size=3),
                ),
            )
            for name, structure in self.small
        )

    def bonded(self, structure: Structure) -> Structure:
        """With bonds drawn at random, where the model has a tensor of bonds and the structure names none."""
        if len(structure.bonds) or not any(LABELS[name].per == "bond" for name in self.tensors):
            return structure
        bonds, shifts = random_bonds(structure, 6, self.rng("bonds"))
        return structure.replace(bonds=bonds, bond_shifts=shifts)

    @cached_property
    def answers(self) -> tuple[Prediction, ...]:
        """What the model says of `turning` in every situation."""
        return tuple(self.predict([probe.structure for probe in self.situations], self.turning))

    @cached_property
    def scales(self) -> dict[str, float]:
        """Largest component of each of `turning` in any situation: what deviations are relative to."""
        return {
            name: float(np.max([np.abs(answer[name]).max() for answer in self.answers]))
            for name in self.turning
        }

    @property
    def small(self) -> tuple[Probe, ...]:
        """The probes of up to 64 atoms, for laws that need many evaluations."""
        return tuple(probe for probe in self.probes if len(probe.structure) <= 64)

    def predict(
        self,
        structures: Sequence[Structure],
        outputs: Sequence[str] = ENERGETIC,
        model: Potential | None = None,
    ) -> list[Prediction]:
        """Predictions from scratch, neighbour list included, batched; by the float64 copy unless told."""
        chosen = self.exact if model is None else model
        found: list[Prediction] = []
        for batch in _batches(structures):
            graph = collate([build_graph(structure, chosen.cutoff) for structure in batch])
            results = chosen(graph, outputs=tuple(outputs))
            found += predictions({name: results[name] for name in outputs}, batch)
        return found

    def energies(self, structures: Sequence[Structure]) -> Float[np.ndarray, " structures"]:
        """Total energies, eV, in float64."""
        return np.array([prediction.energy for prediction in self.predict(structures, ("energy",))])


def prepare(
    model: Potential, structures: Sequence[Structure] | None = None, *, seed: int = 0, budget: float = 20.0
) -> Trial:
    """Make a `Trial` of a model: probes from its species, plus up to two of the structures given.

    Structures are taken out of their electric fields: laws that want a field apply one.

    Raises:
        InputError: no `Potential`, or a structure with an element that the model does not know.
    """
    require_potential(model)
    known = {int(z) for z in model.species}
    frames = tuple(frame.replace(electric_field=np.zeros(3)) for frame in structures or ())
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
    if not knows_surfaces(model):
        own = [probe for probe in own if probe.structure.pbc.all() or not probe.structure.pbc.any()]
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
