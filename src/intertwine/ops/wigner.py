"""Wigner matrices in torch, differentiable at every rotation."""

from jaxtyping import Float
from torch import Tensor

from intertwine.ops.edge_frames import frames_with_roll


def wigner_matrices(l_max: int, rotations: Float[Tensor, "batch 3 3"]) -> list[Float[Tensor, "batch _ _"]]:
    """Matrices D_l of proper rotations for all degrees 0…l_max: Y_l(R v) = D_l(R) Y_l(v).

    R is the frame that carries y to R y after a roll about y, whose cosine and sine are read off as numbers.
    Both have finite derivatives at every rotation, as Euler's angles have not.

    Derivatives are those along rotations; changes of R that leave the rotations are not followed.

    Args:
        l_max: highest degree, ≥ 0.
        rotations: proper rotations. That they are is not checked.

    Returns:
        For each degree `(batch, 2l+1, 2l+1)`, orthogonal, in e3nn's real basis.

    Raises:
        InputError: a negative degree.

    >>> import torch
    >>> half_turn_about_z = torch.diag(torch.tensor([-1.0, -1.0, 1.0]))
    >>> wigner_matrices(2, half_turn_about_z[None])[2].diagonal(dim1=1, dim2=2).round()
    tensor([[-1.,  1.,  1., -1.,  1.]])
    """
    axis = rotations[:, :, 1]
    turn = frames_with_roll(1, axis, None)[1] @ rotations
    frames = frames_with_roll(l_max, axis, (turn[:, 2, 2], turn[:, 0, 2]))
    return [frame.mT for frame in frames]
