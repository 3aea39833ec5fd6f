"""Rotations of space as matrices: the exponential map, and samples of Haar's measure."""

import torch
from jaxtyping import Float
from torch import Tensor

from intertwine.groups.rotations import quaternion_to_rotation
from intertwine.ops.norm import norm


def cross_matrix(v: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 3 3"]:
    """[v]× with [v]× w = v × w.

    >>> cross_matrix(torch.tensor([0.0, 0.0, 2.0])) @ torch.tensor([1.0, 0.0, 0.0])
    tensor([0., 2., 0.])
    """
    x, y, z = v.unbind(-1)
    zero = torch.zeros_like(x)
    rows = torch.stack((zero, -z, y, z, zero, -x, -y, x, zero), dim=-1)
    return rows.reshape(*v.shape[:-1], 3, 3)


def rotation_about(
    axis: Float[Tensor, "*batch 3"], angle: Float[Tensor, "*batch"]
) -> Float[Tensor, "*batch 3 3"]:
    """R = 1 + sin θ [n]× + (1 − cos θ) [n]×², the turn by θ about the unit vector n (Rodrigues).

    Args:
        axis: n, of length one.
        angle: θ, radians.

    >>> turn = rotation_about(torch.tensor([0.0, 0.0, 1.0]), torch.tensor(torch.pi / 2))
    >>> (turn @ torch.tensor([1.0, 0.0, 0.0])).round()
    tensor([0., 1., 0.])
    """
    turn = cross_matrix(axis)
    sine, versine = angle.sin()[..., None, None], (1.0 - angle.cos())[..., None, None]
    return torch.eye(3, dtype=axis.dtype, device=axis.device) + sine * turn + versine * (turn @ turn)


def rotation_exponential(vector: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 3 3"]:
    """exp [ω]×: the turn by |ω| radians about ω, with the right first derivative at ω = 0.

    >>> rotation_exponential(torch.zeros(3))
    tensor([[1., 0., 0.],
            [0., 1., 0.],
            [0., 0., 1.]])
    """
    angle = norm(vector)[..., None, None]
    turn = cross_matrix(vector)
    half = torch.sinc(angle / (2.0 * torch.pi))
    one = torch.eye(3, dtype=vector.dtype, device=vector.device)
    return one + torch.sinc(angle / torch.pi) * turn + 0.5 * half * half * (turn @ turn)


def random_rotations(
    count: int, generator: torch.Generator | None = None, dtype: torch.dtype = torch.float64
) -> Float[Tensor, "count 3 3"]:
    """Rotations by Haar's measure, which no rotation changes: unit quaternions, uniform on their sphere.

    Args:
        count: how many.
        generator: source of the random numbers, of the CPU; PyTorch's own by default.
        dtype: of the result; the numbers drawn are the same for every precision.

    >>> random_rotations(4, torch.Generator().manual_seed(0)).det().round()
    tensor([1., 1., 1., 1.], dtype=torch.float64)
    """
    four = torch.randn(count, 4, generator=generator, dtype=torch.float64)
    return torch.from_numpy(quaternion_to_rotation(four.numpy())).to(dtype)
