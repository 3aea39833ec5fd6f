"""Dispersion in the energy: the packages' own numbers, exact derivatives, every boundary condition."""

import copy
from functools import cache

import numpy as np
import pytest
import torch
from ase.units import Bohr, Hartree

from intertwine.data import Structure
from intertwine.dispersion import Dispersion, DispersionSpec, package
from intertwine.dispersion import energy as terms
from intertwine.encoders import BodyOrderedSpec
from intertwine.errors import InputError
from intertwine.graph import Graph, build_graph, collate
from intertwine.graph.motion import moved
from intertwine.groups import random_rotation
from intertwine.observables import Model, ModelSpec, hessian, load_model, save_model
from intertwine.observables.compiled import compiled

pytest.importorskip("dftd3")
pytest.importorskip("dftd4")

CUTOFF = 3.5
D3 = DispersionSpec(method="d3bj", functional="pbe")
D3_ATM = DispersionSpec(method="d3bj", functional="pbe", three_body=True)
D4 = DispersionSpec(method="d4", functional="pbe")
EVERY_KIND = pytest.mark.parametrize("kind", [D3, D3_ATM, D4], ids=["D3", "D3 with triples", "D4"])
PLACES = np.random.default_rng(0).uniform(0, 6, (8, 3))
BOX = np.diag([7.0, 7.5, 8.0])
SKEWED = BOX + np.random.default_rng(1).uniform(-0.8, 0.8, (3, 3))
SURROUNDINGS = {
    "molecule": (BOX, (0, 0, 0), 0.0),
    "ion": (np.zeros((3, 3)), (0, 0, 0), 1.0),
    "bulk": (BOX, (1, 1, 1), 0.0),
    "triclinic bulk": (SKEWED, (1, 1, 1), 0.0),
    "slab": (SKEWED, (1, 1, 0), 0.0),
    "wire": (SKEWED, (0, 1, 0), 0.0),
}
CASES = [
    pytest.param(kind, where, id=f"{kind.method}, {kind.with_three_bodies}, {where}")
    for kind in (D3, D3_ATM, D4)
    for where in SURROUNDINGS
    if kind is not D4 or where not in ("slab", "wire")
]
CASES_OF_MODELS = [(D3, "slab"), (D3_ATM, "wire"), (D4, "bulk")]


def surroundings(name: str, positions: np.ndarray = PLACES, strain: np.ndarray | None = None) -> Structure:
    cell, pbc, charge = SURROUNDINGS[name]
    deform = np.eye(3) if strain is None else np.eye(3) + strain
    return Structure(
        [1, 8] * 4, positions @ deform, cell=cell @ deform, pbc=np.array(pbc, bool), charge=charge
    )


def graph_of(name: str, **changes: np.ndarray) -> Graph:
    return build_graph(surroundings(name, **changes), CUTOFF)


@cache
def model_of(kind: DispersionSpec | None) -> Model:
    torch.manual_seed(3)
    encoder = BodyOrderedSpec(species=(1, 8), cutoff=CUTOFF, channels=8, message_channels=4)
    spec = ModelSpec(encoder=encoder, reference_energies={1: -13.0, 8: -430.0}, dispersion=kind)
    return Model(spec).double().requires_grad_(False)


def energy(kind: DispersionSpec, graph: Graph) -> float:
    return Dispersion(kind)(graph).sum().item()


def slopes(kind: DispersionSpec, graph: Graph) -> tuple[torch.Tensor, torch.Tensor]:
    """Gradient by positions and by a strain of everything."""
    x, cell = graph.positions.clone().requires_grad_(True), graph.cell.clone().requires_grad_(True)
    total = Dispersion(kind)(graph.replace(positions=x, cell=cell)).sum()
    g, c = torch.autograd.grad(total, (x, cell))
    return g, x.detach().T @ g + cell.detach()[0].T @ c[0]


# 16 atoms of many elements, bohr, and their energies, Hartree: the examples in the packages' documentation
MANY = np.array([1, 1, 6, 5, 1, 15, 8, 17, 13, 15, 5, 1, 9, 15, 1, 15])
DOCUMENTED = """
+2.79274810283778 +3.82998228828316 -2.79287054959216 -1.43447454186833 +0.43418729987882 +5.53854345129809
-3.26268343665218 -2.50644032426151 -1.56631149351046 +2.14548759959147 -0.88798018953965 -2.24592534506187
-4.30233097423181 -3.93631518670031 -0.48930754109119 +0.06107643564880 -3.82467931731366 -2.22333344469482
+0.41168550401858 +0.58105573172764 +5.56854609916143 +4.41363836635653 +3.92515871809283 +2.57961724984000
+1.33707758998700 +1.40194471661647 +1.97530004949523 +3.08342709834868 +1.72520024666801 -4.42666116106828
-3.02346932078505 +0.04438199934191 -0.27636197425010 +1.11508390868455 -0.97617412809198 +6.25462847718180
+0.61938955433011 +2.17903547389232 -6.21279842416963 -2.67491681346835 +3.00175899761859 +1.05038813614845
-4.13181080289514 -2.34226739863660 -3.44356159392859 +2.85007173009739 -2.64884892757600 +0.71010806424206
"""


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (DispersionSpec(method="d4", functional="scan"), -0.005328888532435093),
        (DispersionSpec(method="d3bj", functional="pbe0", three_body=True), -0.029489232932494884),
    ],
    ids=["D4", "D3"],
)
def test_the_energy_is_the_documented_one(kind: DispersionSpec, expected: float) -> None:
    positions = np.array(DOCUMENTED.split(), float).reshape(-1, 3) * Bohr
    found = energy(kind, build_graph(Structure(MANY, positions), CUTOFF))
    assert found == pytest.approx(expected * Hartree, rel=1e-7)


@pytest.mark.parametrize(("kind", "where"), CASES)
def test_first_derivatives_are_those_of_the_energy(kind: DispersionSpec, where: str) -> None:
    by_positions, by_strain = slopes(kind, graph_of(where))
    h = 1e-4
    for atom, axis in ((0, 0), (6, 2)):
        step = np.zeros_like(PLACES)
        step[atom, axis] = h
        ends = [energy(kind, graph_of(where, positions=PLACES + sign * step)) for sign in (1, -1)]
        assert by_positions[atom, axis].item() == pytest.approx((ends[0] - ends[1]) / (2 * h), abs=1e-10)
    for a, b in ((0, 0), (1, 2)):
        strain = np.zeros((3, 3))
        strain[a, b] = strain[b, a] = h * (1 if a == b else 0.5)
        ends = [energy(kind, graph_of(where, strain=sign * strain)) for sign in (1, -1)]
        abrupt = kind.method == "d3bj" and "bulk" in where  # its coordination numbers end at 40 bohr
        expected = pytest.approx((ends[0] - ends[1]) / (2 * h), abs=3e-5 if abrupt else 1e-8)
        assert by_strain[a, b].item() == expected


@pytest.mark.parametrize("where", ["slab", "wire"])
def test_open_axes_need_no_cell(where: str) -> None:
    structure = surroundings(where)
    bare = structure.replace(cell=np.where(structure.pbc[:, None], structure.cell, 0.0))
    whole, cut = (build_graph(one, CUTOFF) for one in (structure, bare))
    assert energy(D3, cut) == pytest.approx(energy(D3, whole), abs=1e-12)
    torch.testing.assert_close(slopes(D3, cut), slopes(D3, whole), rtol=0, atol=1e-12)


@pytest.mark.parametrize("where", ["molecule", "slab"])
def test_a_wide_box_or_stack_comes_to_the_same(where: str) -> None:
    structure = surroundings(where)
    wide = np.where(structure.pbc[:, None], structure.cell, 60.0 * np.eye(3))
    stack = build_graph(structure.replace(cell=wide, pbc=np.ones(3, bool)), CUTOFF)
    assert energy(D3, stack) == pytest.approx(energy(D3, graph_of(where)), abs=1e-12)


@EVERY_KIND
def test_the_hessian_is_symmetric_and_the_slope_of_the_forces(kind: DispersionSpec) -> None:
    graph, h = graph_of("molecule"), 2e-3
    x = graph.positions.clone().requires_grad_(True)
    total = Dispersion(kind)(graph.replace(positions=x)).sum()
    (gradient,) = torch.autograd.grad(total, x, create_graph=True)
    rows = [torch.autograd.grad(g, x, retain_graph=True)[0].flatten() for g in gradient.flatten()]
    found = torch.stack(rows)
    torch.testing.assert_close(found, found.T, rtol=0, atol=1e-8)
    for axis in (0, 10):
        step = h * torch.eye(24, dtype=torch.float64)[axis].reshape(8, 3)
        ends = [slopes(kind, graph.replace(positions=graph.positions + n * step))[0] for n in (-2, -1, 1, 2)]
        column = (ends[0] - 8 * ends[1] + 8 * ends[2] - ends[3]) / (12 * h)
        torch.testing.assert_close(found[axis], column.flatten(), rtol=0, atol=1e-8)


def test_forces_change_with_the_cell_as_stress_does_with_positions() -> None:
    graph = graph_of("slab")
    variables = graph.positions.clone().requires_grad_(True), graph.cell.clone().requires_grad_(True)
    total = Dispersion(D3)(graph.replace(positions=variables[0], cell=variables[1])).sum()
    by_positions, by_cell = torch.autograd.grad(total, variables, create_graph=True)
    (one,) = torch.autograd.grad(by_positions[2, 1], variables[1], retain_graph=True)
    (other,) = torch.autograd.grad(by_cell[0, 1, 2], variables[0])
    assert one[0, 1, 2].abs() > 1e-6
    assert one[0, 1, 2].item() == pytest.approx(other[2, 1].item(), abs=1e-7)


@EVERY_KIND
def test_turning_and_reordering_change_no_energy(kind: DispersionSpec) -> None:
    graph = graph_of("triclinic bulk")
    R = torch.from_numpy(random_rotation(np.random.default_rng(0)))
    turned, plain = (slopes(kind, g)[0] for g in (moved(graph, rotation=-R), graph))
    torch.testing.assert_close(turned, -plain @ R.T, rtol=0, atol=1e-10)
    structure, order = surroundings("triclinic bulk"), np.random.default_rng(1).permutation(8)
    mixed = Structure(
        structure.numbers[order], structure.positions[order], cell=structure.cell, pbc=structure.pbc
    )
    assert energy(kind, build_graph(mixed, CUTOFF)) == pytest.approx(energy(kind, graph), abs=1e-12)


@pytest.mark.parametrize(("kind", "where"), [(D3, "triclinic bulk"), (D3, "slab"), (D4, "bulk")])
def test_a_supercell_has_the_energy_of_its_cells(kind: DispersionSpec, where: str) -> None:
    one = surroundings(where)
    twice = Structure(
        np.tile(one.numbers, 2),
        np.concatenate([one.positions, one.positions + one.cell[0]]),
        cell=np.diag([2, 1, 1]) @ one.cell,
        pbc=one.pbc,
    )
    found, single = (energy(kind, build_graph(structure, CUTOFF)) for structure in (twice, one))
    sums = {"d3bj": 1e-9, "d4": 1e-6}[kind.method]  # D4's charges come from an Ewald sum of that accuracy
    assert found == pytest.approx(2 * single, rel=sums)


@EVERY_KIND
def test_an_atom_alone_has_none(kind: DispersionSpec) -> None:
    for number, charge in ((1, 0.0), (8, 0.0), (8, -1.0)):
        atom = Structure([number], np.ones((1, 3)), charge=charge)
        assert energy(kind, build_graph(atom, CUTOFF)) == 0.0


def test_a_model_adds_it_to_what_the_network_says() -> None:
    outputs = ("energy", "forces", "stress")
    for kind, where in CASES_OF_MODELS:
        graph = graph_of(where)
        with_it, without = model_of(kind)(graph, outputs), model_of(None)(graph, outputs)
        gradient, strain = slopes(kind, graph)
        added = {name: with_it[name] - without[name] for name in outputs}
        assert added["energy"].item() == pytest.approx(energy(kind, graph), abs=1e-10)
        torch.testing.assert_close(added["forces"], -gradient, rtol=0, atol=1e-10)
        volume = graph.volume.item()
        torch.testing.assert_close(added["stress"][0], strain / volume, rtol=0, atol=1e-10)


def test_a_batch_of_all_surroundings_is_each_of_them() -> None:
    model, graphs = model_of(D3), [graph_of(name) for name in SURROUNDINGS]
    together, alone = model(collate(graphs)), [model(graph) for graph in graphs]
    for name, values in together.items():
        torch.testing.assert_close(values, torch.cat([one[name] for one in alone]), rtol=0, atol=1e-10)


def test_the_hessian_of_a_model_is_the_slope_of_its_forces() -> None:
    model, graph, h = model_of(D3), graph_of("molecule"), 1e-4
    step = h * torch.eye(24, dtype=torch.float64)[4].reshape(8, 3)
    ahead, back = (model(graph.replace(positions=graph.positions + s * step))["forces"] for s in (1, -1))
    expected = (back - ahead).flatten() / (2 * h)
    torch.testing.assert_close(hessian(model, graph)[4], expected, rtol=1e-6, atol=1e-5)


def test_training_on_forces_costs_one_evaluation(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    evaluate = package.evaluate
    monkeypatch.setattr(terms, "evaluate", lambda *given: calls.append(1) or evaluate(*given))
    gradients = []
    for kind in (D3, None):
        model = copy.deepcopy(model_of(kind)).requires_grad_(True)
        found = model(graph_of("slab"), ("energy", "forces", "stress"), create_graph=True)
        shift = 0.0 if kind is None else slopes(D3, graph_of("slab"))[0]
        calls.clear() if kind is None else calls.pop()
        (found["forces"] + shift).square().sum().backward()
        gradients.append([p.grad for p in model.parameters()])
    torch.testing.assert_close(gradients[0], gradients[1], rtol=1e-9, atol=1e-12)


def test_positions_that_are_followed_get_second_derivatives() -> None:
    graph = graph_of("slab")
    x = graph.positions.clone().requires_grad_(True)
    found = model_of(D3)(graph.replace(positions=x), ("stress",), create_graph=True)["stress"]
    plain = model_of(None)(graph.replace(positions=x), ("stress",), create_graph=True)["stress"]
    (slope,) = torch.autograd.grad((found - plain)[0, 0, 0], x)
    step = np.zeros_like(PLACES)
    step[1, 0] = 1e-3
    ends = [slopes(D3, graph_of("slab", positions=PLACES + s * step))[1][0, 0].item() for s in (1, -1)]
    expected = (ends[0] - ends[1]) / 2e-3 / graph.volume.item()
    assert slope[1, 0].item() == pytest.approx(expected, abs=1e-8)


def test_the_compiled_call_leaves_dispersion_to_torch() -> None:
    assert compiled(model_of(D3)) is None


def test_a_model_file_brings_its_dispersion_along(tmp_path) -> None:
    graph = graph_of("slab")
    save_model(model_of(D3_ATM), tmp_path / "model.safetensors")
    again = load_model(tmp_path / "model.safetensors")
    assert again.spec.dispersion == D3_ATM
    torch.testing.assert_close(again(graph)["energy"], model_of(D3_ATM)(graph)["energy"], rtol=0, atol=0)


@pytest.mark.parametrize("method", ["d3bj", "d4"])
def test_an_unknown_functional_is_one_line(method: str) -> None:
    with pytest.raises(InputError, match=f"{method} has no parameters for 'b3lpy'.*write 'b3lyp'"):
        Dispersion(DispersionSpec(method=method, functional="b3lpy"))


def test_slabs_are_not_for_d4() -> None:
    with pytest.raises(InputError, match=r"no wires and slabs.*use d3bj"):
        Dispersion(D4)(graph_of("slab"))


def test_an_element_without_parameters_is_one_line() -> None:
    with pytest.raises(InputError, match="no parameters for Z=115"):
        Dispersion(D3)(build_graph(Structure([115, 115], [[0, 0, 0], [0, 0, 3.0]]), CUTOFF))
