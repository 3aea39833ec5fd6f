"""Many-body products on the sphere: body order without a table of couplings."""

from jaxtyping import Float
from torch import Tensor, nn

from intertwine.groups import Irreps
from intertwine.nn.schur_linear import SchurLinear
from intertwine.ops.sphere_product import sphere_product


class SphereProduct(nn.Module):
    """Symmetric products up to third order of functions on the sphere, weighted per channel.

    Channel-mixed copies u, v, w of the features are read as functions on the sphere, multiplied pointwise on
    a quadrature grid that is exact for the total degree, and projected back:

        out = P[ u·(a₁ + v·(a₂ + a₃ w)) ],    u, v, w = SchurLinear(x),  P the projection to l ≤ l_out

    a₁, a₂, a₃ are given per atom and channel (by the species of the centre). With neighbours summed into x,
    the three terms hold correlations of two, three and four bodies: pairs, angles, torsions. Only paths of
    natural parity occur. Exactly equivariant; zero is sent to zero.

    Args:
        l_in, l_out: highest degrees of input and output.
        channels_in: channels of the features.
        channels: products, that is channels of the result.

    >>> import torch
    >>> product = SphereProduct(l_in=2, l_out=1, channels_in=4, channels=8)
    >>> product(torch.zeros(3, 9, 4), torch.ones(3, 3, 8)).shape
    torch.Size([3, 4, 8])
    """

    def __init__(self, l_in: int, l_out: int, channels_in: int, channels: int) -> None:
        super().__init__()
        self.l_in, self.l_out = l_in, l_out
        irreps = Irreps.spherical_harmonics(l_in)
        self.mix = SchurLinear(irreps, irreps, channels_in, 3 * channels)

    def forward(
        self, x: Float[Tensor, "atoms rows_in channels_in"], orders: Float[Tensor, "atoms 3 channels"]
    ) -> Float[Tensor, "atoms rows_out channels"]:
        return sphere_product(self.mix(x), orders, self.l_in, self.l_out)
