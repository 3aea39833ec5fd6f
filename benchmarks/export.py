"""What does a compiled package cost to make, and to run beside the model it was made of?

    python -m benchmarks.export [--preset medium]

A model of a preset with random weights, float32, one thread. Energy, forces and virial of one molecule, of a
batch of molecules and of a dense crystal, CPU milliseconds of the fastest evaluation of each, in turns: the
package, the model with its compiled kernels, the model in operations of torch.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"

import argparse
import tempfile
from pathlib import Path

import numpy as np
import torch
from benchmarks.record import machine
from benchmarks.sphere_product import in_turns
from rich.console import Console

from intertwine.apps.export import verified_export
from intertwine.encoders.body_ordered import BodyOrderedSpec
from intertwine.engines import load_exported
from intertwine.engines.export import InTorch
from intertwine.graph import Graph, build_graph, collate
from intertwine.observables import Model, ModelSpec
from intertwine.testing import molecule, periodic_system
from intertwine.train.config import PRESETS

SPECIES = (1, 6, 8)
OUTPUTS = ("energy", "forces", "virial")


def systems(cutoff: float) -> dict[str, Graph]:
    rng = np.random.default_rng(0)
    one = [build_graph(molecule(SPECIES, 15, cutoff, rng), cutoff) for _ in range(27)]
    crystal = periodic_system(SPECIES, 100, (True, True, True), cutoff, rng)
    return {
        "molecule": one[0],
        "27 molecules": collate(one),
        "crystal": build_graph(crystal, cutoff),
    }


def main() -> None:
    options = argparse.ArgumentParser(description="cost of a compiled package")
    options.add_argument("--preset", choices=PRESETS, default="medium")
    preset = options.parse_args().preset
    torch.set_num_threads(1)
    torch.manual_seed(0)
    encoder = BodyOrderedSpec(species=SPECIES, **PRESETS[preset])  # pyright: ignore[reportArgumentType]
    model = Model(ModelSpec(encoder=encoder, reference_energies=dict.fromkeys(SPECIES, 0.0))).eval()
    model.requires_grad_(False)
    here = machine()
    print(f"{here['processor']}, torch {here['torch']}, one thread, preset {preset}, float32; CPU ms")
    with tempfile.TemporaryDirectory() as folder:
        package = verified_export(model, Path(folder) / "model.pt2")
        Console().print(package.table())
        compiled = load_exported(package.path)
    print(f"{'':14}{'atoms':>7}{'edges':>8}{'package':>10}{'kernels':>10}{'torch':>10}")
    for name, graph in systems(model.cutoff).items():

        def in_torch(graph: Graph = graph) -> object:
            with InTorch():
                return model(graph, OUTPUTS)

        runs = [lambda g=graph: compiled(g, OUTPUTS), lambda g=graph: model(g, OUTPUTS), in_torch]
        times = "".join(f"{1e3 * seconds:10.2f}" for seconds in in_turns(runs))
        print(f"{name:14}{graph.n_atoms:7d}{graph.n_edges:8d}{times}")


if __name__ == "__main__":
    main()
