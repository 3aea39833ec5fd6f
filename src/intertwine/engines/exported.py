"""Running a compiled package: what is in the file, and the potential that it holds."""

import json
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from intertwine.electrostatics import Listing, LongRangeSpec
from intertwine.encoders.species import SpeciesIndex
from intertwine.errors import InputError
from intertwine.graph import Graph
from intertwine.observables import OUTPUTS
from intertwine.observables.longrange import total_charge
from intertwine.typing import PathLike

FORMAT = "intertwine potential"
VERSION = 2
KEY = "intertwine"
"""Under this name the metadata stand in the package, one JSON text."""

INPUTS = ("numbers", "positions", "cell", "batch", "receiver", "sender", "shift", "slot")
"""Fields of a `Graph` that the compiled program reads, in order; after them come `ranks`."""

CHARGED_INPUTS = ("charge", "pairs", "waves", "periodic")
"""What follows the `ranks` where atoms have charges: of the systems, e, and a `Listing`."""

CAPABILITIES = ("DEFAULT", "AVX2", "AVX512")
"""Instruction sets of x86 processors by what PyTorch calls them, each part of the next."""


class ExportedPotential:
    """A potential compiled ahead of time; made by `load_exported`.

    It is called as the `Model` it was made of, and gives the same: energy, its derivatives, one clear line
    for an element that it does not know. What needs the weights (Hessian, uncertainty) it cannot do.

    Attributes:
        metadata: what the file says of itself, see `read_metadata`.
    """

    def __init__(self, package: Any, metadata: Mapping[str, Any]) -> None:
        self.metadata = metadata
        self._run = package.loader.boxed_run
        spec = metadata["spec"].get("longrange")
        self._longrange = None if spec is None else LongRangeSpec.model_validate(spec)
        self._check_species = SpeciesIndex(self.species).to(self.device)

    @property
    def cutoff(self) -> float:
        """Radius of the neighbour list, Å."""
        return self.metadata["spec"]["encoder"]["cutoff"]

    @property
    def species(self) -> tuple[int, ...]:
        """Atomic numbers the potential knows."""
        return tuple(self.metadata["spec"]["encoder"]["species"])

    @property
    def outputs(self) -> tuple[str, ...]:
        """Everything that it computes; tensors read by heads are not exported."""
        return OUTPUTS

    @property
    def dtype(self) -> torch.dtype:
        """Precision of the weights; geometry and energy sums are float64 whatever it is."""
        return getattr(torch, self.metadata["dtype"])

    @property
    def device(self) -> torch.device:
        """Where the program runs; it was compiled for nothing else."""
        return torch.device(self.metadata["device"])

    def __call__(
        self, graph: Graph, outputs: Collection[str] = ("energy", "forces"), create_graph: bool = False
    ) -> dict[str, Tensor]:
        """Evaluate the outputs asked for, as `Model.forward` does; all are computed whatever is asked.

        Args:
            graph: one system or a batch, on the device of the potential.
            outputs: any of energy (eV, `(systems,)`), energies (eV, `(atoms,)`), forces (eV/Å, `(atoms, 3)`),
                stress (eV/Å³, tensile positive, `(systems, 3, 3)`), virial (eV, `(systems, 3, 3)`).
            create_graph: must be False; a compiled program has no derivatives beyond those it returns.

        Raises:
            InputError: an output that does not exist, an unknown element, derivatives of the results; of a
                model with charges a slab, a wire or several crystals at once.
        """
        for name in outputs:
            if name not in OUTPUTS:
                raise InputError(f"unknown output '{name}'", accepted=", ".join(OUTPUTS))
        if create_graph:
            raise needs_the_model("derivatives of its results")
        self._check_species(graph.numbers)
        inputs = inputs_of(graph, self._longrange)
        results: dict[str, Tensor] = dict(zip(OUTPUTS, self._run(inputs), strict=True))
        return {name: results[name] for name in outputs}


def load_exported(path: PathLike) -> ExportedPotential:
    """Load a package written by `intertwine export`.

    **Loading runs compiled code from the file.** Unlike a `.safetensors` model, a package from a stranger can
    do whatever a program can. Its metadata are read first, without running anything, and a file that does not
    call itself ours is refused; but that is a label, no proof of where it comes from. Nothing is unpickled.

    Raises:
        InputError: the file is missing, is no package of ours, or was compiled for another version of
            Intertwine or PyTorch, another device or a processor with more instructions than this one has.
    """
    metadata = read_metadata(path)
    _check_machine(Path(path), metadata)
    try:
        package = torch._inductor.aoti_load_package(str(path))
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"the code in '{path}' cannot be loaded", got=reason, fix="export it again"
        ) from error
    return ExportedPotential(package, metadata)


def read_metadata(path: PathLike) -> dict[str, Any]:
    """What a package says of itself; plain JSON out of a zip file, nothing of it is run.

    Keys: format, version, spec (as in the model file: species, cutoff in Å, sizes), dtype, device,
    processor, threads, inputs, outputs, units, versions, model (hash of the weights, where they come from,
    verdict of the certificate).

    Raises:
        InputError: the file is missing, no zip file, no package of ours, or from a newer version.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"no exported potential at '{path}'", accepted="a .pt2 file of intertwine export")
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith("wrapper_metadata.json")]
            metadata = json.loads(json.loads(archive.read(names[0]))[KEY])
        ours, version = metadata["format"] == FORMAT, int(metadata["version"])
    except (zipfile.BadZipFile, ValueError, KeyError, IndexError, TypeError) as error:
        raise _foreign(path) from error
    if not ours:
        raise _foreign(path)
    if version > VERSION:
        raise InputError(
            f"'{path}' is of version {version}", accepted=f"up to {VERSION}", fix="upgrade intertwine"
        )
    return metadata


def inputs_of(graph: Graph, longrange: LongRangeSpec | None = None) -> list[Tensor]:
    """The tensors that the compiled program takes, contiguous and in order; what a C++ program hands over.

    Args:
        graph: one system or a batch.
        longrange: of the model, where its atoms have charges.

    >>> from intertwine.data import Structure
    >>> from intertwine.graph import build_graph
    >>> pair = build_graph(Structure([1, 1], [[0, 0, 0], [0, 0, 1]]), cutoff=3.0)
    >>> [tuple(tensor.shape) for tensor in inputs_of(pair)]
    [(2,), (2, 3), (1, 3, 3), (2,), (2,), (2,), (2, 3), (2,), (1,)]
    """
    ranks = torch.arange(graph.max_degree, device=graph.positions.device)
    inputs = [*(getattr(graph, name).detach().contiguous() for name in INPUTS), ranks]
    if longrange is None:
        return inputs
    listing = Listing.of(graph, longrange)
    return [*inputs, total_charge(graph), listing.pairs, listing.waves, listing.periodic]


def _check_machine(path: Path, metadata: Mapping[str, Any]) -> None:
    """Refuse code that this PyTorch or this processor cannot run."""
    compiled, here = metadata["versions"]["torch"], torch.__version__
    if compiled.split(".")[:2] != here.split(".")[:2]:
        what = f"'{path}' was compiled with another PyTorch"
        raise InputError(what, got=compiled, accepted=here, fix="export the model again")
    wanted, present = metadata["processor"], torch.backends.cpu.get_cpu_capability()
    able = CAPABILITIES[: CAPABILITIES.index(present) + 1] if present in CAPABILITIES else (present,)
    if wanted not in able:
        what = f"'{path}' was compiled for another processor"
        raise InputError(what, got=wanted, accepted=", ".join(able), fix="export the model on this machine")


def _foreign(path: Path) -> InputError:
    return InputError(
        f"'{path}' is not a potential exported by Intertwine",
        accepted="a .pt2 file of intertwine export",
        fix="intertwine export MODEL",
    )


def needs_the_model(what: str) -> InputError:
    """What is said to whom asks a compiled program for what only a model can give."""
    return InputError(
        f"an exported potential gives no {what}",
        accepted=", ".join(OUTPUTS),
        fix="load the .safetensors file it was exported from",
    )
