"""A page and a JSON of a model's answers: how good they are, where, and why nothing else was possible."""

import datetime
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float64

from intertwine import __version__
from intertwine.apps.jets import figures
from intertwine.apps.jets.clouds import look
from intertwine.apps.jets.events import Events
from intertwine.apps.jets.network import JetModel
from intertwine.apps.jets.scores import Score, gain, rejection, score
from intertwine.apps.page import Listing, Number, Page, Picture, Section
from intertwine.apps.report import write_page
from intertwine.apps.style import svg
from intertwine.data import replacing
from intertwine.ops.planar import planar_harmonics
from intertwine.typing import PathLike

MEANINGS = {
    "vector": "Root mean square error of a component, and the answer along the truth over its size.",
    "direction": "An answer's length κ says how sure it is; I₁(κ)/I₀(κ) is the resolution that promises.",
    "number": "Answer against truth, event by event.",
    "class": "Background events per one that passes, by the share of the signal that passes.",
}


@dataclass(frozen=True, eq=False)
class JetReport:
    """What a model answers to events, beside the plain sum over their particles.

    Args:
        model: trained.
        events: that it has not seen, with their truth.
    """

    model: JetModel
    events: Events

    @cached_property
    def truth(self) -> Float64[np.ndarray, "events rows"]:
        """What is true."""
        return self.model.task.truth(self.events)

    @cached_property
    def answers(self) -> dict[str, Float64[np.ndarray, "events rows"]]:
        """By the name of who gives them."""
        task, found = self.model.task, {"model": self.model.answer(self.events)}
        if task.order:
            found["sum of particles"] = plain_sum(self.model, self.events)
        elif task.measure == "class" and "soft_drop_mass" in self.events.truth:
            mass = self.events.truth["soft_drop_mass"]
            found["soft drop mass"] = -np.abs(np.log(np.maximum(mass, 1.0) / 173.0))[:, None]
        return found

    @cached_property
    def scores(self) -> dict[str, Score]:
        """Of each."""
        return {name: score(self.model.task, answer, self.truth) for name, answer in self.answers.items()}

    @cached_property
    def turned(self) -> float:
        """Largest breach of equivariance on 100 events turned by 1 rad, float64, over the largest answer."""
        return equivariance_error(self.model, self.events[:100], 1.0)

    def to_json(self) -> dict[str, Any]:
        """Everything, with units."""
        task = self.model.task
        told: dict[str, Any] = {
            "intertwine": __version__,
            "date": f"{datetime.date.today():%Y-%m-%d}",
            "task": task.name,
            "unit": task.unit,
            "events": len(self.events),
            "scores": {name: asdict(each) for name, each in self.scores.items()},
            "equivariance_error": self.turned,
            "model": self.model.header(),
        }
        for name, answer in list(self.answers.items())[1:]:
            told[f"model less {name}"] = gain(task, self.answers["model"], answer, self.truth)
        if task.measure == "class":
            told["rejection"] = {
                name: {f"{e:g}": rejection(answer, self.truth, e) for e in (0.3, 0.5, 0.7)}
                for name, answer in self.answers.items()
            }
        return told

    def page(self) -> Page:
        """As a page."""
        task, model, best = self.model.task, self.model, self.scores["model"]
        numbers = (
            Number(best.name, f"{best.value:.4g}", best.unit, f"95 %: {best.low:.4g} to {best.high:.4g}"),
            Number("Events", f"{len(self.events)}"),
            Number("Breach of symmetry", f"{self.turned:.0e}", "", "turned by 1 rad", self.turned < 1e-12),
        )
        rows = tuple(
            (name, f"{each.value:.4g}", f"{each.low:.4g}", f"{each.high:.4g}")
            for name, each in self.scores.items()
        )
        table = Listing(("answer", f">{best.name} {best.unit}".strip(), ">from", ">to (95 %)"), rows)
        judged = Picture(svg(figures.judged(task, self.answers, self.truth)), f"how good: {task.about}")
        sections = [Section("Accuracy", (MEANINGS[task.measure],), (table, judged))]
        if len(self.events):
            picture = figures.displays(task, self.events, self.answers["model"], self.truth)
            across = "the axis of the jet" if task.frame == "jet" else "the beam"
            sections.append(
                Section(
                    "Events", (f"Seen along {across}.",), (Picture(svg(picture), "particles, answer, truth"),)
                )
            )
        layer = next(m for m in model.linear_maps().values() if m.irreps_in == m.irreps_out)
        words = (
            "Schur's lemma: a linear map that commutes with every turn sends each order m only to itself. "
            "This is the whole matrix of one trained layer; outside the blocks stand no weights at all."
        )
        sections.append(
            Section("Weights", (words,), (Picture(svg(figures.weights(layer)), "blocks of m", wide=False),))
        )
        source = self.events.about.get("process", "these")
        lead = (
            f"{task.about[0].upper()}{task.about[1:]}, from {source} events. "
            f"Turn the event, and the answer turns with it, for all weights ({model.spec.encoder.group})."
        )
        foot = (f"Intertwine {__version__}, {datetime.date.today():%Y-%m-%d}.",)
        return Page(f"Collisions: {task.name}", lead, numbers, None, tuple(sections), foot)

    def write(self, folder: PathLike) -> tuple[Path, Path]:
        """Write `evaluation.json` and `evaluation.html` into a folder, and return both."""
        folder = Path(folder)
        file = folder / "evaluation.json"
        with replacing(file) as scratch:
            scratch.write_text(json.dumps(self.to_json(), indent=1, ensure_ascii=False), encoding="utf-8")
        return file, write_page(self.page(), folder / "evaluation.html")


def plain_sum(model: JetModel, events: Events) -> Float64[np.ndarray, "events 2"]:
    """What no training is needed for: minus the sum of all momenta; of a plane Σ pT e^{imφ}."""
    task, clouds = model.task, look(events, model.spec.view, torch.float64)
    harmonics = planar_harmonics(clouds.direction, max(task.order, 1))[:, 2 * task.order - 1 :].numpy()
    total = np.zeros((len(events), 2))
    np.add.at(total, events.event, events.pt[:, None] * harmonics)
    return -total if task.measure == "vector" else total


def equivariance_error(model: JetModel, events: Events, angle: float) -> float:
    """Largest difference of the answer turned and the answer to the event turned, over the largest answer.

    In float64; about the beam or, for jets, about their axis.
    """
    exact = JetModel(model.spec).double()
    exact.load_state_dict(model.state_dict())
    cloud = look(events, model.spec.view, torch.float64).batch(np.arange(len(events)))
    c, s = np.cos(angle), np.sin(angle)
    turn = torch.tensor([[c, s], [-s, c]], dtype=torch.float64)
    m = model.task.order
    c, s = np.cos(m * angle), np.sin(m * angle)
    expected = torch.tensor([[c, s], [-s, c]] if m else [[1.0]], dtype=torch.float64)
    with torch.no_grad():
        answer = exact(cloud) @ expected
        turned = exact(type(cloud)(cloud.direction @ turn, cloud.scalars, cloud.weight, cloud.counts))
    largest = float(answer.abs().max()) if len(events) else 0.0
    return float((turned - answer).abs().max()) / largest if largest else 0.0
