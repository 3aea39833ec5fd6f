"""A model of one task: a view of the particles, the planar encoder, and one equivariant map to the answer."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final

import numpy as np
import torch
from jaxtyping import Float, Float64
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from intertwine.apps.jets.clouds import View, look, view_of
from intertwine.apps.jets.events import Events
from intertwine.apps.jets.tasks import Task, find_task
from intertwine.encoders import PlanarCloud, PlanarEncoder, PlanarSpec
from intertwine.errors import InputError
from intertwine.nn.schur_linear import SchurLinear
from intertwine.ops.planar import gather_products

PRESETS: Final[Mapping[str, Mapping[str, int]]] = MappingProxyType(
    {
        "small": {"orders": 3, "width": 32, "functions": 16, "heads": 2, "channels": 16, "rounds": 2},
        "medium": {"orders": 4, "width": 64, "functions": 24, "heads": 4, "channels": 32, "rounds": 3},
        "large": {"orders": 6, "width": 128, "functions": 32, "heads": 6, "channels": 64, "rounds": 4},
    }
)
"""Sizes by name."""


class JetSpec(BaseModel):
    """All that makes a `JetModel`, its weights apart."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str
    """By the names of `tasks.TASKS`."""
    view: View
    encoder: PlanarSpec
    scale: Annotated[float, Field(gt=0)] = 1.0
    """Size of an answer, in its unit."""


def spec_for(
    events: Events,
    task: str,
    *,
    group: str = "SO(2)",
    preset: str = "small",
    infrared_safe: bool = False,
    boost_invariant: bool = False,
    sizes: Mapping[str, int] | None = None,
) -> JetSpec:
    """The specification of a model for events like these.

    Args:
        events: to be trained on; they set scales, and say what is known of particles.
        task: by name.
        group: SO(2) or O(2).
        preset: by the names of `PRESETS`.
        infrared_safe: see `PlanarEncoder`.
        boost_invariant: see `View`.
        sizes: of the encoder, instead of those of the preset.

    Raises:
        InputError: an unknown task, group or preset, or events that do not say what is asked.

    >>> from intertwine.apps.jets.flow import FlowPlan, flow_events
    >>> spec_for(flow_events(FlowPlan(10)), "event-plane-3").encoder.orders
    3
    """
    if preset not in PRESETS:
        raise InputError(f"no preset '{preset}'", accepted=", ".join(PRESETS))
    if group not in ("SO(2)", "O(2)"):
        raise InputError(f"no group '{group}' of a plane", accepted="SO(2), O(2)")
    asked = find_task(task)
    truth = asked.truth(events)
    view = view_of(events, asked.frame, infrared_safe, boost_invariant)
    encoder = PlanarSpec.model_validate(
        {**PRESETS[preset], "group": group, "scalars": view.scalars, "infrared_safe": infrared_safe,
         "particles": max(float(events.counts.mean()) if len(events) else 1.0, 1.0), **(sizes or {})}
    )  # fmt: skip
    scale = float(np.sqrt((truth**2).mean())) if asked.measure == "vector" and len(truth) else 1.0
    return JetSpec(task=asked.name, view=view, encoder=encoder, scale=scale or 1.0)


class JetModel(nn.Module):
    """Answers to one task, exactly equivariant: turn the event, and the answer turns with it.

        answer = scale · W PlanarEncoder(view(event)),    of a vector + W′ Σ_i pT_i,  W′ = −1 at first

    with W a `SchurLinear` to the one irrep of the task. What is learned of a vector is how far the sum of all
    that is seen does not balance it. An event without particles gets the answer zero: no vector, no
    direction, even odds.

    Args:
        spec: task, view and sizes.

    >>> from intertwine.apps.jets.flow import FlowPlan, flow_events
    >>> events = flow_events(FlowPlan(4))
    >>> JetModel(spec_for(events, "event-plane-2")).answer(events).shape
    (4, 2)
    """

    def __init__(self, spec: JetSpec) -> None:
        super().__init__()
        self.spec = spec
        self.encoder = PlanarEncoder(spec.encoder)
        self.head = SchurLinear(
            self.encoder.irreps, self.task.irreps(spec.encoder.group), self.encoder.channels, 1
        )
        self.balance = None
        if self.task.measure == "vector":
            answer = self.head.irreps_out
            recoil = -spec.view.unit / spec.scale * torch.eye(answer.dim)
            self.balance = SchurLinear(answer, answer, 1, 1).fit(recoil[:, None, :, None])

    @property
    def task(self) -> Task:
        """What is asked."""
        return find_task(self.spec.task)

    def forward(self, cloud: PlanarCloud) -> Float[Tensor, "events rows"]:
        """The answers in units of `scale`."""
        answer = self.head(self.encoder(cloud))
        if self.balance is not None:
            answer = answer + self.balance(
                gather_products(cloud.direction, cloud.weight[:, None], cloud.counts)
            )
        return answer.squeeze(-1)

    @torch.no_grad()
    def answer(self, events: Events, batch: int = 256) -> Float64[np.ndarray, "events rows"]:
        """The answers, in the unit of the task: vectors, directions of length κ, numbers, log odds.

        Args:
            events: any, also without particles.
            batch: events at once.

        Raises:
            InputError: the events lack a column that the model was trained with.
        """
        clouds = look(events, self.spec.view, next(self.parameters()).dtype)
        chosen = np.array_split(np.arange(len(events)), max(1, -(-len(events) // batch)))
        answers = [self(clouds.batch(part)) for part in chosen if len(part)]
        rows = self.head.irreps_out.dim
        found = torch.cat(answers) if answers else torch.zeros(0, rows)
        return self.spec.scale * found.double().numpy()

    def linear_maps(self) -> dict[str, SchurLinear]:
        """Every linear map between features of orders m, by its name in the model."""
        return {name: module for name, module in self.named_modules() if isinstance(module, SchurLinear)}

    def header(self) -> dict[str, Any]:
        """The specification as JSON holds it."""
        return self.spec.model_dump(mode="json")
