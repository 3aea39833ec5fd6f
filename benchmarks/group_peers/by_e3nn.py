"""e3nn (Geiger & Smidt, arXiv:2207.09453): irreps of O(3)."""

import itertools

import e3nn.nn
import torch
from benchmarks.group_peers.questions import Coupling, Linear, No, Package, relative
from e3nn import o3
from e3nn.nn.models.v2106.gate_points_networks import SimpleNetwork


class E3nn(Package):
    def __init__(self) -> None:
        super().__init__(
            name="e3nn",
            distributions=("e3nn", "torch", "numpy"),
            documentation={"CUDA kernels of its own": "no"},
        )
        torch.set_default_dtype(torch.float64)

    def compact(self) -> list[str]:
        o3.Irreps("1x1o").D_from_matrix(-torch.eye(3))
        return ["O(3)"]

    def couplings_of_space(self, degree: int) -> list[Coupling]:
        turn = o3.rand_matrix()
        turned = {l: o3.Irrep(l, 1).D_from_matrix(turn).numpy()[None] for l in range(degree + 1)}
        return [
            Coupling(o3.wigner_3j(a, b, c).numpy()[None], turned[a], turned[b], turned[c])
            for a, b, c in itertools.product(range(degree + 1), repeat=3)
            if abs(a - b) <= c <= a + b
        ]

    def linear(self, name: str) -> Linear:
        if name != "O(3)":
            raise No("irreps of O(3) only")
        layer = o3.Linear("2x1o", "3x1o")
        return Linear(layer.weight_numel, self._error(layer, layer.irreps_in, layer.irreps_out), "Linear")

    def bilinear(self, name: str) -> Linear:
        if name != "O(3)":
            raise No("irreps of O(3) only")
        product = o3.FullyConnectedTensorProduct("1o", "1o", "0e + 1e + 2e")

        def square(x: torch.Tensor) -> torch.Tensor:
            return product(x, x.flip(0))

        error = self._error(square, product.irreps_in1, product.irreps_out)
        return Linear(product.weight_numel, error, "FullyConnectedTensorProduct")

    def network(self, name: str) -> Linear:
        if name != "O(3)":
            raise No("irreps of O(3) only")
        kind = {"max_radius": 2.0, "num_neighbors": 3.0, "num_nodes": 5.0, "mul": 4, "pool_nodes": False}
        network = SimpleNetwork("1o", "1o", **kind)
        points, x, turn = torch.randn(5, 3), torch.randn(5, 3), -o3.rand_matrix()
        straight = network({"pos": points, "x": x}) @ turn.T
        turned = network({"pos": points @ turn.T, "x": x @ turn.T})
        error = relative(turned.detach().numpy(), straight.detach().numpy())
        weights = sum(p.numel() for p in network.parameters())
        return Linear(weights, error, "SimpleNetwork (points in space)")

    def layers(self) -> list[str]:
        names = ("Gate", "NormActivation", "S2Activation", "SO3Activation", "BatchNorm", "Dropout")
        return [name for name in names if hasattr(e3nn.nn, name)]

    def cartesian(self) -> list[str]:
        return str(o3.ReducedTensorProducts("ijk=ikj", i="1o", j="1o").irreps_out).split("+")

    def _error(self, layer: torch.nn.Module, before: o3.Irreps, after: o3.Irreps) -> float:
        x, turn = torch.randn(5, before.dim), -o3.rand_matrix()
        turned, straight = layer(x @ before.D_from_matrix(turn).T), layer(x) @ after.D_from_matrix(turn).T
        return relative(turned.detach().numpy(), straight.detach().numpy())


PACKAGE = E3nn
