"""Intertwine itself, asked like the others."""

import itertools

import numpy as np
import torch
from benchmarks.group_peers.questions import Array, Coupling, Linear, Package, Tables, relative

import intertwine.nn
from intertwine.groups import (
    O3,
    FiniteGroup,
    Group,
    Irrep,
    Irreps,
    ProductRepresentation,
    allowed,
    coupling,
    decompose,
    get_group,
    hom,
    project_map,
    restrict,
)
from intertwine.groups.cartesian import CartesianTensor
from intertwine.nn import EquivariantMLP, SchurLinear, TensorProduct, symmetrize


class Intertwine(Package):
    def __init__(self) -> None:
        super().__init__(
            name="Intertwine",
            distributions=("intertwine", "torch", "numpy"),
            documentation={"CUDA kernels of its own": "no"},
        )
        torch.set_default_dtype(torch.float64)

    def compact(self) -> list[str]:
        names = ("O(3)", "SO(3)", "O(2)", "SO(2)")
        return [name for name in names if get_group(name).kind == "compact"]

    def elements(self, name: str) -> Array:
        return get_group(name).elements

    def from_generators(self, generators: Array) -> Array:
        return FiniteGroup("own", generators).elements

    def turned(self, name: str, rotation: Array) -> Array:
        return get_group(name, rotation).elements

    def irreps(self, name: str) -> tuple[Array, Tables]:
        group = get_group(name)
        return group.elements, {irrep.label: irrep.matrix(group.elements) for _, irrep in group.irreps()}

    def endomorphisms(self, name: str) -> list[int]:
        return [len(irrep.algebra) for _, irrep in get_group(name).irreps()]

    def couplings(self, name: str) -> list[Coupling]:
        group = get_group(name)
        return self._couplings([irrep for _, irrep in group.irreps()], group.elements)

    def couplings_of_space(self, degree: int) -> list[Coupling]:
        group = get_group("SO(3)")
        irreps = [irrep for _, irrep in group.irreps(degree)]
        found = self._couplings(irreps, group.sample(np.random.default_rng(0), 1))
        return [c for c in found if len(c.tables)]

    def _couplings(self, irreps: list[Irrep], elements: Array) -> list[Coupling]:
        tables = {irrep: irrep.matrix(elements) for irrep in irreps}
        return [
            Coupling(coupling(a, b, c), tables[a], tables[b], tables[c])
            for a, b, c in itertools.product(irreps, repeat=3)
        ]

    def maps(self, name: str) -> tuple[Array, Array]:
        group = get_group(name)
        return group.elements, hom(ProductRepresentation(group.vector, group.vector), group.vector)

    def project(self, name: str, map: Array) -> tuple[Array, Array]:
        group = get_group(name)
        return group.elements, project_map(map, group.vector, group.vector)

    def average(self, name: str) -> float:
        group = get_group(name)
        plain = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.SiLU(), torch.nn.Linear(8, 3))
        network = symmetrize(plain, group, group.vector, group.vector, axis=-1)
        x, elements = torch.randn(5, 3), torch.tensor(group.elements)
        turned = [network(x @ g.T) - network(x) @ g.T for g in elements]
        return float(torch.stack(turned).detach().abs().max())

    def linear(self, name: str) -> Linear:
        irrep = Irreps({"O(3)": "1o", "C4": "E"}[name], name)
        layer = SchurLinear(irrep, irrep, 2, 3)
        return Linear(layer.weight.numel(), _error(layer, irrep, irrep, 2), "SchurLinear")

    def bilinear(self, name: str) -> Linear:
        group = get_group(name)
        vector = decompose(group.vector).irreps
        pair = decompose(ProductRepresentation(group.vector, group.vector)).irreps
        product = TensorProduct(vector, vector, pair, 1)
        layer = _Product(product)
        return Linear(product.weight.numel(), _error(layer, vector, pair, 1), "TensorProduct")

    def network(self, name: str) -> Linear:
        vector = decompose(get_group(name).vector).irreps
        network = EquivariantMLP(name, vector, vector, channels=4)
        weights = sum(p.numel() for p in network.parameters())
        return Linear(weights, _error(network, vector, vector, 1), "EquivariantMLP")

    def layers(self) -> list[str]:
        names = ("Gate", "NormNonlinearity", "OrbitNonlinearity", "EquivariantNorm", "EquivariantAttention")
        return [name for name in names if hasattr(intertwine.nn, name)]

    def cartesian(self) -> list[str]:
        return str(decompose(CartesianTensor("ijk=ikj")).irreps).split("+")

    def allowed(self, name: str) -> int:
        return allowed("ijk=ikj", name).constants

    def restrict(
        self, degree: int, name: str, rotation: Array | None = None
    ) -> tuple[Array, Array, list[int]]:
        group = get_group(name, rotation)
        whole = Irrep.parse(f"{degree}{'eo'[degree % 2]}")
        part = restrict(whole, group)
        return whole.matrix(group.elements), part.basis, _sizes(part.irreps)

    def restrict_to_axis(self, degree: int) -> list[int]:
        return _sizes(restrict(O3.irrep(f"{degree}{'eo'[degree % 2]}"), get_group("O(2)")).irreps)


class _Product(torch.nn.Module):
    """The product of features with those of the next structure."""

    def __init__(self, product: TensorProduct) -> None:
        super().__init__()
        self.product = product

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.product(x, x.flip(0))


def _sizes(irreps: Irreps) -> list[int]:
    return [irrep.dim for copies, irrep in irreps for _ in range(copies)]


def _error(layer: torch.nn.Module, before: Irreps, after: Irreps, channels: int) -> float:
    group: Group = before.group
    x, worst = torch.randn(5, before.dim, channels), 0.0
    for g in group.sample(np.random.default_rng(0), 8):
        turned = layer(torch.tensor(before.matrix(g)) @ x)
        straight = torch.tensor(after.matrix(g)) @ layer(x)
        worst = max(worst, relative(turned.detach().numpy(), straight.detach().numpy()))
    return worst


PACKAGE = Intertwine
