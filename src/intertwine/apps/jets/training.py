"""Fitting a model to events: batches, a schedule, the best weights on events held out; may stop and go on."""

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from intertwine.apps.jets.clouds import Clouds, look
from intertwine.apps.jets.events import Events
from intertwine.apps.jets.network import JetModel, JetSpec
from intertwine.data import replacing
from intertwine.errors import InputError, IntertwineError

Observer = Callable[[int, int, float, float], None]
FORMAT = "intertwine jets training"


@dataclass(frozen=True)
class FitPlan:
    """How to fit.

    Args:
        epochs: times that every event is seen, at most.
        batch: events per step.
        rate: largest learning rate; it rises for a twentieth of the steps and falls along a cosine.
        decay: of the weights, per step and rate (AdamW).
        valid: share of the events held out to choose the best weights.
        minutes: on the clock, after which no epoch begins; 0 for no limit.
        seed: of the first weights, the split and the order of events.

    Raises:
        InputError: numbers with which nothing can be fitted.
    """

    epochs: int = 30
    batch: int = 64
    rate: float = 3e-3
    decay: float = 0.3
    valid: float = 0.1
    minutes: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.epochs, self.batch) < 1 or self.rate <= 0 or not 0 < self.valid < 1:
            raise InputError(
                "this plan fits nothing",
                got=f"epochs {self.epochs}, batch {self.batch}, rate {self.rate}, valid {self.valid}",
                accepted="epochs and batch from 1, rate above 0, valid between 0 and 1",
            )


@dataclass(frozen=True, eq=False)
class Fit:
    """What came of a fit.

    Args:
        model: with the best weights.
        curve: loss on training and on held-out events after each epoch.
        best: the epoch of the best weights.
        train, valid: numbers of the events fitted to and held out.
        seconds: of CPU.
    """

    model: JetModel
    curve: list[tuple[float, float]]
    best: int
    train: np.ndarray
    valid: np.ndarray
    seconds: float


def fit_jets(
    events: Events,
    spec: JetSpec,
    plan: FitPlan | None = None,
    *,
    state: Path | None = None,
    resume: bool = False,
    observe: Observer | None = None,
) -> Fit:
    """Fit a model to events.

    Args:
        events: to be split into those fitted to and those held out.
        spec: of the model.
        plan: how.
        state: file for the state after each epoch, to be resumed from.
        resume: go on from `state`; the result is that of a training which was not interrupted.
        observe: called with (epoch, epochs, loss, loss on held-out events).

    Raises:
        InputError: too few events, or a state of another training.
        IntertwineError: the loss is no number any more.
    """
    plan = plan or FitPlan()
    if len(events) < 2:
        raise InputError("too few events to fit", got=len(events), accepted="at least 2")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(plan.seed)
        model = JetModel(spec)
    order = np.random.default_rng(plan.seed).permutation(len(events))
    held = min(max(1, round(plan.valid * len(events))), len(events) - 1)
    run = _Run(model, events, plan, train=order[held:], valid=order[:held])
    if resume:
        if state is None:
            raise InputError("nothing to resume from", fix="name the state of the training")
        run.load(state)
    begun, wall = time.process_time(), time.monotonic()
    while run.epoch < plan.epochs and not (plan.minutes and time.monotonic() - wall > 60 * plan.minutes):
        run.step()
        if not math.isfinite(sum(run.curve[-1])):
            raise IntertwineError("the training diverged; do: lower --rate")
        if state is not None:
            run.save(state)
        if observe is not None:
            observe(run.epoch, plan.epochs, *run.curve[-1])
    model.load_state_dict(run.best_weights)
    spent = time.process_time() - begun
    return Fit(model.eval().requires_grad_(False), run.curve, run.best, run.train, run.valid, spent)


class _Run:
    """A training between two epochs."""

    def __init__(
        self, model: JetModel, events: Events, plan: FitPlan, train: np.ndarray, valid: np.ndarray
    ) -> None:
        self.model, self.plan, self.train, self.valid = model, plan, train, valid
        self.clouds: Clouds = look(events, model.spec.view)
        self.truth = torch.from_numpy(model.task.truth(events) / model.spec.scale).float()
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=plan.rate, weight_decay=plan.decay)
        self.epoch, self.best, self.curve = 0, 0, []
        self.best_weights = self._weights()

    def _weights(self) -> dict[str, torch.Tensor]:
        return {name: value.detach().clone() for name, value in self.model.state_dict().items()}

    def step(self) -> None:
        """One epoch."""
        order = np.random.default_rng([self.plan.seed, self.epoch]).permutation(self.train)
        batches = np.array_split(order, max(1, round(len(order) / self.plan.batch)))
        total = 0.0
        for number, chosen in enumerate(batches):
            self._schedule((self.epoch * len(batches) + number) / (self.plan.epochs * len(batches)))
            loss = self._loss(chosen)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
            self.optimizer.step()
            total += float(loss.detach()) * len(chosen)
        with torch.no_grad():
            parts = np.array_split(self.valid, -(-len(self.valid) // 256))
            held = sum(float(self._loss(part)) * len(part) for part in parts) / len(self.valid)
        self.epoch += 1
        self.curve.append((total / len(order), held))
        if held <= min(past for _, past in self.curve):
            self.best, self.best_weights = self.epoch, self._weights()

    def _schedule(self, progress: float) -> None:
        rate = self.plan.rate * min(1.0, 20 * progress + 0.01) * (0.5 + 0.5 * math.cos(math.pi * progress))
        for group in self.optimizer.param_groups:
            group["lr"] = rate

    def _loss(self, chosen: np.ndarray) -> torch.Tensor:
        answer = self.model(self.clouds.batch(chosen))
        return self.model.task.loss(answer, self.truth[torch.from_numpy(chosen)])

    def _identity(self) -> dict[str, Any]:
        """What two trainings must share to be one."""
        plan = asdict(self.plan) | {"minutes": 0}
        return {"spec": self.model.header(), "plan": plan, "events": len(self.train) + len(self.valid)}

    def save(self, path: Path) -> None:
        """Weights, the best ones and the optimiser's averages, as one safetensors file."""
        names = [name for name, _ in self.model.named_parameters()]
        tensors = {f"now/{name}": value for name, value in self._weights().items()}
        tensors |= {f"best/{name}": value for name, value in self.best_weights.items()}
        for number, kept in self.optimizer.state_dict()["state"].items():
            tensors |= {f"adam/{names[number]}/{key}": torch.as_tensor(kept[key]).clone() for key in kept}
        header = {"epoch": self.epoch, "best": self.best, "curve": self.curve, "training": self._identity()}
        with replacing(path) as scratch:
            scratch.write_bytes(save(tensors, metadata={"format": FORMAT, "intertwine": json.dumps(header)}))

    def load(self, path: Path) -> None:
        """Take up a training where `save` left it."""
        if not path.is_file():
            raise InputError(f"no training to resume at '{path}'", fix="leave out --resume")
        try:
            with safe_open(path, framework="pt") as file:
                raw = file.metadata() or {}
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except SafetensorError as error:
            raise InputError(f"'{path}' is not the state of a training", got=error) from error
        header = json.loads(raw.get("intertwine", "{}"))
        if raw.get("format") != FORMAT or header.get("training") != json.loads(json.dumps(self._identity())):
            raise InputError(
                f"'{path}' is the state of another training",
                fix="repeat all its options and events, or leave out --resume",
            )
        part = lambda kind: {n[len(kind) :]: v for n, v in tensors.items() if n.startswith(kind)}  # noqa: E731
        self.model.load_state_dict(part("now/"))
        self.best_weights = part("best/")
        names = [name for name, _ in self.model.named_parameters()]
        adam = part("adam/")
        state = {
            number: {key: adam[f"{name}/{key}"] for key in ("step", "exp_avg", "exp_avg_sq")}
            for number, name in enumerate(names)
            if f"{name}/step" in adam
        }
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": state})
        self.epoch, self.best = header["epoch"], header["best"]
        self.curve = [(float(train), float(held)) for train, held in header["curve"]]
