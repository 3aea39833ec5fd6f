"""Any Cartesian tensor, read off the features by the symmetry of its indices."""

from functools import cache
from typing import Annotated, Literal

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

from intertwine.data.labels import LABELS, Label, declare
from intertwine.encoders.features import AtomFeatures
from intertwine.graph import Graph
from intertwine.groups import CartesianTensor, Irreps, decompose
from intertwine.groups.index_symmetry import read_index_symmetry
from intertwine.heads.pairs import PairFeatures
from intertwine.nn.axial_product import AxialProduct
from intertwine.nn.constant import Constant
from intertwine.nn.gate import Gate
from intertwine.nn.invariant_network import InvariantNetwork
from intertwine.nn.rows import each_copy
from intertwine.nn.schur_linear import SchurLinear
from intertwine.ops.segment import segment_sum

POSITIVE = ("ij=ji", "ijkl=jikl=klij")
"""Index symmetries of tensors that are symmetric matrices, on vectors or on symmetric matrices."""


_OF_LABEL = ("unit", "indices", "per", "extensive", "axial", "cyclic")


class TensorSpec(BaseModel):
    """What a head predicts and where it starts from: a row of the label table and three numbers.

    >>> TensorSpec(unit="e·Å", indices="i", extensive=True).irreps
    1x1o
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    unit: str
    """Of the result."""
    indices: str = ""
    """Index symmetry, as in `CartesianTensor`; empty for a number."""
    per: Literal["system", "atom", "bond"] = "system"
    extensive: bool = False
    """Sum over the atoms of a system, or mean."""
    axial: bool = False
    """Takes the sign of det R."""
    cyclic: bool = False
    """Defined up to lattice vectors."""
    positive: bool = False
    """Exponential of a symmetric matrix: positive definite, whatever was learned."""
    scale: Annotated[float, Field(gt=0)] = 1.0
    """What the network's numbers of order one are multiplied by."""
    reference: dict[int, tuple[float, ...]] = {}
    """By atomic number, the coefficients of the isotropic parts that an atom brings along."""

    @model_validator(mode="after")
    def _positive_where_that_has_a_meaning(self) -> "TensorSpec":
        if self.positive and (self.indices not in POSITIVE or self.axial or self.per != "system"):
            raise ValueError(
                f"only tensors per system of {' or '.join(POSITIVE)} can be kept positive, "
                f"not {self.indices!r}"
            )
        return self

    @classmethod
    def of(cls, label: Label, positive: bool = False) -> "TensorSpec":
        """A head for a row of the label table.

        >>> from intertwine.data.labels import LABELS
        >>> TensorSpec.of(LABELS["polarisability"]).indices
        'ij=ji'
        """
        return cls(**{key: getattr(label, key) for key in _OF_LABEL}, positive=positive)

    def declare(self, name: str) -> Label:
        """The row of the label table that this is, added where it is new.

        Raises:
            InputError: the table means something else by this name.
        """
        known = LABELS.get(name)
        if known is not None and all(getattr(known, key) == getattr(self, key) for key in _OF_LABEL):
            return known
        return declare(Label(name, **{key: getattr(self, key) for key in _OF_LABEL}))

    @property
    def irreps(self) -> Irreps:
        """What the tensor is a sum of under O(3)."""
        return harmonic_basis(self.indices, self.axial)[0]


@cache
def harmonic_basis(indices: str, axial: bool) -> tuple[Irreps, Float64[np.ndarray, "rows *indices"]]:
    """Irreps of a Cartesian tensor and the orthonormal tensors that they are coefficients of.

    >>> irreps, tensors = harmonic_basis("ij=ji", axial=False)
    >>> irreps, tensors.shape
    (1x0e+1x2e, (6, 3, 3))
    """
    if not indices:
        return Irreps("0o" if axial else "0e"), np.ones(1)
    tensor = CartesianTensor(indices, axial=axial)
    parts = decompose(tensor)
    return parts.irreps, np.tensordot(parts.basis, tensor.embedding, axes=1)


class TensorHead(nn.Module):
    """A tensor of declared index symmetry, equivariant under rotations and reflections to rounding.

        T_s = Σ_i or ⟨⟩_i of  Σ_k Q_k [s y_ik + reference_k(z_i)],
        y_i = W h_i + W' gate(h_i) + W'' axial(h_i)

    Q_k are the orthonormal tensors of the irreps in T (`harmonic_basis`), so that symmetric indices are
    exactly symmetric, and a crystal's forbidden components vanish to rounding: nothing is masked. Irreps of
    natural parity are read from the features by Schur's lemma, linearly and through gates, invariants by a
    small network too; those of the other parity from `AxialProduct`. A `positive` tensor is the exponential
    of that, as a symmetric matrix on vectors or (Mandel) on symmetric matrices; an extensive one the sum of
    the exponentials of its atoms, so that far-apart parts add up.

    A tensor per bond is read in the same way from features of pairs (`PairFeatures`), in the order of
    `graph.bonds`; its reference is the mean of those of both atoms.

    Args:
        spec: the tensor.
        species: atomic numbers that the encoder knows, ascending.
        channels: channels of the features.
        layers: number of layers of the encoder.
        l_max: highest degree of its last layer, at least that of T.
    """

    def __init__(
        self, spec: TensorSpec, species: tuple[int, ...], channels: int, layers: int, l_max: int
    ) -> None:
        super().__init__()
        self.spec = spec
        irreps, tensors = harmonic_basis(spec.indices, spec.axial)
        self.irreps = irreps
        self.shape = tensors.shape[1:]
        self.pairs = PairFeatures(len(species), channels, l_max) if spec.per == "bond" else None
        layers = layers if self.pairs is None else 1
        leaders, signed = _components(spec.indices)
        self.components = Constant(tensors.reshape(irreps.dim, -1)[:, leaders], pinned=True)
        self.leaders, self.signed = leaders.tolist(), Constant(signed, pinned=True)
        features = Irreps.spherical_harmonics(l_max)
        self.linear, self.gate = SchurLinear(features, irreps, channels, 1), Gate(features, channels)
        self.gated = SchurLinear(features, irreps, channels, 1)
        self.axial = self.read_axial = None
        degree = irreps.degree
        if any(features.count(irrep) == 0 for _, irrep in irreps):
            self.axial = AxialProduct(l_max, degree, channels, channels // 2 or 1)
            self.read_axial = SchurLinear(self.axial.irreps, irreps, channels // 2 or 1, 1)
        trivial = [rows.start for irrep, rows in each_copy(irreps) if irrep == irreps.group.trivial]
        self.trivial = trivial
        self.network = InvariantNetwork([layers * channels, 32, len(trivial)], 0.3) if trivial else None
        table = np.zeros((len(species), irreps.dim))
        for row, number in enumerate(species):
            table[row, trivial] = spec.reference.get(number, (0.0,) * len(trivial))
        self.reference = Constant(table, pinned=True)

    def silence(self) -> None:
        """Set what is read to zero: the isotropic parts are all, until something is learned."""
        with torch.no_grad():
            for read in (self.linear, self.gated, self.read_axial):
                if read is not None:
                    read.weight.zero_()
        if self.network is not None:
            self.network.silence()

    def forward(
        self, features: AtomFeatures, species: Int64[Tensor, " atoms"], graph: Graph
    ) -> Float64[Tensor, "values *indices"]:
        """Value of every system, atom or bond, in `spec.unit`.

        Raises:
            InputError: a tensor per bond, and the graph has no bonds.
        """
        spec, systems = self.spec, (graph.batch, graph.n_systems)
        reference = self.reference.value[species]
        if self.pairs is not None:
            features = self.pairs(features, species, graph)
            reference = reference[graph.bonds].mean(1)
        values = spec.scale * self._read(features).double() + reference
        if spec.positive and spec.extensive:
            return segment_sum(self._tensor(values), *systems)
        if spec.per == "system":
            values = segment_sum(values, *systems)
            if not spec.extensive:
                values = values / graph.counts[:, None]
        return self._tensor(values)

    def _tensor(self, coefficients: Float64[Tensor, "values rows"]) -> Float64[Tensor, "values *indices"]:
        """One number is computed for all the entries that the symmetry of the indices makes equal."""
        entries = coefficients @ self.components.value @ self.signed.value
        if self.spec.positive:
            powers = exponential(entries.reshape(-1, *self.shape)).flatten(1)
            entries = powers[:, self.leaders] @ self.signed.value
        return entries.reshape(-1, *self.shape)

    def _read(self, features: AtomFeatures) -> Float[Tensor, "values rows"]:
        last = features.layers[-1]
        read = self.linear(last) + self.gated(self.gate(last))
        if self.axial is not None and self.read_axial is not None:
            read = read + self.read_axial(self.axial(last))
        read = read.squeeze(-1)
        if self.network is None:
            return read
        invariants = torch.cat([features.invariants(k) for k in range(len(features.layers))], dim=-1)
        rows = torch.tensor(self.trivial, device=read.device)
        return read.index_add(1, rows, self.network(invariants))


def _components(
    indices: str,
) -> tuple[Int64[np.ndarray, " components"], Float64[np.ndarray, "components entries"]]:
    """The entry at which each independent component is read, and the signs with which it stands in others."""
    if not indices:
        return np.zeros(1, dtype=np.int64), np.ones((1, 1))
    symmetry = read_index_symmetry(indices)
    return symmetry.leaders, symmetry.signed.astype(np.float64)


def exponential(values: Float64[Tensor, "systems *indices"]) -> Float64[Tensor, "systems *indices"]:
    """exp of symmetric tensors of rank 2 as matrices on vectors, of rank 4 on symmetric matrices.

    Commutes with rotations: exp(ρ(R) T) = ρ(R) exp(T). The result is positive definite.

    >>> exponential(torch.zeros(1, 3, 3, dtype=torch.float64))[0].diagonal()
    tensor([1., 1., 1.], dtype=torch.float64)
    """
    if values.ndim == 3:
        return torch.linalg.matrix_exp(values)
    mandel = torch.tensor(CartesianTensor("ij=ji").embedding, device=values.device)  # (6, 3, 3)
    matrix = torch.einsum("aij,sijkl,bkl->sab", mandel, values, mandel)
    return torch.einsum("aij,sab,bkl->sijkl", mandel, torch.linalg.matrix_exp(matrix), mandel)
