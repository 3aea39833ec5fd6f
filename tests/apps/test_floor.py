"""What a call must cost, counted from the sizes of the model, beside what torch counts."""

import importlib

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from intertwine.data import Structure
from intertwine.encoders.body_ordered import BodyOrderedSpec
from intertwine.graph import build_graph
from intertwine.observables import Model, ModelSpec
from intertwine.ops.native import usable
from intertwine.train.config import PRESETS

floor = importlib.import_module("benchmarks.floor")


class Counter(TorchDispatchMode):
    """Adds up what torch knows of the operations in its matrix products."""

    operations = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        if func.overloadpacket in flop_registry:
            self.operations += flop_registry[func.overloadpacket](*args, **(kwargs or {}), out_val=out)
        return out


@pytest.mark.parametrize("preset", PRESETS)
def test_torch_counts_about_as_many_operations(preset: str) -> None:
    """Of matrix products alone; on the symmetric grid the kernel does half of what torch does."""
    atoms = floor.systems()["15 atoms"]
    spec = BodyOrderedSpec(species=(1, 6, 8), cutoff=5.0, neighbours=20.0, **PRESETS[preset])
    model = Model(ModelSpec(encoder=spec, reference_energies=dict.fromkeys(spec.species, 0.0)))
    graph = build_graph(Structure.from_ase(atoms), spec.cutoff)
    with Counter() as counter:
        model(graph, ("energy", "forces"), create_graph=True)
    ours = graph.n_atoms * floor.per_atom(spec).operations + graph.n_edges * floor.per_edge(spec).operations
    assert 0.5 * counter.operations < ours < 1.5 * counter.operations


@pytest.mark.skipif(not usable(torch.zeros(1)), reason="the kernels were not built")
def test_the_table_states_floor_and_measurement(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr(floor, "SECONDS", 0.05)
    monkeypatch.setattr("sys.argv", ["floor", "--preset", "small"])
    floor.main()
    rows = [
        line.split() for line in capsys.readouterr().out.splitlines() if line.split()[:1] in (["15"], ["108"])
    ]
    assert len(rows) == 2
    assert all(float(row[-3]) > 0 and float(row[-2]) > 0 for row in rows)
