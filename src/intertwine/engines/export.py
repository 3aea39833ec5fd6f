"""Ahead-of-time compilation: a model becomes one file that needs no Python to run."""

import copy
import json
import shutil
import tempfile
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.fx.experimental import _config as tracing
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils._python_dispatch import TorchDispatchMode

from intertwine import __version__
from intertwine.data import replacing
from intertwine.electrostatics import Listing
from intertwine.engines.exported import (
    CHARGED_INPUTS,
    FORMAT,
    INPUTS,
    KEY,
    VERSION,
    ExportedPotential,
    inputs_of,
    load_exported,
)
from intertwine.engines.predictor import placed
from intertwine.errors import InputError, IntertwineError
from intertwine.graph import Graph
from intertwine.observables import OUTPUTS, Model, differentiate
from intertwine.typing import PathLike

UNITS = {
    "numbers": "atomic number",
    "positions": "Å",
    "cell": "Å",
    "charge": "e",
    "energy": "eV",
    "energies": "eV",
    "forces": "eV/Å",
    "stress": "eV/Å³, tensile positive",
    "virial": "eV",
}
"""Units of what goes in and comes out; everything else is a count."""

SIZES = {"atoms": 1009, "edges": 10007, "systems": 101, "ranks": 103}
CHARGED_SIZES = {"pairs": 2003, "waves": 211}
"""Of the graph that is traced: primes, so that no two sizes, nor one and a width of the model, seem equal."""

AXES = {
    **dict.fromkeys(("cell", "charge", "periodic"), "systems"),
    **dict.fromkeys(("receiver", "sender", "shift", "slot"), "edges"),
    **{name: name for name in ("ranks", "pairs", "waves")},
}
"""What is counted by the first axis of the inputs that do not count atoms."""


class InTorch(TorchDispatchMode):
    """While it is active everything runs in operations of torch: compiled kernels step aside for a watcher.

    >>> with InTorch():
    ...     torch.ones(2).sum().item()
    2.0
    """

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return func(*args, **(kwargs or {}))


def export_model(
    model: Model | PathLike,
    path: PathLike,
    device: str = "cpu",
    dtype: torch.dtype | None = None,
    *,
    facts: Mapping[str, Any] | None = None,
    check: Callable[[Model, ExportedPotential], None] | None = None,
    progress: Callable[[str], None] = lambda stage: None,
) -> Path:
    """Compile a model ahead of time (AOTInductor) into one `.pt2` file, whole or not at all.

    The file holds machine code with the weights, made for this kind of processor, this version of PyTorch and
    as many threads as PyTorch uses now, and metadata that can be read without running it. It takes any number
    of atoms, edges and systems.

    Args:
        model: a `Model` or the path of one.
        path: where to, ending in `.pt2`.
        device: what to compile for, `"cpu"` or `"cuda"`.
        dtype: precision of the weights; the model's own by default.
        facts: more metadata, anything JSON can hold; kept under `model`.
        check: called with the model and the package before it is kept; what it raises comes through, and no
            file is left. `intertwine.apps.export` compares the two.
        progress: called with the name of each stage when it begins.

    Returns:
        The path written.

    Raises:
        InputError: no model, another ending, a place that cannot be written to, direct forces,
            equilibrated charges, dispersion, or no C++ compiler.
        IntertwineError: PyTorch or the compiler failed on the program.
    """
    path = Path(path)
    if path.suffix != ".pt2":
        raise InputError(f"cannot export to '{path}'", accepted="a name that ends in .pt2")
    model = placed(model, device, dtype)
    if model.direct is not None:
        raise InputError("direct forces are not exported", accepted="a model whose forces are derivatives")
    if not model.spec.energy:
        raise InputError("tensors are not exported", got="a model without an energy")
    if model.spec.longrange is not None and model.spec.longrange.charges != "local":
        raise InputError("equilibrated charges are not exported", accepted="longrange.charges = local")
    if model.energy.dispersion is not None:
        raise InputError("dispersion is not exported", accepted="a model without dispersion")
    _require_compiler()
    with replacing(path) as scratch, tempfile.TemporaryDirectory() as folder:
        built = Path(folder) / "potential.pt2"
        progress("tracing")
        program = traced(model)
        progress("compiling")
        _compile(program, built, _metadata(model, facts or {}))
        progress("checking")
        if check is not None:
            check(model, load_exported(built))
        shutil.copyfile(built, scratch)
    return path


def traced(model: Model) -> torch.export.ExportedProgram:
    """Energy and first derivatives of a model as one program of torch operations, sizes left open.

    Inputs are those of `inputs_of`, outputs those of `OUTPUTS`. An element that the model does not know gives
    NaN, since a program cannot raise.
    """
    device = model.device
    names, charged = input_names(model), model.longrange is not None
    counts = SIZES | CHARGED_SIZES if charged else SIZES
    example = _example(charged, device, **counts)
    sizes = {name: torch.export.Dim(name, min=0, max=2**31 - 1) for name in counts}
    axes = [{0: sizes[AXES.get(name, "atoms")]} for name in names]
    program = _Program(model).to(device)
    with InTorch():  # tables that are made once must not be made of a tracer's tensors
        program(*_example(charged, device, atoms=2, edges=2, systems=1, ranks=1, pairs=1, waves=1))
    with tracing.patch(backed_size_oblivious=True):  # 0 and 1 as any size  # pyright: ignore[reportAttributeAccessIssue]
        flat = make_fx(program, tracing_mode="symbolic", _allow_non_fake_inputs=True)(*example)
        return torch.export.export(flat, example, dynamic_shapes=axes, strict=False)


class _Program(nn.Module):
    """Plain tensors in, energy and its derivatives out."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = copy.deepcopy(model).requires_grad_(False)
        self.model.encoder.species = _SpeciesTable(self.model.encoder.species.table)  # pyright: ignore[reportAttributeAccessIssue]

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        given = dict(zip(input_names(self.model), tensors, strict=True))
        fields: dict[str, Any] = {name: given[name] for name in INPUTS}
        if self.model.longrange is not None:
            fields["charge"] = given["charge"]
            self.model.longrange.sums = Listing(given["pairs"], given["waves"], given["periodic"]).energies
        graph = Graph(
            **fields,
            pbc=torch.ones_like(fields["cell"][:, 0], dtype=torch.bool),  # the edges say it; nobody reads it
            n_systems=fields["cell"].shape[0],
            max_degree=given["ranks"].shape[0],
            cutoff=self.model.cutoff,
        )
        results = differentiate(self._atom_energies, graph, OUTPUTS)
        return tuple(results[name] for name in OUTPUTS)

    def _atom_energies(self, graph: Graph) -> Float[Tensor, " atoms"]:
        known = self.model.encoder.species(graph.numbers) >= 0
        return self.model.atom_energies(graph) * torch.where(known, 1.0, torch.nan)


def input_names(model: Model) -> tuple[str, ...]:
    """What goes into the program, in order."""
    return (*INPUTS, "ranks", *(CHARGED_INPUTS if model.longrange is not None else ()))


class _SpeciesTable(nn.Module):
    """Index of each atom's species, −1 for an unknown one: a program cannot raise."""

    def __init__(self, table: Int64[Tensor, " numbers"]) -> None:
        super().__init__()
        self.register_buffer("table", table)

    table: Tensor

    def forward(self, numbers: Int64[Tensor, " atoms"]) -> Int64[Tensor, " atoms"]:
        return self.table[numbers]


def _example(
    charged: bool, device: torch.device, pairs: int = 0, waves: int = 0, **sizes: int
) -> tuple[Tensor, ...]:
    """Inputs of these sizes that mean nothing."""
    graph = _graph(**sizes)
    inputs = inputs_of(graph)
    if charged:
        ends = torch.stack([torch.zeros(pairs, dtype=torch.int64), torch.ones(pairs, dtype=torch.int64)], 1)
        one = graph.positions.new_ones(graph.n_systems)
        inputs += [0.0 * one, ends, graph.positions.new_ones(waves, 3), one]
    return tuple(tensor.to(device) for tensor in inputs)


def _graph(atoms: int, edges: int, systems: int, ranks: int) -> Graph:
    """A graph of these sizes that means nothing."""
    receiver = torch.arange(edges) * atoms // edges
    return Graph(
        numbers=torch.ones(atoms, dtype=torch.int64),
        positions=torch.rand(atoms, 3, dtype=torch.float64),
        cell=torch.eye(3, dtype=torch.float64).repeat(systems, 1, 1),
        pbc=torch.ones(systems, 3, dtype=torch.bool),
        batch=torch.arange(atoms) * systems // atoms,
        receiver=receiver,
        sender=receiver.flip(0),
        shift=torch.zeros(edges, 3, dtype=torch.float64),
        slot=torch.arange(edges),
        n_systems=systems,
        max_degree=ranks,
        cutoff=1.0,
    )


def _metadata(model: Model, facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "spec": model.spec.model_dump(mode="json"),
        "dtype": str(model.dtype).removeprefix("torch."),
        "device": str(model.device),
        "processor": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "inputs": list(input_names(model)),
        "outputs": list(OUTPUTS),
        "units": UNITS,
        "versions": {"intertwine": __version__, "torch": str(torch.__version__)},
        "model": dict(facts),
    }


def _compile(program: torch.export.ExportedProgram, path: Path, metadata: dict[str, Any]) -> None:
    from torch._inductor.exc import CppCompileError, InductorError

    settings = {"aot_inductor.metadata": {KEY: json.dumps(metadata)}}
    try:
        with warnings.catch_warnings():  # torch warns of parts of its own
            warnings.simplefilter("ignore")
            torch._inductor.aoti_compile_and_package(
                program, package_path=str(path), inductor_configs=settings
            )
    except (CppCompileError, InductorError) as error:
        reason = next((line for line in str(error).splitlines() if "rror" in line), str(error))
        raise IntertwineError(f"PyTorch could not compile the program: {reason[:300]}") from error


def _require_compiler() -> None:
    from torch._inductor.cpp_builder import get_cpp_compiler
    from torch._inductor.exc import InvalidCxxCompiler

    try:
        get_cpp_compiler()
    except InvalidCxxCompiler:
        raise InputError(
            "export needs a C++ compiler and finds none", fix="install g++, or name one in the variable CXX"
        ) from None
