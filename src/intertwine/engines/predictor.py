"""Many structures in, physics out: one facade over batches."""

import copy
from collections.abc import Collection, Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from ase.data import chemical_symbols

from intertwine.data import LABELS, Structure
from intertwine.engines.exported import ExportedPotential, load_exported, needs_the_model
from intertwine.errors import InputError
from intertwine.graph import Graph, build_graph, collate
from intertwine.observables import Model, load_model
from intertwine.typing import PathLike

Runnable = Model | ExportedPotential
"""What can be evaluated: a model, or one compiled ahead of time."""

Prediction = dict[str, np.ndarray]
"""Outputs of one structure by name, float64."""


def per(output: str) -> str:
    """What has one value of an output each: `"atom"`, `"bond"` or `"system"`.

    >>> per("forces"), per("energies"), per("stress")
    ('atom', 'atom', 'system')
    """
    if output == "energies":
        return "atom"
    return LABELS[output].per if output in LABELS else "system"


class Predictor:
    """A model that takes structures and gives NumPy arrays, batching them by the size of their graphs.

    A batch is closed before its edges and atoms together exceed `batch_edges`, so that memory is bounded for
    a few large crystals and for many small molecules alike. Results do not depend on it beyond rounding.

    Args:
        model: what to run; not changed.
        batch_edges: most edges plus atoms of one batch; a single larger structure still runs, alone.

    >>> from intertwine.encoders.body_ordered import BodyOrderedSpec
    >>> from intertwine.observables import ModelSpec
    >>> spec = ModelSpec(encoder=BodyOrderedSpec(species=(1,), channels=4), reference_energies={1: -13.6})
    >>> predictor = Predictor(Model(spec))
    >>> atom = Structure([1], [[0, 0, 0]])
    >>> [result["energy"].round(3).item() for result in predictor([atom, atom])]
    [-13.6, -13.6]
    """

    def __init__(self, model: Runnable, batch_edges: int = 200_000) -> None:
        self.model = model
        self.batch_edges = batch_edges

    @classmethod
    def load(
        cls, model: Runnable | PathLike, device: str | None = None, dtype: torch.dtype | None = None
    ) -> "Predictor":
        """A predictor for a model in memory or in a file.

        Args:
            model: a `Model` or an `ExportedPotential`, or the path of one.
            device: where to run, such as `"cpu"` or `"cuda"`; where the model is already, by default.
            dtype: precision of the weights; the model's own by default.

        Raises:
            InputError: no model there, or no such device here.
        """
        return cls(runnable(model, device, dtype))

    def __call__(
        self, structures: Iterable[Structure], outputs: Collection[str] = ("energy", "forces")
    ) -> list[Prediction]:
        """Evaluate structures in order.

        Args:
            structures: any number of them.
            outputs: of `model.outputs`: energy `[]` eV, energies `[atoms]` eV, forces `[atoms, 3]` eV/Å,
                stress `[3, 3]` eV/Å³ (tensile positive), virial `[3, 3]` eV, tensors and responses; what is
                per bond has one value for each of `Structure.bonds`.

        Returns:
            One dictionary of float64 arrays per structure.

        Raises:
            InputError: an element the model does not know (names the structure), no such output, or one per
                bond of a structure without bonds.
        """
        names = tuple(outputs)
        return [
            result for batch in self._batches(structures, names) for result in self._evaluate(batch, names)
        ]

    def _batches(
        self, structures: Iterable[Structure], outputs: Collection[str] = ()
    ) -> Iterator[list[Graph]]:
        batch: list[Graph] = []
        size = 0
        for index, structure in enumerate(structures):
            check_species(structure, self.model, where=f"structure {index}")
            check_bonds(structure, outputs, where=f"structure {index}")
            graph = build_graph(structure, self.model.cutoff).replace(labels={})
            weight = graph.n_edges + graph.n_atoms
            if batch and size + weight > self.batch_edges:
                yield batch
                batch, size = [], 0
            batch.append(graph)
            size += weight
        if batch:
            yield batch

    def _evaluate(self, graphs: list[Graph], outputs: tuple[str, ...]) -> list[Prediction]:
        device = self.model.device
        with torch.no_grad():
            results = self.model(collate(graphs).to(device), outputs=outputs)
        arrays = {name: value.detach().cpu().numpy() for name, value in results.items()}
        parts = {name: _parts(array, graphs, per(name)) for name, array in arrays.items()}
        return [{name: part[system] for name, part in parts.items()} for system in range(len(graphs))]


def _parts(values: np.ndarray, graphs: list[Graph], what: str) -> list[np.ndarray]:
    """The values of each system, one value where there is one per system."""
    ends = np.cumsum([0, *(len(graph.system_of(what)) for graph in graphs)]).tolist()
    return [values[first, ...] if what == "system" else values[first:last] for first, last in pairwise(ends)]


def placed(model: Model | PathLike, device: str | None = None, dtype: torch.dtype | None = None) -> Model:
    """The model, loaded when it is a path, on a device and in a precision; one in memory is never changed.

    Raises:
        InputError: no model there, or no such device here.
    """
    checked_device(device)
    if not isinstance(model, Model):
        return load_model(model, device or "cpu", dtype).requires_grad_(False)
    here = next(model.parameters()).device
    if (device is None or here == torch.device(device)) and dtype in (None, model.dtype):
        return model
    return copy.deepcopy(model).to(device=device, dtype=dtype)


def runnable(
    model: Runnable | PathLike, device: str | None = None, dtype: torch.dtype | None = None
) -> Runnable:
    """What `placed` gives, and exported potentials too: in memory, or a path that ends in `.pt2`.

    Raises:
        InputError: no model there, no such device here, or an export for another device or precision.
    """
    if isinstance(model, Model) or (
        not isinstance(model, ExportedPotential) and Path(model).suffix != ".pt2"
    ):
        return placed(model, device, dtype)
    potential = model if isinstance(model, ExportedPotential) else load_exported(model)
    wanted = (device or potential.device.type, dtype or potential.dtype)
    if wanted != (potential.device.type, potential.dtype):
        raise InputError(
            "an exported potential stays as it was compiled",
            got=", ".join(map(str, wanted)),
            accepted=f"{potential.device.type}, {potential.dtype}",
            fix="ask for that, or export the model again",
        )
    return potential


def with_weights(model: Runnable, purpose: str) -> Model:
    """The model, or one clear line when it is an export and so cannot serve this purpose."""
    if not isinstance(model, Model):
        raise needs_the_model(purpose)
    return model


def checked_device(device: str | None) -> None:
    """Raise unless PyTorch can compute on `device` here."""
    try:
        torch.zeros(1, device=device or "cpu")
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"cannot compute on '{device}'", got=reason, fix="use the device 'cpu'") from None


def check_bonds(structure: Structure, outputs: Collection[str], where: str = "") -> None:
    """Raise when an output per bond is asked of a structure that names no bonds.

    Args:
        structure: what is asked of the model.
        outputs: what is asked.
        where: how the user knows the structure; its formula follows.
    """
    asked = [name for name in outputs if per(name) == "bond"]
    if asked and not len(structure.bonds):
        raise InputError(
            f"{', '.join(asked)} is asked of a structure without bonds",
            got=f"{where} ({structure.formula})" if where else structure.formula,
            fix="name its ordered pairs of atoms: bonds=[[i, j], ...], or 'bonds' in the info of a frame",
        )


def check_species(structure: Structure, model: Runnable, where: str = "") -> None:
    """Raise when a structure holds an element that the model has never seen, naming both.

    Args:
        structure: what is asked of the model.
        model: anything that knows its species.
        where: how the user knows the structure; its formula follows.
    """
    unknown = [chemical_symbols[z] for z in structure.species if z not in model.species]
    if unknown:
        raise InputError(
            f"the model has never seen the element {', '.join(unknown)}",
            got=f"{where} ({structure.formula})" if where else structure.formula,
            accepted=", ".join(chemical_symbols[z] for z in model.species),
            fix="train on data that contains it",
        )
