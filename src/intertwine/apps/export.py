"""A compiled potential that was compared with its model before it was kept."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table
from torch import Tensor

from intertwine.data import Structure
from intertwine.engines.export import InTorch, export_model
from intertwine.engines.exported import ExportedPotential
from intertwine.engines.predictor import placed
from intertwine.errors import InputError, IntertwineError
from intertwine.graph import Graph, build_graph, collate
from intertwine.observables import OUTPUTS, Model, differentiate
from intertwine.testing.certificate import Certificate
from intertwine.testing.identity import portable
from intertwine.testing.interface import weights_hash
from intertwine.testing.law import worst
from intertwine.testing.laws.comparison import energy_gap, largest
from intertwine.testing.probes import molecule, probes
from intertwine.testing.tolerances import EXPORT, Tolerance
from intertwine.typing import PathLike

SKIN = 1.0
"""Å; one of the trial graphs has edges this much longer than the cutoff, as in dynamics."""


@dataclass(frozen=True)
class Deviation:
    """By how much a compiled output differs from the model's, at worst.

    Args:
        output: its name.
        figure: in the unit of the tolerance.
        tolerance: the largest figure allowed.
        where: the graph on which it is so large.
    """

    output: str
    figure: float
    tolerance: Tolerance
    where: str

    @property
    def passed(self) -> bool:
        """Whether the figure is small enough; NaN is not."""
        return self.figure <= self.tolerance.limit


@dataclass(frozen=True)
class Export:
    """A package that was written.

    Args:
        path: of the file.
        deviations: of every output.
        graphs: on how many graphs the two were compared.
        metadata: what the file says of itself.
        seconds: wall time by stage.
    """

    path: Path
    deviations: tuple[Deviation, ...]
    graphs: int
    metadata: Mapping[str, Any]
    seconds: Mapping[str, float]

    def table(self) -> Table:
        """Deviations beside their tolerances, for a terminal."""
        spent = ", ".join(f"{stage} {seconds:.0f} s" for stage, seconds in self.seconds.items())
        kind = f"{self.metadata['dtype']}, {self.metadata['device']}, {self.metadata['threads']} threads"
        title = f"{escape(self.path.name)}: {self.path.stat().st_size / 1e6:.1f} MB, {kind}; {spent}"
        table = Table(title=title, title_justify="left", box=SIMPLE_HEAD)
        table.add_column("output")
        table.add_column(f"largest deviation on {self.graphs} graphs", justify="right", no_wrap=True)
        table.add_column("tolerance")
        for line in self.deviations:
            allowed = f"≤ {line.tolerance.limit:g} {line.tolerance.unit}"
            table.add_row(line.output, f"{line.figure:.2g}", allowed)
        return table


def verified_export(
    model: Model | PathLike,
    path: PathLike,
    device: str = "cpu",
    dtype: torch.dtype | None = None,
    progress: Callable[[str], None] = lambda stage: None,
) -> Export:
    """Compile a model into one `.pt2` file, kept only if it gives what the model gives (`deviations`).

    Args:
        model: a `Model` or the path of one; where `certificate.json` beside the file speaks of these very
            weights, its verdict goes into the metadata.
        path: where to, ending in `.pt2`.
        device: what to compile for, `"cpu"` or `"cuda"`.
        dtype: precision of the weights; the model's own by default.
        progress: called with the name of each stage when it begins.

    Raises:
        InputError: as `intertwine.engines.export.export_model`.
        IntertwineError: the compiled program differs from the model; no file is left.
    """
    begun: dict[str, float] = {}
    found: list[Deviation] = []
    trial: dict[str, Graph] = {}
    metadata: dict[str, Any] = {}

    def note(stage: str) -> None:
        begun[stage] = time.perf_counter()
        progress(stage)

    def check(eager: Model, compiled: ExportedPotential) -> None:
        trial.update(trial_graphs(eager.species, eager.cutoff, charges=eager.longrange is not None))
        found.extend(deviations(eager, compiled, trial))
        metadata.update(compiled.metadata)
        require_equal(found)

    written = export_model(model, path, device, dtype, facts=_facts(model), check=check, progress=note)
    ends = [*list(begun.values())[1:], time.perf_counter()]
    seconds = {stage: end - start for (stage, start), end in zip(begun.items(), ends, strict=True)}
    return Export(written, tuple(found), len(trial), metadata, seconds)


def trial_graphs(
    species: tuple[int, ...], cutoff: float, seed: int = 0, charges: bool = False
) -> dict[str, Graph]:
    """Graphs of every shape: no edge, one atom, a triclinic cell whose atom sees its own images, batches.

    For programs with charges: molecules, ions and batches of them, and crystals one at a time.

    >>> [graph.n_systems for graph in trial_graphs((1, 8), 4.0).values()]
    [1, 1, 1, 1, 1, 1, 1, 1, 1, 9, 3]
    """
    rng = np.random.default_rng(seed)
    alone = molecule(species, 1, cutoff, rng)
    apart = Structure([*alone.numbers, *alone.numbers], [[0, 0, 0], [0, 0, 2 * cutoff]])
    graphs = {"atom alone": build_graph(alone, cutoff), "two atoms apart": build_graph(apart, cutoff)}
    graphs |= {probe.name: build_graph(probe.structure, cutoff) for probe in probes(species, cutoff, rng)}
    larger = molecule(species, 33, cutoff, rng)
    graphs["larger molecule"] = build_graph(larger, cutoff)
    graphs["edges beyond the cutoff"] = build_graph(larger, cutoff, SKIN)
    if charges:
        graphs["ion"] = graphs["larger molecule"].replace(charge=torch.ones(1, dtype=torch.float64))
        graphs = {name: graph for name, graph in graphs.items() if int(graph.pbc.sum()) in (0, 3)}
    alike = [graph for graph in graphs.values() if not (charges and bool(graph.pbc.any()))]
    batch = collate(alike)
    return graphs | {"batch": batch, "three atoms alone": collate([graphs["atom alone"]] * 3)}


def deviations(model: Model, compiled: ExportedPotential, graphs: Mapping[str, Graph]) -> list[Deviation]:
    """The largest deviation of every output from the model, evaluated in operations of torch."""
    tolerances = EXPORT[compiled.metadata["dtype"]]
    figures: dict[str, list[tuple[float, str]]] = {name: [] for name in tolerances}
    for where, graph in graphs.items():
        here = graph.to(model.device)
        with InTorch():
            expected = differentiate(model.atom_energies, here, OUTPUTS)
        bound = _array(expected["energies"] - model.energy.reference(here.numbers))
        given = compiled(here, OUTPUTS)
        for name, tolerance in tolerances.items():
            sides = _array(given[name]), _array(expected[name])
            exact = tolerance.unit != "relative"
            figure = _exact(name, *sides) if exact else _relative(name, *sides, graph, bound)
            figures[name].append((figure, where))
    readings = [worst(name, found) for name, found in figures.items()]
    return [Deviation(line.line, line.figure, tolerances[line.line], line.where) for line in readings]


def require_equal(found: list[Deviation]) -> None:
    """Raise when an output deviates by more than its tolerance.

    Raises:
        IntertwineError: naming the worst one.
    """
    broken = [line for line in found if not line.passed]
    if broken:
        line = max(broken, key=lambda line: (math.isnan(line.figure), line.figure / line.tolerance.limit))
        raise IntertwineError(
            f"the compiled program is not kept: its {line.output} differs from the model's by "
            f"{line.figure:.2g} on '{line.where}'; accepted: {line.tolerance.limit:g} {line.tolerance.unit}"
        )


def _array(values: Tensor) -> np.ndarray:
    return values.detach().cpu().numpy()


def _exact(name: str, given: np.ndarray, expected: np.ndarray) -> float:
    """The largest deviation; in totals less what rounding alone explains."""
    if name == "energy":
        return float(np.max([energy_gap(*pair) for pair in zip(given, expected, strict=True)]))
    return largest(given - expected)


def _relative(name: str, given: np.ndarray, expected: np.ndarray, graph: Graph, bound: np.ndarray) -> float:
    """The largest deviation over the largest value; of energies, over the largest binding of an atom."""
    counts = graph.counts.numpy() if name == "energy" else 1
    size = bound if name in ("energy", "energies") else expected
    return largest((given - expected) / counts) / float(np.maximum(largest(size), 1.0))


def _facts(model: Model | PathLike) -> dict[str, Any]:
    """Which model it is, where it comes from, and what its certificate says."""
    source = placed(model)
    digest = weights_hash(source)
    verdict = None if isinstance(model, Model) else _verdict(Path(model).parent / "certificate.json", digest)
    return {"weights_sha256": digest, "metadata": portable(source.metadata), "certificate": verdict}


def _verdict(path: Path, digest: str | None) -> dict[str, Any] | None:
    """What a certificate says, if it is one and speaks of these weights."""
    if not path.is_file():
        return None
    try:
        certificate = Certificate.from_json(path.read_text(encoding="utf-8"))
    except (InputError, UnicodeDecodeError):
        return None
    if certificate.model.get("weights_sha256") != digest:
        return None
    return {"passed": certificate.passed, "summary": certificate.summary}
