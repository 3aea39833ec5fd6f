"""From a group to a subgroup: the same features, read in the smaller group's irreps."""

from jaxtyping import Float
from torch import Tensor, nn

from intertwine.groups import Group, Irreps, get_group, restrict
from intertwine.nn.constant import Constant


class Restriction(nn.Module):
    """Features of a group as features of a subgroup: y = Q x, with Q ρ(g) Qᵀ a sum of the subgroup's irreps.

    The door through which features computed under O(3) enter the network of a crystal: harmonics become
    crystal harmonics. Nothing is lost; Q is orthogonal, and `inverse` goes back.

    Args:
        irreps: of the larger group.
        subgroup: itself, or its name; in an orientation in which it is one.

    Attributes:
        irreps_out: the subgroup's irreps; copies of an irrep stand side by side, as `SchurLinear` takes them.

    Raises:
        InputError: not a subgroup.

    >>> import torch
    >>> cubic = Restriction(Irreps("0e + 1o + 2e"), "Oh")
    >>> cubic.irreps_out, cubic(torch.ones(5, 9, 4)).shape
    (1xA1g+1xEg+1xT2g+1xT1u, torch.Size([5, 9, 4]))
    """

    def __init__(self, irreps: Irreps, subgroup: Group | str) -> None:
        super().__init__()
        decomposition = restrict(irreps, get_group(subgroup))
        self.irreps_in, self.irreps_out = irreps, decomposition.irreps
        self.basis = Constant(decomposition.basis)

    def forward(self, x: Float[Tensor, "*batch rows channels"]) -> Float[Tensor, "*batch rows channels"]:
        return self.basis.value @ x

    def inverse(self, y: Float[Tensor, "*batch rows channels"]) -> Float[Tensor, "*batch rows channels"]:
        """Features of the subgroup in the basis of the larger group."""
        return self.basis.value.mT @ y

    def extra_repr(self) -> str:
        return f"[{self.irreps_in}] -> {self.irreps_out.group}: [{self.irreps_out}]"
