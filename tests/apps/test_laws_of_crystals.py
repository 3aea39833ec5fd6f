"""A constitutive law is objective, as symmetric as its group, and finds what its labels were made of."""

from pathlib import Path

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm

from intertwine.apps.crystal import (
    ConstitutiveLaw,
    LawSpec,
    StrainLabels,
    StrainPlan,
    elastic_constants,
    fit_law,
    label_strains,
    load_law,
    read_strains,
    save_law,
    suspects,
    write_strains,
)
from intertwine.apps.crystal.cauchy_born import deformations
from intertwine.apps.crystal.fitting import errors
from intertwine.cli.main import main
from intertwine.errors import InputError
from intertwine.groups import POINT_GROUPS, CartesianTensor, get_group, invariants, random_rotation
from intertwine.groups.index_symmetry import VOIGT_PAIRS

GPA = 160.21766208
SEEDS = st.integers(0, 2**32 - 1)
CONSTRUCTIONS = ("orbit", "average", "polyconvex")


def random_law(seed: int, **values: object) -> ConstitutiveLaw:
    torch.manual_seed(seed)
    values.setdefault("expansion", 0 if values.get("construction") == "polyconvex" else 3)
    law = ConstitutiveLaw(LawSpec.model_validate({"width": 4, "invariants": 3} | values)).double()
    with torch.no_grad():
        law.coefficients.normal_()
    return law.requires_grad_(False)


def strained(seed: int, count: int = 5) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    turns = np.stack([random_rotation(rng) for _ in range(count)])
    return torch.from_numpy(turns @ deformations(count, 0.3, rng))


@pytest.fixture(scope="module")
def copper() -> StrainLabels:
    return label_strains(bulk("Cu"), EMT(), StrainPlan(count=90, amplitude=0.05))[0]


@pytest.fixture(scope="module")
def ordered() -> StrainLabels:
    """Of L1₀ CuAu: tetragonal on a lattice that is nearly cubic."""
    cell = Atoms("AuCu", scaled_positions=[[0, 0, 0], [0.5, 0.5, 0.5]], cell=[2.75, 2.75, 3.8], pbc=True)
    return label_strains(cell, EMT(), StrainPlan(count=80, amplitude=0.05))[0]


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(sorted(POINT_GROUPS)), st.sampled_from(CONSTRUCTIONS), st.booleans(), SEEDS)
def test_every_element_and_every_rotation_leaves_the_energy(name: str, kind: str, growth: bool, seed: int):
    turn = random_rotation(np.random.default_rng(seed))
    law = random_law(seed, group=name, construction=kind, growth=growth, orientation=turn.tolist())
    F = strained(seed)
    W, P = law.stress(F)
    scale = W.abs().max() + P.abs().max()
    for Q in torch.from_numpy(law.spec.point_group.elements):
        W_turned, P_turned = law.stress(F @ Q)
        assert (W_turned - W).abs().max() < 1e-12 * scale
        assert (P_turned - P @ Q).abs().max() < 1e-12 * scale
    R = torch.from_numpy(random_rotation(np.random.default_rng([seed, 1])))
    assert (law(R @ F) - W).abs().max() < 1e-12 * scale


@pytest.mark.parametrize("kind", CONSTRUCTIONS)
def test_some_element_outside_the_group_changes_it(kind: str):
    law, F = random_law(3, group="4/mmm", construction=kind), strained(3)
    Q = torch.from_numpy(get_group("m-3m").subgroup("C3").elements[1])
    assert (law(F @ Q) - law(F)).abs().max() > 1e-3 * law(F).abs().max()


@pytest.mark.parametrize("kind", CONSTRUCTIONS)
def test_the_undeformed_cubic_crystal_has_neither_energy_nor_stress(kind: str):
    law = random_law(1, group="m-3m", construction=kind, growth=True)
    W, P = law.stress(torch.eye(3).double())
    assert abs(W) < 1e-15
    assert P.abs().max() < 1e-14


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(CONSTRUCTIONS), st.booleans(), st.sampled_from((0, 2, 4)), SEEDS)
def test_stress_and_tangent_are_derivatives(kind: str, growth: bool, degree: int, seed: int):
    law = random_law(seed, group="3", construction=kind, growth=growth, expansion=degree)
    F = strained(seed, 2)
    P, A = law.tangent(F)
    step = 1e-5 * torch.from_numpy(np.random.default_rng(seed).normal(size=(3, 3)))
    slope = (law(F + step) - law(F - step)) / 2
    torch.testing.assert_close((P * step).sum((1, 2)), slope, rtol=1e-6, atol=1e-12 * float(P.abs().max()))
    change = (law.stress(F + step)[1] - law.stress(F - step)[1]) / 2
    torch.testing.assert_close(
        torch.einsum("nijkl,kl->nij", A, step), change, rtol=1e-5, atol=1e-10 * float(A.abs().max())
    )


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(("m-3m", "23", "6/mmm", "-1")), SEEDS)
def test_a_polyconvex_law_is_convex_along_every_dyad(name: str, seed: int):
    law, F = random_law(seed, group=name, construction="polyconvex", growth=True), strained(seed)
    a, b = np.random.default_rng(seed).normal(size=(2, len(F), 3))
    _, A = law.tangent(F)
    curvature = torch.einsum("nijkl,ni,nj,nk,nl->n", A, *(torch.from_numpy(x) for x in (a, b, a, b)))
    assert (curvature > -1e-10 * A.abs().max()).all()


def test_growth_holds_the_volume_away_from_zero():
    law = random_law(0, group="m-3m", growth=True)
    sizes = torch.tensor([1e-2, 1e-3, 1e-4], dtype=torch.float64)
    W = law(sizes[:, None, None] * torch.eye(3).double())
    assert (W.diff() > 0).all()
    assert W[-1] > 1e6 * law.spec.stress_scale * law.spec.strain_scale


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(sorted(POINT_GROUPS)), SEEDS)
def test_stiffness_has_exactly_the_components_that_the_group_allows(name: str, seed: int):
    law = random_law(seed, group=name)
    C = elastic_constants(law)
    tensor = np.zeros((3, 3, 3, 3))
    for I, J in np.ndindex(6, 6):
        for i, j in {VOIGT_PAIRS[I], VOIGT_PAIRS[I][::-1]}:
            for k, l in {VOIGT_PAIRS[J], VOIGT_PAIRS[J][::-1]}:
                tensor[i, j, k, l] = C[I, J]
    elastic = CartesianTensor("ijkl=jikl=klij", law.spec.point_group)
    allowed, found = invariants(elastic), elastic.flatten(tensor)
    np.testing.assert_allclose(allowed.T @ (allowed @ found), found, atol=1e-10 * np.abs(C).max())


def test_fifty_labels_of_copper_give_its_constants(copper: StrainLabels):
    law = fit_law(copper[:50], LawSpec(group="m-3m")).law
    C, third = GPA * elastic_constants(law), GPA * elastic_constants(law, 3)
    np.testing.assert_allclose([C[0, 0], C[0, 1], C[3, 3]], [172.6, 115.4, 89.9], rtol=0.01)
    assert max(abs(C[0, 3]), abs(C[0, 0] - C[2, 2]), abs(C[3, 4]), abs(C[4, 4] - C[5, 5])) < 1e-10
    assert errors(law, copper[50:]).relative < 0.005
    truth = third_order_of_copper()
    for (i, j, k), value in truth.items():
        assert third[i, j, k] == pytest.approx(value, rel=0.05)


def third_order_of_copper() -> dict[tuple[int, int, int], float]:
    """Second differences of the second Piola–Kirchhoff stress by Green's strain, GPa."""
    _, crystal = label_strains(bulk("Cu"), EMT(), StrainPlan(count=1, fmax=1e-6))
    volume, h = crystal.get_volume(), 2e-3

    def energy(strain: np.ndarray) -> float:
        E = np.zeros((3, 3))
        for eta, (i, j) in zip(strain, VOIGT_PAIRS, strict=True):
            E[i, j] = E[j, i] = eta if i == j else eta / 2
        moved = crystal.copy()
        moved.set_cell(crystal.cell[:] @ np.real(sqrtm(np.eye(3) + 2 * E)).T, scale_atoms=True)
        moved.calc = EMT()
        return GPA * moved.get_potential_energy() / volume

    one = h * np.eye(6)

    def slope(function, axis: int):
        return lambda x: (function(x + one[axis]) - function(x - one[axis])) / (2 * h)

    def third(i: int, j: int, k: int) -> float:
        return slope(slope(slope(energy, i), j), k)(np.zeros(6))

    return {index: third(*index) for index in ((0, 0, 0), (0, 0, 1), (0, 4, 4))}


def test_fitting_does_not_wear_the_symmetry(copper: StrainLabels):
    law = fit_law(copper[:20], LawSpec(group="m-3m"), iterations=30).law
    W, F = law(strained(5)), strained(5)
    for Q in torch.from_numpy(get_group("m-3m").elements):
        assert (law(F @ Q) - W).abs().max() < 1e-12 * W.abs().max()


def test_the_wrong_group_fails_and_is_told_by_its_elements(copper: StrainLabels, ordered: StrainLabels):
    cubic = get_group("m-3m")
    assert not any(suspect.violated for suspect in suspects(copper, cubic))
    told = {suspect.name for suspect in suspects(ordered, cubic) if suspect.violated}
    tetragonal = get_group("4/mmm")
    kept = {suspect.name for suspect in suspects(ordered, tetragonal)}
    assert told
    assert not told & kept
    assert told | kept == {suspect.name for suspect in suspects(ordered, cubic)}
    wrong, right = (
        errors(fit_law(ordered[:60], LawSpec(group=name), iterations=150).law, ordered[60:]).relative
        for name in ("m-3m", "4/mmm")
    )
    assert wrong > 10 * right


def test_labels_follow_the_atoms_inside_the_cell():
    diamond = bulk("Si", "diamond", a=3.0)
    diamond.set_chemical_symbols(["Cu", "Ag"])
    plan = StrainPlan(count=3, amplitude=0.02, relax_cell=True)
    clamped = StrainPlan(count=3, amplitude=0.02, relax_cell=True, relax_atoms=False)
    free, held = (label_strains(diamond, EMT(), p)[0] for p in (plan, clamped))
    np.testing.assert_array_equal(free.F, held.F)
    assert (free.W < held.W + 1e-9).all()


def test_files_give_back_what_went_in(copper: StrainLabels, tmp_path: Path):
    again = read_strains(write_strains(copper, tmp_path / "strains.txt"))
    np.testing.assert_array_equal(again.P, copper.P)
    law = random_law(0, group="-43m", growth=True)
    F = strained(0)
    torch.testing.assert_close(load_law(save_law(law, tmp_path / "a.safetensors"))(F), law(F), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no label"),
        ("1 0 0", "line 1 .* too short"),
        ("a b c", "line 1 .* no row of numbers"),
        (" ".join(["1 0 0 0 1 0 0 0 -1", "0 " * 10]), "label 0 .* inside out"),
        (" ".join(["1 0 0 0 1 0 0 0 nan", "0 " * 10]), "F of label 0 .* not finite"),
    ],
)
def test_bad_tables_are_refused_in_one_line(text: str, message: str, tmp_path: Path):
    (tmp_path / "bad.txt").write_text(text)
    with pytest.raises(InputError, match=message):
        read_strains(tmp_path / "bad.txt")


def test_the_command_line_walks_the_road(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    bulk("Cu").write("Cu.extxyz")
    assert main(["label-strain", "emt", "Cu.extxyz", "-n", "60", "--amplitude", "0.05"]) == 0
    assert main(["law", "strains.txt", "--crystal", "strains.extxyz", "--iterations", "60"]) == 0
    assert "group Oh" in capsys.readouterr().out
    assert (tmp_path / "law" / "law.html").read_text(encoding="utf-8").count("<svg") >= 5
    assert main(["law", "strains.txt"]) == 2
    assert "--group NAME or --crystal FILE" in capsys.readouterr().err
    assert main(["law", "strains.txt", "--group", "m-3x"]) == 2
