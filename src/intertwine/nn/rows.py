"""Which rows of a feature belong to which irrep."""

import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor

from intertwine.errors import InputError
from intertwine.groups import Irrep, Irreps, Representation


def rows_of(irreps: Irreps) -> dict[Irrep, slice]:
    """Rows of the representation axis that each irrep occupies; each may stand there once.

    Raises:
        InputError: an irrep stands there twice.

    >>> rows_of(Irreps("0e + 1o"))
    {0e: slice(0, 1, None), 1o: slice(1, 4, None)}
    """
    copies = copies_of(irreps)
    for irrep, starts in copies.items():
        if len(starts) > 1:
            raise InputError(
                f"{irrep} stands more than once on a representation axis",
                got=irreps,
                accepted="each irrep once",
                fix="make copies channels",
            )
    return {irrep: slice(starts[0], starts[0] + irrep.dim) for irrep, starts in copies.items()}


def copies_of(irreps: Irreps) -> dict[Irrep, list[int]]:
    """First row of every copy of each irrep, in the order of first appearance.

    >>> copies_of(Irreps("2x0e + 1o + 0e"))
    {0e: [0, 1, 5], 1o: [2]}
    """
    copies: dict[Irrep, list[int]] = {}
    for irrep, rows in each_copy(irreps):
        copies.setdefault(irrep, []).append(rows.start)
    return copies


def each_copy(irreps: Irreps) -> list[tuple[Irrep, slice]]:
    """Every copy of every irrep with its rows, from the first row to the last.

    >>> each_copy(Irreps("2x0e + 1o"))
    [(0e, slice(0, 1, None)), (0e, slice(1, 2, None)), (1o, slice(2, 5, None))]
    """
    copies: list[tuple[Irrep, slice]] = []
    for (multiplicity, irrep), rows in zip(irreps, irreps.slices(), strict=True):
        starts = [rows.start + copy * irrep.dim for copy in range(multiplicity)]
        copies += [(irrep, slice(start, start + irrep.dim)) for start in starts]
    return copies


def copy_of_row(irreps: Irreps) -> Int64[Tensor, " rows"]:
    """For each row the number of the copy to which it belongs.

    >>> copy_of_row(Irreps("2x0e + 1o")).tolist()
    [0, 1, 2, 2, 2]
    """
    numbers = [number for number, (irrep, _) in enumerate(each_copy(irreps)) for _ in range(irrep.dim)]
    return torch.tensor(numbers, dtype=torch.int64)


def mean_over_rows(irreps: Irreps) -> Float64[Tensor, "copies rows"]:
    """The matrix that takes the mean over the rows of each copy.

    >>> mean_over_rows(Irreps("0e + 1o")).sum(dim=1).tolist()
    [1.0, 1.0]
    """
    numbers = copy_of_row(irreps)
    member = (numbers == torch.arange(irreps.num_irreps)[:, None]).double()
    return member / member.sum(dim=1, keepdim=True)


def act(
    representation: Representation, g: Float[Tensor, "3 3"], x: Float[Tensor, "*batch rows channels"]
) -> Float[Tensor, "*batch rows channels"]:
    """ρ(g) on the rows of features, in their precision.

    >>> act(Irreps("1o"), -torch.eye(3), torch.ones(2, 3, 1)).mean().item()
    -1.0
    """
    matrix = torch.from_numpy(representation.matrix(g.detach().cpu().double().numpy()))
    return matrix.to(x) @ x
