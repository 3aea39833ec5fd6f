"""How long to train and how fast to learn: a schedule that ends at zero when the time is up."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Shape = Literal["cosine", "linear", "constant"]

OVERRUN = 1.2
"""A plan is kept unless it would run past the budget by this factor, or leave as much of it unused."""


@dataclass(frozen=True)
class Schedule:
    """The constants of a plan.

    Args:
        epochs: at most this many.
        steps: optimiser steps in an epoch.
        learning_rate: at the top.
        shape: of the descent to zero; "constant" stays at the top.
        warmup: epochs of linear rise; the descent starts after it, and never within the first epoch, so that
            a first epoch can be timed before the number of epochs is fixed.
        max_seconds: budget, or None.
    """

    epochs: int
    steps: int
    learning_rate: float
    shape: Shape = "cosine"
    warmup: float = 1.0
    max_seconds: float | None = None

    @property
    def rise(self) -> int:
        """Steps of warming up; a single epoch spares a tenth of itself for it."""
        return round(self.steps * (self.warmup if self.epochs > 1 else min(self.warmup, 0.1)))

    @property
    def hold(self) -> int:
        """Steps before the descent starts."""
        return max(self.rise, self.steps) if self.epochs > 1 else self.rise

    def factor(self, step: int, progress: float) -> float:
        """Learning rate over its top value at a step, when `progress` of the descent is done."""
        risen = min(1.0, (step + 1) / max(1, self.rise))
        if self.shape == "cosine":
            return risen * 0.5 * (1.0 + math.cos(math.pi * progress))
        return risen * (1.0 - progress if self.shape == "linear" else 1.0)


class Plan:
    """Where a run stands on its schedule: steps taken, part done, epochs still meant, seconds spent.

    Time never enters the learning rate itself. After the first epoch its measured pace sets the number of
    epochs that the budget allows; that number is state, so a run that is killed and resumed follows the same
    schedule as one that is not, and a run repeated with `epochs` set to it needs no clock at all. Only if the
    pace changes so much that the budget would be missed by a fifth is the rest of the descent planned anew.

    >>> plan = Plan(Schedule(epochs=3, steps=2, learning_rate=1.0, shape="linear", warmup=0.0))
    >>> rates = []
    >>> for _ in range(6):
    ...     rates.append(plan.learning_rate)
    ...     plan.advance()
    >>> rates, plan.progress
    ([1.0, 1.0, 1.0, 0.75, 0.5, 0.25], 1.0)
    """

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.step = 0
        self.progress = 0.0
        self.epochs = schedule.epochs
        self.seconds = 0.0

    @property
    def learning_rate(self) -> float:
        """For the step that comes."""
        return self.schedule.learning_rate * self.schedule.factor(self.step, self.progress)

    @property
    def epochs_done(self) -> int:
        """Whole epochs of steps taken."""
        return self.step // self.schedule.steps

    @property
    def finished(self) -> bool:
        """Whether every epoch that was meant is done."""
        return self.epochs_done >= self.epochs

    def advance(self) -> None:
        """One step was taken: the descent covers its share of what is left of it."""
        if self.step >= self.schedule.hold:
            left = self.epochs * self.schedule.steps - self.step
            self.progress += (1.0 - self.progress) / max(1, left)
        self.step += 1

    def end_epoch(self, pace: float) -> str | None:
        """Settle the number of epochs when an epoch is over.

        Args:
            pace: seconds that an epoch takes.

        Returns:
            What changed, for the log; None if nothing did.
        """
        budget = self.schedule.max_seconds
        if budget is None or self.finished:
            return None
        done = self.epochs_done
        possible = min(self.schedule.epochs, max(done, done + math.floor((budget - self.seconds) / pace)))
        end = self.seconds + pace * (self.epochs - done)
        if possible == self.epochs or not (done == 1 or end > OVERRUN * budget or end < budget / OVERRUN):
            return None
        self.epochs = possible
        return f"{pace:.3g} s per epoch: {possible} epochs fit into {budget / 60:.4g} min"

    def state_dict(self) -> dict[str, Any]:
        """All that changes."""
        return {name: getattr(self, name) for name in ("step", "progress", "epochs", "seconds")}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state saved earlier."""
        for name, value in self.state_dict().items():
            setattr(self, name, type(value)(state[name]))
