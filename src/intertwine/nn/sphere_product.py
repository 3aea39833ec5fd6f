"""Many-body products on the sphere: body order without a table of couplings."""

from jaxtyping import Float
from torch import Tensor, nn

from intertwine.groups import Irreps
from intertwine.nn.constant import Constant
from intertwine.nn.schur_linear import SchurLinear
from intertwine.ops.sphere import sphere_grid


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
        channels: number of channels.

    >>> import torch
    >>> product = SphereProduct(l_in=2, l_out=1, channels=4)
    >>> product(torch.zeros(3, 9, 4), torch.ones(3, 3, 4)).shape
    torch.Size([3, 4, 4])
    """

    def __init__(self, l_in: int, l_out: int, channels: int) -> None:
        super().__init__()
        grid = sphere_grid(3 * l_in + l_out)
        self.mix = SchurLinear(
            Irreps.spherical_harmonics(l_in), Irreps.spherical_harmonics(l_in), channels, 3 * channels
        )
        # a function with unit coefficients has mean square (l_in + 1)²: bring its values to order one
        self.synthesis = Constant(grid.synthesis(l_in) / (l_in + 1))
        self.analysis = Constant(grid.analysis(l_out))

    def forward(
        self, x: Float[Tensor, "atoms rows_in channels"], orders: Float[Tensor, "atoms 3 channels"]
    ) -> Float[Tensor, "atoms rows_out channels"]:
        values = _on_rows(self.synthesis.value, self.mix(x).transpose(0, 1))
        u, v, w = values.chunk(3, dim=-1)
        first, second, third = orders.unbind(1)
        product = u * (first + v * (second + third * w))
        return _on_rows(self.analysis.value, product).transpose(0, 1)


def _on_rows(
    matrix: Float[Tensor, "out rows"], x: Float[Tensor, "rows atoms channels"]
) -> Float[Tensor, "out atoms channels"]:
    """One large product: rows first, all atoms and channels as columns."""
    return (matrix @ x.flatten(1)).reshape(len(matrix), *x.shape[1:])
