"""Products on the sphere that change sign in a mirror: what tells left from right."""

from jaxtyping import Float
from torch import Tensor, nn

from intertwine.groups import Irreps
from intertwine.nn.constant import Constant
from intertwine.nn.schur_linear import SchurLinear
from intertwine.ops.sphere import sphere_grid


class AxialProduct(nn.Module):
    """Antisymmetric products of functions on the sphere: from natural parity (−1)^l to the other one.

    Channel-mixed copies u, v, w of the features are read as functions on the sphere; the Poisson bracket of
    two functions changes sign under every reflection,

        out = P[ {u, v}·(1 + w) ],    {u, v} = r̂ · (∇u × ∇v),    u, v, w = SchurLinear(x)

    P projects to l ≤ l_out. The bracket holds all antisymmetric couplings of two features (axial vectors 1e
    from two polar ones, 2o from 1o and 2e), and with w those of three (the pseudo-scalar 0o of a triple
    product), on a quadrature grid that is exact for them: equivariant to rounding, zero is sent to zero.

    Args:
        l_in, l_out: highest degrees of input and output.
        channels_in: channels of the features.
        channels: products, that is channels of the result.

    Attributes:
        irreps: of the result: 0o + 1e + 2o + …

    >>> import torch
    >>> product = AxialProduct(l_in=2, l_out=1, channels_in=4, channels=8)
    >>> product.irreps, product(torch.ones(3, 9, 4)).shape
    (1x0o+1x1e, torch.Size([3, 4, 8]))
    """

    def __init__(self, l_in: int, l_out: int, channels_in: int, channels: int) -> None:
        super().__init__()
        irreps = Irreps.spherical_harmonics(l_in)
        self.mix = SchurLinear(irreps, irreps, channels_in, 3 * channels)
        self.irreps = unnatural(l_out)
        grid = sphere_grid(3 * l_in + l_out)
        self.synthesis = Constant(grid.synthesis(l_in) / (l_in + 1))
        self.turning = Constant(grid.turning(l_in) / (l_in + 1) ** 2)
        self.points = Constant(grid.points.T.copy())
        self.analysis = Constant(grid.analysis(l_out))

    def forward(
        self, x: Float[Tensor, "atoms rows_in channels_in"]
    ) -> Float[Tensor, "atoms rows_out channels"]:
        u, v, w = self.mix(x).chunk(3, dim=-1)
        turned_u, turned_v = (self.turning.value @ part.unsqueeze(1) for part in (u, v))
        (ux, uy, uz), (vx, vy, vz) = turned_u.unbind(1), turned_v.unbind(1)
        px, py, pz = self.points.value[:, :, None].unbind(0)
        bracket = px * (uy * vz - uz * vy) + py * (uz * vx - ux * vz) + pz * (ux * vy - uy * vx)
        return self.analysis.value @ (bracket * (1.0 + self.synthesis.value @ w))


def unnatural(l_max: int) -> Irreps:
    """0o + 1e + 2o + …: what products of natural parity never reach.

    >>> unnatural(3).dim == Irreps.spherical_harmonics(3).dim
    True
    """
    return Irreps(" + ".join(f"{degree}{'oe'[degree % 2]}" for degree in range(l_max + 1)))
