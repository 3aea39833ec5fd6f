"""Scores, baselines, folds and settings of the benchmark on tensors of crystals."""

import importlib
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intertwine.data import LABELS, Structure
from intertwine.groups import POINT_GROUPS, CartesianTensor, PointGroup, get_group, random_rotation

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "data"))
crystal_data = importlib.import_module("benchmarks.tensors.crystal_data")
baselines = importlib.import_module("benchmarks.tensors.crystal_baselines")
scores = importlib.import_module("benchmarks.tensors.crystal_scores")
standard = importlib.import_module("benchmarks.tensors.settings")

generators = st.integers(0, 2**32 - 1).map(np.random.default_rng)
quantities = st.sampled_from(list(crystal_data.SETS))


def drawn(quantity: str, rng: np.random.Generator, count: int = 5) -> np.ndarray:
    """Random tensors; stable where they are stiffnesses, above 1 where permittivities."""
    space = LABELS[quantity].tensor
    tensors = space.tensor(rng.standard_normal((count, space.dim)))
    one = np.eye(3)
    stiff = np.einsum("ik,jl->ijkl", one, one) + np.einsum("il,jk->ijkl", one, one)
    return tensors + {"elastic": 30 * stiff, "dielectric": 9 * one, "piezoelectric": 0.0}[quantity]


def turned(quantity: str, tensors: np.ndarray, R: np.ndarray) -> np.ndarray:
    space = LABELS[quantity].tensor
    return space.tensor(space.flatten(tensors) @ space.matrix(R).T)


def crystal(quantity: str, tensor: np.ndarray, group: PointGroup, formula: str = "NaCl", z: int = 11):
    structure = Structure([z, 17], [[0, 0, 0], [0, 0, 2.8]], 4 * np.eye(3), True, labels={quantity: tensor})
    return crystal_data.Crystal("mp", formula, structure, group, 0.0)


@given(quantities, generators)
@settings(max_examples=30)
def test_frame_free_scores_are_those_of_turned_crystals(quantity, rng):
    truth, predicted = drawn(quantity, rng), drawn(quantity, rng)
    R = random_rotation(rng)
    before = scores.component_scores(quantity, truth, predicted)
    after = scores.component_scores(quantity, turned(quantity, truth, R), turned(quantity, predicted, R))
    assert after["r2"] == pytest.approx(before["r2"])
    for degree, figures in before["by_degree"].items():
        assert after["by_degree"][degree] == pytest.approx(figures)


@given(quantities, generators)
@settings(max_examples=20)
def test_the_truth_scores_best_and_the_mean_scores_zero(quantity, rng):
    truth = drawn(quantity, rng)
    perfect = scores.component_scores(quantity, truth, truth)
    assert (perfect["mae"], perfect["rmse"], perfect["r2"]) == (0.0, 0.0, 1.0)
    same = [crystal(quantity, tensor, get_group("1")) for tensor in truth]
    mean = baselines.isotropic_mean(quantity, same)(same)
    assert scores.component_scores(quantity, truth, mean)["r2"] == pytest.approx(0.0, abs=1e-12)


@given(generators)
def test_moduli_and_means_of_the_truth_are_exact(rng):
    elastic = scores.elastic_scores(*[drawn("elastic", rng)] * 2)
    assert elastic["unstable"] == 0
    assert max(elastic["bulk"]["mae_log10"], elastic["shear"]["mae"]) < 1e-12
    permittivity = drawn("dielectric", rng)
    assert scores.dielectric_scores(permittivity, permittivity)["mean"]["mae"] < 1e-12
    assert scores.elastic_scores(drawn("elastic", rng), -drawn("elastic", rng))["unstable"] == 5


@given(st.sampled_from(list(POINT_GROUPS)), quantities, generators)
@settings(max_examples=30)
def test_the_mean_of_a_class_is_found_in_whatever_orientation_its_crystals_lie(name, quantity, rng):
    """Crystals that are the same but for a rotation are predicted exactly, and nothing forbidden with it."""
    space, here = LABELS[quantity].tensor, get_group(name)
    one = space.matrix(here.elements).mean(axis=0) @ space.flatten(drawn(quantity, rng, 1)[0])
    rotations = [random_rotation(rng) for _ in range(3)]
    known = [crystal(quantity, turned(quantity, space.tensor(one), R), get_group(name, R)) for R in rotations]
    predicted = baselines.class_mean(quantity, known[:2])(known)
    truth = np.array([c.tensor(quantity) for c in known])
    assert np.allclose(predicted, truth, atol=1e-9)
    if np.abs(one).max() > 1e-12:  # else everything is forbidden
        assert scores.forbidden_share(quantity, predicted, [c.group for c in known]) < 1e-12
    other = crystal(quantity, drawn(quantity, rng, 1)[0], get_group("1"))
    isotropic = baselines.isotropic_mean(quantity, known)([other])
    assert np.allclose(baselines.class_mean(quantity, known[:2])([other]), isotropic) or name == "C1"


def test_the_line_through_composition_finds_a_law_of_mixtures():
    """K doubles and G stays where sodium is replaced by potassium: the line says so of another crystal."""
    group = get_group("m-3m")

    def stiffness(bulk: float) -> np.ndarray:
        return baselines._isotropic("elastic", np.array([[bulk, 20.0]]))[0]

    known = [
        crystal("elastic", stiffness(30.0), group),
        crystal("elastic", stiffness(60.0), group, "KCl", 19),
    ]
    known = known * 50
    found = scores.moduli(baselines.composition_line("elastic", known)(known[:2]))
    assert found.bulk == pytest.approx([30.0, 60.0], rel=0.03)
    assert found.shear == pytest.approx([20.0, 20.0], rel=1e-9)


@given(st.lists(st.sampled_from("ABCDEFGHIJ"), min_size=5, max_size=40), st.integers(0, 5))
def test_no_formula_is_in_two_folds(formulas, seed):
    crystals = [crystal("dielectric", np.eye(3), get_group("1"), formula) for formula in formulas]
    parts = crystal_data.folds(crystals, seed)
    assert sorted(number for part in parts for number in part) == list(range(len(crystals)))
    inside = [{crystals[number].formula for number in part} for part in parts]
    assert sum(map(len, inside)) == len(set(formulas))
    assert parts == crystal_data.folds(crystals, seed)


@given(st.sampled_from(list(POINT_GROUPS)), generators)
@settings(max_examples=30)
def test_settings_carry_a_class_to_itself_and_leave_norms_alone(name, rng):
    group = get_group(name, random_rotation(rng))
    choices = standard.settings(group)
    for h in choices:
        moved = h @ group.elements @ h.T
        assert np.all(np.abs(moved[:, None] - group.elements).max(axis=(2, 3)).min(axis=1) < 1e-9)
    truth = drawn("piezoelectric", rng, 1)
    h = choices[rng.integers(len(choices))]
    other = turned("piezoelectric", truth, h)
    for degree, norm in standard.norms(truth).items():
        assert standard.norms(other)[degree] == pytest.approx(norm)
    space = CartesianTensor("ijk=ikj")
    mean = space.matrix(group.elements).mean(axis=0)
    allowed = space.tensor(space.flatten(drawn("piezoelectric", rng, 3)) @ mean.T)
    found = standard.piezoelectric_scores(allowed, turned("piezoelectric", allowed, h), [group] * 3)
    assert found["rmse"] < 1e-12


def test_zinc_blende_has_two_settings_that_differ_in_sign():
    group = get_group("-43m")
    e = CartesianTensor("ijk=ikj").tensor(np.eye(18)[3] + np.eye(18)[10] + np.eye(18)[17])[None]
    assert len(standard.settings(group)) == 2
    assert np.allclose(standard.aligned("piezoelectric", e, -0.5 * e, [group]), -e)


@pytest.mark.skipif("INTERTWINE_DATA" not in os.environ, reason="INTERTWINE_DATA names no folder of data")
def test_public_crystals_are_read_in_the_frame_of_their_tensors(monkeypatch):
    monkeypatch.setattr(crystal_data, "FORMULAS", 1)
    whole = crystal_data._entries
    monkeypatch.setattr(crystal_data, "_entries", lambda name: whole(name)[:40])
    for quantity, read in crystal_data.SETS.items():
        found = read()
        assert len(found.crystals) >= 38, found.counts()
        assert np.median([c.noise for c in found.crystals]) < 1e-3
        assert found.tensors().shape[1:] == (3,) * LABELS[quantity].rank
        assert all(c.structure.pbc.all() for c in found.crystals)
        json.dumps(dict(found.left_out))
