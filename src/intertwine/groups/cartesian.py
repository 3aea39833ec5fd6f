"""Cartesian tensors with symmetric indices as representations of any group."""

from functools import cached_property

import numpy as np
from jaxtyping import Float, Float64

from intertwine.errors import InputError
from intertwine.groups.catalogue import get_group
from intertwine.groups.group import Group
from intertwine.groups.index_symmetry import read_index_symmetry
from intertwine.groups.representation import Representation
from intertwine.groups.rotations import require_orthogonal
from intertwine.groups.wigner import so3_generators


class CartesianTensor(Representation):
    """Tensors of a declared index symmetry, T'_ij… = g_ia g_jb … T_ab…, times det g if axial.

    The symmetry is written as in the field (and in e3nn): `ij=ji` symmetric, `ijk=ikj` piezoelectric,
    `ijkl=jikl=klij` elastic, `ij=-ji` antisymmetric, `i` a vector, `ijk` without any symmetry. The components
    are those along one basis tensor per set of entries that are tied together, orthonormal under the
    Frobenius product Σ S_ij… T_ij…: for a symmetric matrix xx, yy, zz, √2 yz, √2 xz, √2 xy. Their order is
    that of Voigt numbers where neighbouring indices are symmetric and of x, y, z otherwise.

    Args:
        formula: the index symmetry; blanks are ignored.
        group: whose elements act, by name or itself.
        axial: whether the tensor changes sign under improper elements, as a magnetic field does.

    Raises:
        InputError: a formula that cannot be read, or whose symmetries leave nothing but zero; an unknown
            group.

    Attributes:
        formula: as given.
        rank: number of indices.
        blocks: the indices one by one, or in pairs where neighbours are symmetric.
        leaders: `(dim,)`, flat number of the entry at which each component is read.

    >>> elastic = CartesianTensor("ijkl=jikl=klij")
    >>> elastic.dim, elastic.rank
    (21, 4)
    >>> from intertwine.groups import decompose
    >>> decompose(elastic).irreps
    2x0e+2x2e+1x4e
    """

    def __init__(self, formula: str, group: Group | str = "O(3)", axial: bool = False) -> None:
        symmetry = read_index_symmetry(formula)
        self.formula, self.group, self.axial = formula, get_group(group), axial
        self.rank, self.blocks, self.leaders = symmetry.rank, symmetry.blocks, symmetry.leaders
        sizes = np.count_nonzero(symmetry.signed, axis=1)
        self._length = np.sqrt(sizes.astype(np.float64))
        self._signed = symmetry.signed

    @property
    def dim(self) -> int:
        """Number of independent components before any group is asked."""
        return len(self.leaders)

    @property
    def degree(self) -> int:
        """The rank, or 0 where the group is finite."""
        return self.rank if self.group.kind == "compact" else 0

    @cached_property
    def embedding(self) -> Float64[np.ndarray, "dim *indices"]:
        """The basis tensors, `(dim, 3, …, 3)`, orthonormal under the Frobenius product."""
        table = self._signed / self._length[:, None]
        table.flags.writeable = False
        return table.reshape(self.dim, *(3,) * self.rank)

    def flatten(self, tensor: Float[np.ndarray, "*tensor"]) -> Float64[np.ndarray, "*batch dim"]:
        """Components of tensors `(*batch, 3, …, 3)`; what does not obey the index symmetry is projected out.

        Raises:
            InputError: the trailing axes are not the indices of this tensor.

        >>> CartesianTensor("ij=ji").flatten(np.diag([1.0, 2.0, 3.0]))
        array([1., 2., 3., 0., 0., 0.])
        """
        tensor = np.asarray(tensor, dtype=np.float64)
        split = tensor.ndim - self.rank
        if split < 0 or tensor.shape[split:] != (3,) * self.rank:
            raise InputError(
                f"this is no tensor {self.formula!r}",
                got=f"shape {tensor.shape}",
                accepted=f"(..., {', '.join('3' * self.rank)})",
            )
        flat = tensor.reshape(*tensor.shape[:split], 3**self.rank)
        return flat @ self.embedding.reshape(self.dim, -1).T

    def tensor(self, components: Float[np.ndarray, "*batch dim"]) -> Float64[np.ndarray, "*tensor"]:
        """The full tensors `(*batch, 3, …, 3)` of components; undoes `flatten`.

        Raises:
            InputError: the last axis is not `dim` long.

        >>> CartesianTensor("ij=-ji").tensor(np.array([0.0, 0.0, 2**0.5])).round(12) + 0.0
        array([[ 0.,  0.,  0.],
               [ 0.,  0.,  1.],
               [ 0., -1.,  0.]])
        """
        components = np.asarray(components, dtype=np.float64)
        if components.shape[-1:] != (self.dim,):
            raise InputError(
                f"a tensor {self.formula!r} has other components",
                got=f"shape {components.shape}",
                accepted=f"(..., {self.dim})",
            )
        return np.tensordot(components, self.embedding, axes=1)

    def matrix(self, g: Float[np.ndarray, "*batch 3 3"]) -> Float64[np.ndarray, "*batch rows rows"]:
        """g on every index of the basis tensors, read at the leaders; times det g if axial.

        Raises:
            InputError: not orthogonal to 1e-6.

        >>> CartesianTensor("i", axial=True).matrix(np.diag([1.0, 1.0, -1.0])).diagonal()
        array([-1., -1.,  1.])
        """
        g = np.asarray(g, dtype=np.float64)
        require_orthogonal(g)
        batch, rest = g.shape[:-2], 3 ** (self.rank - 1)
        turned = np.broadcast_to(self.embedding.reshape(-1), (*batch, self.dim * 3**self.rank))
        for _ in range(self.rank):  # the first index is summed and comes out last
            first = turned.reshape(*batch, self.dim, 3, rest).swapaxes(-1, -2)
            turned = first.reshape(*batch, self.dim * rest, 3) @ g.swapaxes(-1, -2)
        matrix = self._read(turned.reshape(*batch, self.dim, 3**self.rank))
        return matrix * np.sign(np.linalg.det(g))[..., None, None] if self.axial else matrix

    def derivative(self, axis: Float[np.ndarray, "*batch 3"]) -> Float64[np.ndarray, "*batch rows rows"]:
        """The cross product ω × on one index after another, summed.

        >>> CartesianTensor("i").derivative(np.array([0.0, 0.0, 1.0])).round(12) + 0.0
        array([[ 0., -1.,  0.],
               [ 1.,  0.,  0.],
               [ 0.,  0.,  0.]])
        """
        cross = np.einsum("...k,kij->...ij", axis, so3_generators(1))
        batch = cross.shape[:-2]
        total = np.zeros((*batch, self.dim, 3**self.rank))
        for index in range(self.rank):
            parts = self.embedding.reshape(self.dim, 3**index, 3, -1)
            total += np.einsum("...ij,dajr->...dair", cross, parts, optimize=True).reshape(total.shape)
        return self._read(total)

    def _read(
        self, turned: Float64[np.ndarray, "*batch rows entries"]
    ) -> Float64[np.ndarray, "*batch rows rows"]:
        """Matrix of the map that carries the basis tensors to these: their entries at the leaders."""
        return np.ascontiguousarray((turned[..., self.leaders] * self._length).swapaxes(-1, -2))
