"""A training in which elements share their tables: an ordinary model at the end, resumed to the last bit."""

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from copper import clusters, labelled, small_run
from finetuning import from_base
from safetensors.torch import load_file
from test_resume import assert_same_end, copies_of_every_state

from intertwine.errors import InputError
from intertwine.train import train


def alloys(count: int) -> list:
    """Tetrahedra of metals, rattled, with energy and forces."""
    rng = np.random.default_rng(0)
    corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) * 0.9
    names = ("CuAuAgNi", "PtPdAlCu", "AgAuPtPd", "NiAlCuAg")
    places = [corners + rng.normal(scale=0.08, size=(4, 3)) for _ in range(count)]
    return [labelled(Atoms(names[k % 4], positions=place)) for k, place in enumerate(places)]


def test_the_model_has_tables_as_any_other_and_resumes_to_the_last_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own_folder := tmp_path / "own").mkdir()
    config = small_run(tmp_path, alloys(12), elements="shared")
    with copies_of_every_state(tmp_path, monkeypatch) as copies:
        shared = train(config, quiet=True)
    for copy in copies[::3]:
        train(config.model_copy(update={"output": copy}), resume=True, quiet=True)
        assert_same_end(copy, config.output)
    own = train(small_run(own_folder, alloys(12)), quiet=True)
    assert load_file(shared.model_path).keys() == load_file(own.model_path).keys()
    assert shared.load_model().encoder.layers[0].orders.shape[0] == 7


def test_a_trained_model_has_nothing_left_to_share(base: Path, tmp_path: Path) -> None:
    config = from_base(base, tmp_path, clusters(7))
    settings = config.training.model_copy(update={"elements": "shared"})
    with pytest.raises(InputError, match=r"training\.elements = shared is for random weights; do: leave it"):
        train(config.model_copy(update={"training": settings}), quiet=True)
