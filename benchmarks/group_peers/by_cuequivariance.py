"""cuEquivariance (NVIDIA): irreps of O(3), SO(3) and SU(2), and of groups whose tables the user writes."""

import itertools
from collections.abc import Callable
from operator import attrgetter

import cuequivariance as cue
import cuequivariance_torch as cuet
import numpy as np
import scipy.linalg
import torch
from benchmarks.group_peers.questions import Coupling, Linear, No, Package, relative

AXIS = np.array([0.3, -0.5, 0.8])


def turn(irreps: cue.Irreps) -> torch.Tensor:
    """An improper element on some irreps (the order of rows is irrep by irrep, copy by copy)."""
    blocks = [
        ir.exp_map(AXIS, [1] * len(ir.discrete_generators()))
        for multiplicity, ir in irreps
        for _ in range(multiplicity)
    ]
    return torch.tensor(scipy.linalg.block_diag(*blocks))


class CuEquivariance(Package):
    def __init__(self) -> None:
        super().__init__(
            name="cuEquivariance",
            distributions=("cuequivariance", "cuequivariance-torch", "torch", "numpy"),
            documentation={
                "CUDA kernels of its own": "yes (cuequivariance-ops)",
                "own groups": "by a subclass of Irrep whose generators and couplings the user writes",
            },
        )

    def compact(self) -> list[str]:
        return [f"{kind.__name__[:-1]}(3)" for kind in (cue.O3, cue.SO3) if kind.trivial().dim == 1]

    def beyond(self) -> str:
        return f"SU(2): spin 1/2 of dimension {cue.SU2(0.5).dim}"

    def couplings_of_space(self, degree: int) -> list[Coupling]:
        irreps = [cue.SO3(l) for l in range(degree + 1)]
        turned = {ir: ir.exp_map(AXIS, [])[None] for ir in irreps}
        return [
            Coupling(cue.clebsch_gordan(a, b, c), turned[a], turned[b], turned[c])
            for a, b, c in itertools.product(irreps, repeat=3)
            if c in a * b
        ]

    def linear(self, name: str) -> Linear:
        before, after = self._irreps(name, "2x1o"), self._irreps(name, "3x1o")
        layer = cuet.Linear(before, after, layout=cue.mul_ir, dtype=torch.float64, method="naive")
        return Linear(layer.weight_numel, self._error(layer, before, after), "Linear")

    def bilinear(self, name: str) -> Linear:
        before, after = self._irreps(name, "1o"), self._irreps(name, "0e + 1e + 2e")
        layer = cuet.FullyConnectedTensorProduct(
            before,
            before,
            after,
            layout=cue.mul_ir,
            dtype=torch.float64,
            method="naive",
            internal_weights=True,
        )
        error = self._error(lambda x: layer(x, x.flip(0)), before, after)
        return Linear(layer.weight_numel, error, "FullyConnectedTensorProduct")

    def network(self, name: str) -> Linear:
        raise No("layers, but no ready network")

    def layers(self) -> list[str]:
        names = ("ChannelWiseTensorProduct", "SymmetricContraction", "SphericalHarmonics", "layers.BatchNorm")
        return [name for name in names if attrgetter(name)(cuet)]

    def cartesian(self) -> list[str]:
        vector = cue.Irreps("O3", "1o")
        return str(
            cue.reduced_tensor_product_basis("ijk=ikj", i=vector, j=vector, layout=cue.mul_ir).irreps
        ).split("+")

    def _irreps(self, name: str, text: str) -> cue.Irreps:
        if name != "O(3)":
            raise No("irreps of O(3), SO(3) and SU(2) only")
        return cue.Irreps("O3", text)

    def _error(
        self, layer: Callable[[torch.Tensor], torch.Tensor], before: cue.Irreps, after: cue.Irreps
    ) -> float:
        x = torch.randn(5, before.dim, dtype=torch.float64)
        turned, straight = layer(x @ turn(before).T), layer(x) @ turn(after).T
        return relative(turned.detach().numpy(), straight.detach().numpy())


PACKAGE = CuEquivariance
