"""Any nested state comes back to the last bit; no file holds a pickle; damaged files say so."""

import math
import pickletools
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from intertwine.errors import InputError
from intertwine.train import checkpoint
from intertwine.train.checkpoint import load_state, save_state

DTYPES = [torch.float64, torch.float32, torch.bfloat16, torch.float16, torch.int64, torch.uint8, torch.bool]

shapes = st.lists(st.integers(0, 3), max_size=3).map(tuple)


@st.composite
def tensors(draw: st.DrawFn) -> torch.Tensor:
    shape = draw(shapes)
    values = torch.tensor(np.random.default_rng(draw(st.integers(0, 99))).normal(size=shape) * 3)
    tensor = values.to(draw(st.sampled_from(DTYPES)))
    return tensor.T if tensor.ndim == 2 and draw(st.booleans()) else tensor


arrays = hnp.arrays(st.sampled_from([np.float64, np.float32, np.int64, np.int8, np.bool_]), shapes)
numbers = st.floats(allow_nan=False).map(np.float64) | st.integers(-(2**60), 2**60).map(np.int64)
plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=8)
keys = st.text(max_size=5) | st.integers() | st.booleans() | st.none()
leaves = plain | tensors() | arrays | numbers
states = st.recursive(
    leaves,
    lambda inner: (
        st.dictionaries(keys, inner, max_size=4)
        | st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
    ),
    max_leaves=12,
)


def identical(one: object, other: object) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(identical(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(identical(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and one.shape == other.shape and torch.equal(one, other)
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    return one == other or (isinstance(one, float) and math.isnan(one) and math.isnan(other))


@settings(max_examples=150)
@given(st.dictionaries(st.text(max_size=5), states, max_size=4))
def test_any_nested_state_comes_back(tmp_path_factory: pytest.TempPathFactory, state: dict) -> None:
    path = tmp_path_factory.getbasetemp() / "state.safetensors"
    save_state(state, path)
    assert identical(load_state(path), state)
    assert not unpickles(path)


def unpickles(path: Path) -> bool:
    """Whether a file is, or hides, a pickle: by itself, or inside a zip archive as PyTorch writes it."""
    content = path.read_bytes()
    if content.startswith(b"PK"):
        return True
    try:
        return len(list(pickletools.genops(content))) > 1
    except Exception:
        return False


def test_the_search_for_pickles_finds_them(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(2)}, tmp_path / "new")
    torch.save({"a": torch.zeros(2)}, tmp_path / "old", _use_new_zipfile_serialization=False)
    assert unpickles(tmp_path / "new")
    assert unpickles(tmp_path / "old")


def test_tensors_that_share_memory_come_back_both(tmp_path: Path) -> None:
    base = torch.arange(6.0)
    state = {"whole": base, "part": base[2:4], "again": base}
    assert identical(load_state(save_state(state, tmp_path / "s")), state)


@pytest.mark.parametrize(
    ("state", "place"),
    [
        ({"fit": {"loader": object()}}, "state.fit.loader"),
        ({"rows": [1, {2}]}, r"state.rows\[1\]"),
        ({"a": {(1, 2): 3}}, "state.a"),
        ({"a": np.array(["x"])}, "state.a"),
        ({"a": torch.zeros(2, dtype=torch.complex128)}, "state.a"),
    ],
)
def test_what_is_no_plain_value_is_refused_and_nothing_is_written(
    tmp_path: Path, state: dict, place: str
) -> None:
    with pytest.raises(TypeError, match=place):
        save_state(state, tmp_path / "state")
    assert not list(tmp_path.iterdir())


def test_a_state_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = save_state({"step": 1}, tmp_path / "state")
    with pytest.raises(TypeError):
        save_state({"step": object()}, path)
    assert load_state(path) == {"step": 1}
    assert [entry.name for entry in tmp_path.iterdir()] == ["state"]


@settings(max_examples=60)
@given(st.floats(0.0, 1.0, exclude_max=True))
def test_a_truncated_file_is_one_clear_line(tmp_path_factory: pytest.TempPathFactory, part: float) -> None:
    folder = tmp_path_factory.getbasetemp()
    whole = save_state({"a": torch.randn(5), "b": [1, 2.5]}, folder / "whole").read_bytes()
    (folder / "cut").write_bytes(whole[: int(part * len(whole))])
    with pytest.raises(InputError, match="cut' is damaged") as error:
        load_state(folder / "cut")
    assert "\n" not in str(error.value)


def test_a_missing_or_foreign_file_is_refused(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    with pytest.raises(InputError, match="no training state"):
        load_state(tmp_path / "nothing")
    save_file({"a": torch.zeros(1)}, tmp_path / "foreign")
    with pytest.raises(InputError, match="not the state of a training"):
        load_state(tmp_path / "foreign")


def test_old_states_are_walked_up_and_newer_ones_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save_state({"rate": 0.1}, tmp_path / "state")
    monkeypatch.setattr(checkpoint, "VERSION", 3)
    steps = {1: lambda s: {"learning_rate": s["rate"]}, 2: lambda s: s | {"clip": None}}
    monkeypatch.setattr(checkpoint, "UPGRADES", steps)
    assert load_state(path) == {"learning_rate": 0.1, "clip": None}
    save_state({}, tmp_path / "newer")
    monkeypatch.setattr(checkpoint, "VERSION", 2)
    with pytest.raises(InputError, match="version 3; accepted: up to 2; do: upgrade"):
        load_state(tmp_path / "newer")
