"""A law inside a finite-element code: what patches, bars and Newton's method must do in any crystal."""

from functools import cache

import numpy as np
import pytest
import torch
from ase.build import bulk
from hypothesis import given, settings
from hypothesis import strategies as st

from intertwine.apps.crystal import (
    ConstitutiveLaw,
    LawSpec,
    StrainPlan,
    elastic_constants,
    fit_law,
    label_strains,
)
from intertwine.apps.crystal.equilibrium import LoadStep, solve
from intertwine.apps.crystal.finite_elements import Body
from intertwine.apps.elasticity import compliance, young_modulus
from intertwine.engines.oracles import oracle
from intertwine.errors import InputError, IntertwineError
from intertwine.groups import get_group, random_orthogonal
from intertwine.groups.voigt import from_voigt

skfem = pytest.importorskip("skfem", reason="scikit-fem is not installed (extra: elements)")
generators = st.integers(0, 2**32 - 1).map(np.random.default_rng)
few = settings(max_examples=3, deadline=None)


@cache
def copper() -> ConstitutiveLaw:
    """A small law of EMT's copper, strongly anisotropic."""
    labels, _ = label_strains(bulk("Cu"), oracle("emt"), StrainPlan(count=30, amplitude=0.06))
    spec = LawSpec(group="m-3m", width=4, invariants=4, expansion=3)
    return fit_law(labels, spec, iterations=40).law


def turned(rng: np.random.Generator) -> np.ndarray:
    """A proper rotation."""
    R = random_orthogonal(rng)
    return R * np.linalg.det(R)


def block(*counts: int) -> "skfem.MeshHex":
    """The unit cube."""
    return skfem.MeshHex.init_tensor(*(np.linspace(0, 1, count + 1) for count in counts))


def shaken(rng: np.random.Generator, kind: "type[skfem.Mesh]" = skfem.MeshHex) -> "skfem.Mesh":
    """A cube of 27 hexahedra, none of which is a box, or of tetrahedra."""
    mesh = kind.init_tensor(*[np.linspace(0, 1, 4)] * 3)
    inner = np.setdiff1d(np.arange(mesh.p.shape[1]), mesh.boundary_nodes())
    places = mesh.p.copy()
    places[:, inner] += 0.08 * rng.uniform(-1, 1, size=(3, len(inner)))
    return kind(places, mesh.t)


def affine(body: Body, F: np.ndarray) -> np.ndarray:
    """u = (F − 1) X at every node."""
    u = np.zeros(body.unknowns)
    u[body.basis.nodal_dofs] = (F - np.eye(3)) @ body.basis.mesh.p
    return u


@few
@given(generators, st.sampled_from((skfem.MeshHex, skfem.MeshTet)))
def test_a_patch_under_an_affine_boundary_deforms_as_one(
    rng: np.random.Generator, kind: "type[skfem.Mesh]"
) -> None:
    """P is the law's own, turned: P(F R) Rᵀ, at every point of a distorted mesh."""
    R, F = turned(rng), np.eye(3) + 0.015 * rng.uniform(-1, 1, size=(3, 3))
    body = Body(copper(), shaken(rng, kind), R)
    u, held = affine(body, F), body.basis.get_dofs().all()
    found = solve(body, held, u[held], steps=1)[-1].displacement
    _, P = copper().stress(torch.from_numpy(F @ R))
    assert np.abs(found - u).max() < 1e-9
    assert np.abs(body.piola(found).numpy() - P.numpy() @ R.T).max() < 1e-9 * np.abs(P.numpy()).max() + 1e-10


@few
@given(generators)
def test_a_bar_is_as_stiff_as_youngs_modulus_of_its_direction(rng: np.random.Generator) -> None:
    """1/S₁₁ of the turned crystal, from the elastic constants in closed form; shear of the bar stays free."""
    R, strain = turned(rng), 1e-5
    body = Body(copper(), block(1, 1, 2), R)
    X = body.basis.mesh.p
    corner, edge = (
        body.basis.nodal_dofs[:, np.flatnonzero((at == X.T).all(1))[0]] for at in ((0, 0, 0), (1, 0, 0))
    )
    ends = [body.basis.get_dofs(lambda x, at=at: np.isclose(x[2], at)).all("u^3") for at in (0, 1)]
    held = np.array([*ends[0], *ends[1], *corner[:2], edge[1]])
    step = solve(body, held, np.where(np.isin(held, ends[1]), strain, 0.0), steps=1)[-1]
    S = compliance(from_voigt(elastic_constants(copper()), 4))
    assert step.force[ends[1]].sum() / strain == pytest.approx(young_modulus(S, R[2]), rel=1e-3)


@few
@given(generators)
def test_forces_are_slopes_of_energy_and_the_tangent_is_theirs(rng: np.random.Generator) -> None:
    body, h = Body(copper(), shaken(rng), turned(rng)), 1e-5
    u, v = 0.01 * rng.uniform(-1, 1, size=(2, body.unknowns))
    forces, matrix = body.tangent(u)
    work = (body.energy(u + h * v) - body.energy(u - h * v)) / (2 * h)
    stiff = (body.residual(u + h * v) - body.residual(u - h * v)) / (2 * h)
    assert forces == pytest.approx(body.residual(u), abs=1e-14)
    assert forces @ v == pytest.approx(work, rel=1e-6, abs=1e-10)
    assert np.abs(matrix @ v - stiff).max() < 1e-7 * np.abs(stiff).max()
    assert abs(matrix - matrix.T).max() < 1e-12 * abs(matrix).max()


def clamped(body: Body, stretch: float, steps: int = 1) -> LoadStep:
    """Both ends held, the upper one moved by `stretch`."""
    low, top = (body.basis.get_dofs(lambda x, at=at: np.isclose(x[2], at)) for at in (0, 1))
    held = np.concatenate([low.all(), top.all()])
    return solve(body, held, np.where(np.isin(held, top.all("u^3")), stretch, 0.0), steps=steps)[-1]


@few
@given(generators)
def test_newtons_method_converges_quadratically(rng: np.random.Generator) -> None:
    """e_{k+1} ≤ C e_k² with one C for the whole descent, down to rounding."""
    residuals = np.array(clamped(Body(copper(), shaken(rng), turned(rng)), 0.06).residuals)
    ratios = residuals[1:] / residuals[:-1] ** 2
    assert residuals[-1] < 1e-11
    assert len(residuals) <= 5
    assert ratios[residuals[1:] > 1e-13].max() < 2.0


@few
@given(generators)
def test_elements_of_the_point_group_leave_a_body_as_it_is(rng: np.random.Generator) -> None:
    """A crystal turned by Q of its group is the same; turned otherwise it is another."""
    R, mesh = turned(rng), shaken(rng)
    Q = get_group("O").elements[rng.integers(1, 24)]
    u = 0.01 * rng.uniform(-1, 1, size=Body(copper(), mesh).unknowns)
    forces = Body(copper(), mesh, R).residual(u)
    assert Body(copper(), mesh, R @ Q).residual(u) == pytest.approx(forces, abs=1e-13)
    assert np.abs(Body(copper(), mesh, R @ turned(rng)).residual(u) - forces).max() > 1e-6


@few
@given(generators)
def test_a_turned_body_is_at_rest(rng: np.random.Generator) -> None:
    body = Body(copper(), shaken(rng), turned(rng))
    u = affine(body, turned(rng))
    assert body.energy(u) == pytest.approx(0.0, abs=1e-13)
    assert body.residual(u) == pytest.approx(0.0, abs=1e-13)


def test_a_body_that_nothing_moves_stays() -> None:
    step = clamped(Body(copper(), block(2, 1, 2)), 0.0)
    assert np.abs(step.displacement).max() < 1e-14
    assert len(step.residuals) == 1


def test_what_cannot_be_solved_is_said_in_one_line() -> None:
    mesh = block(2, 1, 2)
    with pytest.raises(InputError, match="a rotation"):
        Body(copper(), mesh, -np.eye(3))
    body = Body(copper(), mesh)
    with pytest.raises(InputError, match="repeat"):
        solve(body, np.array([0, 0]), np.zeros(2))
    with pytest.raises(InputError, match="load step"):
        solve(body, np.array([0]), np.zeros(1), steps=0)
    with pytest.raises(IntertwineError, match="take more load steps"):
        clamped(body, -1.5)
