"""The Lightning module: one step of fitting, and everything that a resumed run must remember."""

import math
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import lightning.pytorch as lightning
import torch
from torch import Tensor, nn

from intertwine.data.labels import LABELS
from intertwine.errors import IntertwineError
from intertwine.graph import Graph
from intertwine.train.average import MovingAverage
from intertwine.train.config import TrainingConfig
from intertwine.train.loader import GraphLoader, ReplayLoader
from intertwine.train.losses import deviations, loss, penalty
from intertwine.train.muon import Muon
from intertwine.train.plan import Plan, Schedule
from intertwine.train.tally import Tally


class Fit(lightning.LightningModule):
    """Fits a potential to labels; knows what a model returns, not how it is made.

    Energies, forces and stress come from one call `model(graph, outputs, create_graph=True)`, whether the
    model differentiates or predicts forces directly; the gradient of the loss then runs through the
    derivatives. Averaged weights are validated, and the best of them kept, by a score that does not move when
    the weights of the loss do: the errors of the labels weighted as at the end of the training.

    Args:
        model: called as `model(graph, outputs=…, create_graph=…) -> dict`.
        training: how to fit.
        loader: of the training batches; its place is part of the state.
        labels: which labels to learn.
        spreads: typical size of the labels that are priced by it (see `WeightsConfig`).
        remainder: whether the model has a remainder of charges, which is priced and has no label.
    """

    model: nn.Module

    def __init__(
        self,
        model: nn.Module,
        training: TrainingConfig,
        loader: GraphLoader | ReplayLoader,
        labels: tuple[str, ...],
        spreads: Mapping[str, float] = MappingProxyType({}),
        remainder: bool = False,
    ) -> None:
        super().__init__()
        self.spreads = spreads
        self.logs = nn.ParameterDict()
        if training.balance == "uncertainty":
            self.logs.update({name: nn.Parameter(torch.zeros((), dtype=torch.float64)) for name in labels})
        self.model, self.training_config, self.loader, self.labels = model, training, loader, labels
        self.remainder = remainder
        self.average = MovingAverage(model, training.ema)
        self.plan = Plan(_schedule(training, len(loader)))
        self.penalty = penalty(training.loss, training.huber_delta)
        self.tally, self.validation = Tally(), Tally()
        self.best: dict[str, Any] = {"score": math.inf, "epoch": 0, "weights": {}}
        self.stopped = ""
        self.row: dict[str, float | int] = {}
        self.say: Callable[[str], None] = lambda line: None
        self._ticks: list[float] = []

    def configure_optimizers(self) -> torch.optim.Optimizer:
        training = self.training_config
        learner = nn.ModuleList([self.model, self.logs])
        if training.optimizer == "muon":
            return Muon(learner, lr=training.learning_rate, weight_decay=training.weight_decay)
        kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[training.optimizer]
        return kind(
            learner.parameters(), lr=training.learning_rate, weight_decay=training.weight_decay, fused=True
        )

    def transfer_batch_to_device(self, batch: Graph, device: torch.device, dataloader_idx: int) -> Graph:
        return batch if device.type == "cpu" else batch.to(device)

    def training_step(self, batch: Graph, batch_idx: int) -> Tensor:
        weights = self._weights(self.plan.progress)
        outputs = (*self._outputs(batch), *(("remainder",) if self.remainder else ()))
        predicted = self.model(batch, outputs=outputs, create_graph=True)
        found = deviations(predicted, batch)
        value = loss(found, weights, self.penalty, dict(self.logs.items()))
        if self.remainder:
            price = self.training_config.weights_at(self.plan.progress).remainder
            value = value + price * (predicted["remainder"].square() / batch.counts).mean()
        self.tally.add(found, value)
        if not value.requires_grad:  # nothing in this batch is labelled
            return sum((0.0 * parameter.sum() for parameter in self.model.parameters()), value)
        return value

    def optimizer_step(
        self, epoch: int, batch_idx: int, optimizer: Any, optimizer_closure: Any = None
    ) -> None:
        """Set the rate, step, and let average and plan follow, before any callback sees the batch ended."""
        rate = self.plan.learning_rate
        for group in optimizer.param_groups:
            group["lr"] = rate
        super().optimizer_step(epoch, batch_idx, optimizer, optimizer_closure)
        self.average.update(self.model)
        self.plan.advance()
        self._tick()

    def validation_step(self, batch: Graph, batch_idx: int) -> None:
        self.validation.add(deviations(self.average.model(batch, outputs=self._outputs(batch)), batch))

    def _outputs(self, batch: Graph) -> tuple[str, ...]:
        there = tuple(name for name in self.labels if name in batch.labels)
        return there or tuple(name for name in self.labels[:1] if LABELS[name].per != "bond")

    def _weights(self, progress: float) -> dict[str, float]:
        """Price of every label, in its unit or its square."""
        stage, power = self.training_config.weights_at(progress), self._power
        return {name: stage.of(name) / self.spreads.get(name, 1.0) ** power for name in self.labels}

    @property
    def _power(self) -> int:
        return 1 if self.training_config.loss == "norm" else 2

    def on_train_start(self) -> None:
        if self.plan.step:
            self.say(f"resumed after {self.plan.step} steps, in epoch {self.plan.epochs_done + 1}")
        if self.plan.finished or self.stopped:
            self.trainer.should_stop = True
        self._ticks = [time.monotonic()]

    def on_train_epoch_start(self) -> None:
        self._ticks = [time.monotonic()]

    def on_validation_epoch_end(self) -> None:
        """Close the epoch: figures, best weights, what is left to do."""
        rate = self.trainer.optimizers[0].param_groups[0]["lr"]
        learned, checked = self.tally.figures(), self.validation.figures()
        self._refuse_divergence(learned)
        score = self._score(checked)
        self._keep_best(score)
        pace = self._pace()
        self._tick()
        if news := self.plan.end_epoch(pace):
            self.say(news)
        self.row = {
            "epoch": self.plan.epochs_done,
            "epochs": self.plan.epochs,
            "step": self.plan.step,
            "seconds": round(self.plan.seconds, 3),
            "learning_rate": rate,
            **{f"train_{name}": figure for name, figure in learned.items()},
            **{f"valid_{name}": figure for name, figure in checked.items()},
            "valid_score": score,
            "best_epoch": self.best["epoch"],
        }
        self.tally, self.validation = Tally(), Tally()
        self._stop_if_done()

    def _score(self, checked: Mapping[str, float]) -> float:
        weights = self._weights(1.0)
        found = [
            weights[name] * checked[f"{name}_rmse"] ** self._power
            for name in self.labels
            if f"{name}_rmse" in checked
        ]
        return sum(found) if found else math.nan

    def _keep_best(self, score: float) -> None:
        if score < self.best["score"] or not self.best["weights"]:
            weights = {name: value.clone() for name, value in self.average.model.state_dict().items()}
            self.best = {"score": score, "epoch": self.plan.epochs_done, "weights": weights}

    @property
    def kept(self) -> dict[str, Any]:
        """Epoch and weights of what becomes the model."""
        if self.training_config.keep == "best":
            return self.best
        return {"epoch": self.plan.epochs_done, "weights": self.average.model.state_dict()}

    def _stop_if_done(self) -> None:
        patience = self.training_config.patience
        waited = self.plan.epochs_done - self.best["epoch"]
        if patience is not None and waited >= patience and not self.plan.finished:
            self.stopped = f"no improvement in {waited} epochs"
        if self.stopped or self.plan.finished:
            self.trainer.should_stop = True

    def _refuse_divergence(self, learned: Mapping[str, float]) -> None:
        if not math.isfinite(learned.get("loss", 0.0)):
            raise IntertwineError(
                f"training diverged in epoch {self.plan.epochs_done}: the loss is {learned['loss']}; do: "
                f"lower training.learning_rate (now {self.training_config.learning_rate:g}) or training.clip"
            )

    def _tick(self) -> None:
        self._ticks.append(time.monotonic())
        self.plan.seconds += self._ticks[-1] - self._ticks[-2]

    def _pace(self) -> float:
        """Seconds of an epoch like this one, its first step (which warms up) left out where it can be."""
        steps = self._ticks[1:] if len(self._ticks) > 2 else self._ticks
        each = (steps[-1] - steps[0]) / max(1, len(steps) - 1)
        return max(1e-9, each * len(self.loader) + time.monotonic() - self._ticks[-1])

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["fit"] = {
            "loader": self.loader.state_dict(),
            "plan": self.plan.state_dict(),
            "tally": self.tally.state_dict(),
            "best": self.best,
            "stopped": self.stopped,
            "generator": torch.get_rng_state(),
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        state = checkpoint["fit"]
        self.loader.load_state_dict(state["loader"])
        self.plan.load_state_dict(state["plan"])
        self.tally.load_state_dict(state["tally"])
        self.best, self.stopped = state["best"], state["stopped"]
        torch.set_rng_state(state["generator"])

    @property
    def healthy(self) -> bool:
        """Whether the loss of this epoch is finite so far: no other state is worth keeping."""
        return math.isfinite(self.tally.figures().get("loss", 0.0))


def _schedule(training: TrainingConfig, steps: int) -> Schedule:
    return Schedule(
        epochs=training.epochs,
        steps=steps,
        learning_rate=training.learning_rate,
        shape=training.schedule,
        warmup=training.warmup,
        max_seconds=None if training.max_minutes is None else 60.0 * training.max_minutes,
    )
