"""Errors added up in float64 over batches: nothing is averaged twice, nothing is lost to rounding."""

from collections.abc import Mapping

import torch
from torch import Tensor

from intertwine.data.labels import LABELS
from intertwine.train.losses import Deviation


class Tally:
    """Sums of |d|, d² and their number for each label, and of the loss, over the batches of an epoch.

    The state is a plain dictionary of tensors, so an epoch cut in two by a crash ends with the same figures.

    >>> tally = Tally()
    >>> tally.add({"forces": Deviation(torch.tensor([3.0, -4.0]))}, loss=torch.tensor(12.5))
    >>> {name: round(figure, 4) for name, figure in tally.figures().items()}
    {'loss': 12.5, 'forces_mae': 3.5, 'forces_rmse': 3.5355}
    """

    def __init__(self) -> None:
        self.sums: dict[str, Tensor] = {}

    def add(self, found: Mapping[str, Deviation], loss: Tensor | None = None) -> None:
        """Add one batch; values are detached and accumulated where they are."""
        if loss is not None:
            self._add("loss", torch.stack([loss.detach().double(), loss.new_ones((), dtype=torch.float64)]))
        for name, deviation in found.items():
            values = deviation.values.detach().double().flatten()
            total = torch.stack([values.abs().sum(), values.dot(values), deviation.count.double()])
            self._add(name, total)

    def _add(self, name: str, total: Tensor) -> None:
        if name in self.sums:
            self.sums[name] += total
        else:
            self.sums[name] = total

    def figures(self) -> dict[str, float]:
        """`loss`, `<label>_mae` and `<label>_rmse` in the unit of `unit_of`; labels never met are absent."""
        figures: dict[str, float] = {}
        for name, sums in self.sums.items():
            if name == "loss":
                figures["loss"] = (sums[0] / sums[1]).item()
            elif sums[2] > 0:
                figures[f"{name}_mae"] = (sums[0] / sums[2]).item()
                figures[f"{name}_rmse"] = (sums[1] / sums[2]).sqrt().item()
        return figures

    def state_dict(self) -> dict[str, Tensor]:
        """The sums, by name."""
        return {name: value.clone() for name, value in self.sums.items()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Go on from sums saved earlier."""
        self.sums = {name: value.clone() for name, value in state.items()}


def unit_of(label: str) -> str:
    """Unit in which deviations of a label are counted.

    >>> unit_of("energy"), unit_of("forces")
    ('eV/atom', 'eV/Å')
    """
    row = LABELS[label]
    return f"{row.unit}/atom" if row.extensive else row.unit
