"""What can be learned of an event: a number, a vector, or a direction, each an irrep of the plane."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from intertwine.apps.jets.events import Events
from intertwine.errors import InputError, nearest
from intertwine.groups import Irreps, get_group

Measure = Literal["vector", "direction", "number", "class"]


@dataclass(frozen=True)
class Task:
    """One question to an event.

    Args:
        name: of the task.
        order: m of the answer under turns.
        measure: how an answer is judged: a vector and a number by the mean square error, a direction by the
            von Mises likelihood, a class by the cross entropy.
        frame: turns about the beam, or about the axis of the jet.
        truth: what is asked for.
        about: for the help.
        odd: whether mirrors reverse an answer with m = 0.
        unit: of the answer.
    """

    name: str
    order: int
    measure: Measure
    frame: Literal["beam", "jet"]
    truth: Callable[[Events], Float64[np.ndarray, "events rows"]]
    about: str
    odd: bool = False
    unit: str = "1"

    def irreps(self, group: str) -> Irreps:
        """Of the answer.

        >>> find_task("met").irreps("SO(2)"), find_task("parity-odd").irreps("O(2)")
        (1x1, 1x0o)
        """
        label = str(self.order)
        if group == "O(2)" and self.order == 0:
            label = "0o" if self.odd else "0e"
        return Irreps(label, get_group(group))

    def loss(
        self, answer: Float[Tensor, "events rows"], truth: Float[Tensor, "events rows"]
    ) -> Float[Tensor, ""]:
        """Mean over the events; answer and truth in the same unit of size one."""
        if self.measure == "class":
            return torch.nn.functional.binary_cross_entropy_with_logits(answer, truth)
        if self.measure == "direction":
            return von_mises_loss(answer, truth)
        return (answer - truth).square().sum(dim=1).mean()


def von_mises_loss(answer: Float[Tensor, "events 2"], truth: Float[Tensor, "events 2"]) -> Float[Tensor, ""]:
    """−log of the von Mises density of the true angle, up to log 2π: log I₀(κ) − v·u, κ = |v|.

    The answer v is a direction, and its length says how sure it is.

    >>> abs(von_mises_loss(torch.zeros(1, 2), torch.tensor([[1.0, 0.0]])).item()) < 1e-6
    True
    """
    length = (answer.square().sum(dim=1) + 1e-24).sqrt()
    log_bessel = torch.special.i0e(length).log() + length
    return (log_bessel - (answer * truth).sum(dim=1)).mean()


def _waves(angle: np.ndarray, order: int) -> np.ndarray:
    return np.stack([np.cos(order * angle), np.sin(order * angle)], axis=1)


def _event_plane(order: int) -> Task:
    return Task(
        f"event-plane-{order}",
        order,
        "direction",
        "beam",
        lambda events: _waves(events.known("psi")[:, order - 1], order),
        f"direction of Ψ{order}, a vector of order m = {order}",
    )


TASKS: Final[Mapping[str, Task]] = MappingProxyType(
    {
        task.name: task
        for task in (
            Task(
                "met", 1, "vector", "beam", lambda events: events.known("neutrino"),
                "transverse momentum of the neutrinos, m = 1", unit="GeV",
            ),
            *(_event_plane(order) for order in (1, 2, 3)),
            Task(
                "decay-plane", 2, "direction", "jet",
                lambda events: _waves(events.known("decay_plane"), 2),
                "azimuth of the W's quark axis about the jet axis, m = 2",
            ),
            Task(
                "parity-odd", 0, "number", "beam",
                lambda events: np.sin(2 * (events.known("psi")[:, :1] - events.known("psi")[:, 1:2])),
                "sin 2(Ψ1 − Ψ2), m = 0, reversed by mirrors", odd=True,
            ),
            Task(
                "tag", 0, "class", "jet", lambda events: events.known("label")[:, None],
                "signal or background, m = 0",
            ),
        )
    }
)  # fmt: skip


def find_task(name: str) -> Task:
    """The task of a name; `event-plane` alone is that of order 2.

    Raises:
        InputError: no such task.

    >>> find_task("event-plane").order
    2
    """
    name = "event-plane-2" if name == "event-plane" else name
    if name not in TASKS:
        near = nearest(name, TASKS)
        raise InputError(
            f"no task '{name}'", accepted=", ".join(TASKS), fix=f"did you mean {near}?" if near else None
        )
    return TASKS[name]
