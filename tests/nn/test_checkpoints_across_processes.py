"""Weights saved in one process give the same numbers, bit for bit, in another."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch

from intertwine.groups import random_rotation
from intertwine.nn import EquivariantTransformer, Restriction, SchurLinear

PROGRAM = """
import sys, torch
sys.path.insert(0, {folder!r})
from {module} import build
torch.set_num_threads({threads})
saved = torch.load({path!r}, weights_only=True)
for name in saved:
    network = build(name)
    network.load_state_dict(saved[name]["weights"])
    saved[name]["y"] = network(saved[name]["x"]).detach()
torch.save({{name: case["y"] for name, case in saved.items()}}, {answer!r})
"""

NAMES = ("Oh", "D3", "C3", "SO(2)", "O(3)")


def build(name: str) -> torch.nn.Module:
    """A transformer on restricted harmonics, in a turned orientation where there is one to choose."""
    from intertwine.groups import Irreps, get_group

    turn = None if name == "O(3)" else random_rotation(np.random.default_rng(7))
    group = get_group(name, turn)
    door = Restriction(Irreps.spherical_harmonics(2), group)
    inner = EquivariantTransformer(
        group, door.irreps_out, door.irreps_out, 2, 1, channels=4, heads=2, layers=1
    )
    return torch.nn.Sequential(door, inner, SchurLinear(door.irreps_out, door.irreps_out, 1, 1)).double()


def test_weights_mean_the_same_in_another_process(tmp_path: Path) -> None:
    saved, expected = {}, {}
    for number, name in enumerate(NAMES):
        torch.manual_seed(number)
        network = build(name)
        x = torch.randn(2, 3, 9, 2, dtype=torch.float64)
        saved[name] = {"weights": network.state_dict(), "x": x}
        expected[name] = network(x).detach()
    torch.save(saved, tmp_path / "saved.pt")
    program = PROGRAM.format(
        folder=str(Path(__file__).parent),
        module=Path(__file__).stem,
        path=str(tmp_path / "saved.pt"),
        threads=torch.get_num_threads(),
        answer=str(tmp_path / "answer.pt"),
    )
    environment = {**os.environ, "PYTHONHASHSEED": "1"}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)
    answer = torch.load(tmp_path / "answer.pt", weights_only=True)
    for name in NAMES:
        torch.testing.assert_close(answer[name], expected[name], atol=0, rtol=0)
        assert expected[name].abs().max() > 1e-3
