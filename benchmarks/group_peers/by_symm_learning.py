"""symm-learning (Ordoñez Apraez): layers, projections and networks on escnn's finite groups."""

import torch
from benchmarks.group_peers.by_escnn import Escnn, eg  # empties the cache before escnn is loaded
from benchmarks.group_peers.questions import Array, Linear, No, relative
from symm_learning import nn
from symm_learning.linalg import equiv_orthogonal_projection
from symm_learning.models import eMLP
from symm_learning.representation_theory import GroupHomomorphismBasis

INHERITED = (
    "irreps",
    "couplings",
    "couplings of space",
    "compact groups",
    "point groups",
    "icosahedral",
    "orientation",
    "beyond O(3)",
    "complex type",
    "bilinear, space",
    "bilinear, O",
    "O(3) to Oh",
    "O(3) to turned D3",
    "O(3) to O(2)",
    "grid",
)
"""Questions that escnn answers for it."""


class SymmLearning(Escnn):
    """It has no groups, irreps and couplings of its own: what it adds to escnn's is asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.name = "symm-learning"
        self.distributions = ("symm-learning", "escnn", "torch", "numpy")
        self.built_on, self.inherited = "escnn", INHERITED
        self.documentation = {"CUDA kernels of its own": "no"}
        torch.set_default_dtype(torch.float64)

    def _vector(self, name: str) -> tuple[Array, eg.Representation]:
        _, placed, identifier = self.group(name)
        return self._on_vectors(placed), self.space.standard_representation().restrict(identifier)

    def maps(self, name: str) -> tuple[Array, Array]:
        elements, vector = self._vector(name)
        hom = GroupHomomorphismBasis(vector.tensor(vector), vector)
        return elements, torch.stack([hom(one) for one in torch.eye(hom.dim)]).numpy()

    def project(self, name: str, map: Array) -> tuple[Array, Array]:
        elements, vector = self._vector(name)
        return elements, equiv_orthogonal_projection(torch.tensor(map), vector, vector).numpy()

    def linear(self, name: str) -> Linear:
        if name != "C4":
            raise No("layers for finite groups")
        group = eg.cyclic_group(4)
        before, after = (eg.directsum(n * [group.irrep(1)]) for n in (2, 3))
        layer = nn.eLinear(before, after, bias=False)
        return Linear(layer.weight_dof.numel(), self._change(layer, before, after), "eLinear")

    def network(self, name: str) -> Linear:
        if name != "Oh":
            raise No("networks for finite groups")
        _, vector = self._vector(name)
        network = eMLP(vector, vector, hidden_units=[48])
        return Linear(
            sum(p.numel() for p in network.parameters()), self._change(network, vector, vector), "eMLP"
        )

    def layers(self) -> list[str]:
        names = ("eLayerNorm", "eRMSNorm", "eBatchNorm1d", "eMultiheadAttention", "eTransformerEncoderLayer")
        return [name for name in names if hasattr(nn, name)]

    def _change(self, layer: torch.nn.Module, before: eg.Representation, after: eg.Representation) -> float:
        x, worst = torch.randn(5, before.size), 0.0
        layer.eval()
        for g in before.group.elements:
            turned, straight = layer(x @ torch.tensor(before(g)).T), layer(x) @ torch.tensor(after(g)).T
            worst = max(worst, relative(turned.detach().numpy(), straight.detach().numpy()))
        return worst


PACKAGE = SymmLearning
