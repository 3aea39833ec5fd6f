"""Tensors with symmetric pairs of indices as the matrices that handbooks print: Voigt's and Mandel's."""

import numpy as np
from jaxtyping import Float, Float64

from intertwine.errors import InputError
from intertwine.groups.index_symmetry import VOIGT, VOIGT_PAIRS

SHEAR: dict[str, float] = {"stress": 1.0, "strain": 2.0, "mandel": 2**0.5}
"""By form: the factor of a shear pair, yz, xz or xy."""


def voigt_matrix(
    tensor: Float[np.ndarray, "*tensor"], rank: int, form: str = "stress"
) -> Float64[np.ndarray, "*matrix"]:
    """Tensors of rank 2, 3 or 4 as vectors of 6, matrices 3×6 or 6×6, in the order xx, yy, zz, yz, xz, xy.

        M_IJ = w_I w_J T_ij,kl    with w = 1 for I = 1, 2, 3 and for I = 4, 5, 6 the factor of the form:

    | form | factor | what is written so |
    |---|---|---|
    | `stress` | 1 | stress; stiffness C (GPa); piezoelectric e (C/m²) |
    | `strain` | 2 | engineering strain; compliance S (1/GPa); piezoelectric d (C/N) |
    | `mandel` | √2 | anything: then matrix products and norms are those of the tensors |

    Pairs of indices are made symmetric on the way.

    Args:
        tensor: `(*batch, 3, …, 3)`; of rank 3 the last two indices are the pair.
        rank: 2, 3 or 4, the number of trailing axes that are indices.
        form: which factor.

    Raises:
        InputError: another rank or shape, or an unknown form.

    >>> stiffness = np.einsum("ij,kl->ijkl", np.eye(3), np.eye(3))
    >>> voigt_matrix(stiffness, 4)[0]
    array([1., 1., 1., 0., 0., 0.])
    """
    shear = _factors(rank, form)
    tensor = np.asarray(tensor, dtype=np.float64)
    _require(tensor, (3,) * rank, f"a tensor of rank {rank}")
    first, second = np.array(VOIGT_PAIRS).T
    matrix = (tensor[..., first, second] + tensor[..., second, first]) / 2 * shear
    if rank < 4:
        return matrix
    return (matrix[..., first, second, :] + matrix[..., second, first, :]) / 2 * shear[:, None]


def from_voigt(
    matrix: Float[np.ndarray, "*matrix"], rank: int, form: str = "stress"
) -> Float64[np.ndarray, "*tensor"]:
    """The tensors of such matrices; undoes `voigt_matrix`.

    Args:
        matrix: `(*batch, 6)`, `(*batch, 3, 6)` or `(*batch, 6, 6)`.
        rank: 2, 3 or 4.
        form: as in `voigt_matrix`.

    Raises:
        InputError: another rank or shape, or an unknown form.

    >>> e = np.zeros((3, 6))
    >>> e[0, 3] = -0.16  # zinc blende: e14, C/m²
    >>> from_voigt(e, 3)[0]
    array([[ 0.  ,  0.  ,  0.  ],
           [ 0.  ,  0.  , -0.16],
           [ 0.  , -0.16,  0.  ]])
    """
    shear = _factors(rank, form)
    matrix = np.asarray(matrix, dtype=np.float64)
    _require(matrix, {2: (6,), 3: (3, 6), 4: (6, 6)}[rank], f"the matrix of a tensor of rank {rank}")
    tensor = (matrix / shear)[..., VOIGT]
    if rank < 4:
        return tensor
    rows = np.moveaxis(tensor, -3, -1) / shear  # the rows' Voigt number last
    return np.moveaxis(rows[..., VOIGT], (-2, -1), (-4, -3))


def _factors(rank: int, form: str) -> Float64[np.ndarray, "6"]:
    if rank not in (2, 3, 4):
        raise InputError("Voigt's matrices are of tensors of rank 2, 3 and 4", got=rank)
    if form not in SHEAR:
        raise InputError(f"no matrix has the form '{form}'", accepted=", ".join(SHEAR))
    return np.repeat([1.0, SHEAR[form]], 3)


def _require(array: np.ndarray, shape: tuple[int, ...], what: str) -> None:
    if array.ndim < len(shape) or array.shape[array.ndim - len(shape) :] != shape:
        trailing = ", ".join(map(str, shape))
        raise InputError(f"this is not {what}", got=f"shape {array.shape}", accepted=f"(..., {trailing})")
