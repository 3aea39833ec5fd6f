"""`certify`: try every law on a model and write down what came out."""

import dataclasses
import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from intertwine.data import Structure
from intertwine.errors import InputError
from intertwine.testing.identity import model_card
from intertwine.testing.interface import Potential
from intertwine.testing.law import LawResult, Omission
from intertwine.testing.laws import LAWS
from intertwine.testing.trial import prepare
from intertwine.typing import PathLike

Progress = Callable[[str, int, int], None]

FORMAT = 1
"""Version of the JSON layout."""


@dataclass(frozen=True)
class Certificate:
    """Which laws a model keeps: one `LawResult` per claim, and the identity of the model.

    Args:
        lines: claims with figure, tolerance and verdict, in the order of `LAWS`.
        omitted: claims that do not apply to this model, with the reason.
        model: identity of the model (see `model_card`): weights hash, species, cutoff, versions, date.
        seed: of all randomness.
        seconds: wall time of the whole.

    `rich.print(certificate.table())` shows it in a terminal.
    """

    lines: tuple[LawResult, ...]
    omitted: tuple[Omission, ...]
    model: Mapping[str, Any]
    seed: int
    seconds: float

    @property
    def passed(self) -> bool:
        """True when every line is kept."""
        return all(line.passed for line in self.lines)

    @property
    def broken(self) -> tuple[LawResult, ...]:
        """The lines that are not kept."""
        return tuple(line for line in self.lines if not line.passed)

    @property
    def families(self) -> dict[str, tuple[LawResult, ...]]:
        """Lines by family, both in the order of the certificate."""
        names = dict.fromkeys(line.family for line in self.lines)
        return {name: tuple(line for line in self.lines if line.family == name) for name in names}

    @property
    def summary(self) -> str:
        """One sentence: how many laws are kept, and which are not."""
        kept = f"{len(self.lines) - len(self.broken)} of {len(self.lines)} laws kept in {self.seconds:.0f} s"
        return kept + (f"; broken: {', '.join(line.name for line in self.broken)}" if self.broken else "")

    @property
    def not_applicable(self) -> dict[str, tuple[str, ...]]:
        """Names of the lines omitted, by the reason why."""
        reasons = dict.fromkeys(item.reason for item in self.omitted)
        return {why: tuple(item.line for item in self.omitted if item.reason == why) for why in reasons}

    def __getitem__(self, name: str) -> LawResult:
        """The line of that name, such as `"rotation.energy"`."""
        for line in self.lines:
            if line.name == name:
                return line
        raise KeyError(name)

    def to_dict(self) -> dict[str, Any]:
        """The certificate as plain JSON values; a figure that is no finite number becomes null."""
        lines = [dataclasses.asdict(line) for line in self.lines]
        for line in lines:
            line["figure"] = line["figure"] if math.isfinite(line["figure"]) else None
        return {
            "format": FORMAT,
            "passed": self.passed,
            "summary": self.summary,
            "model": dict(self.model),
            "seed": self.seed,
            "seconds": round(self.seconds, 3),
            "lines": lines,
            "omitted": [omission._asdict() for omission in self.omitted],
        }

    def to_json(self, path: PathLike | None = None) -> str:
        """JSON text; written to `path` too when one is given."""
        return _written(json.dumps(self.to_dict(), indent=1, allow_nan=False, default=str), path)

    def to_html(self, path: PathLike | None = None) -> str:
        """A self-contained page (light, dark, print); written to `path` too when one is given."""
        from intertwine.testing.page import render

        return _written(render(self), path)

    @classmethod
    def from_json(cls, text: str) -> "Certificate":
        """Read back what `to_json` wrote.

        Raises:
            InputError: no certificate, or one of a later format.
        """
        try:
            data = json.loads(text)
            lines = [
                {**line, "figure": math.nan if line["figure"] is None else line["figure"]}
                for line in data["lines"]
            ]
            results = tuple(LawResult(**line) for line in lines)
            omitted = tuple(Omission(**item) for item in data["omitted"])
            found = data["format"]
        except (ValueError, KeyError, TypeError) as error:
            raise InputError("this is not a certificate", got=error, accepted="what to_json wrote") from None
        if found != FORMAT:
            raise InputError("this certificate has another format", got=found, accepted=FORMAT)
        return cls(results, omitted, data["model"], data["seed"], data["seconds"])

    def table(self) -> Table:
        """The certificate for a terminal, by rich."""
        table = Table(
            title=f"Certificate: {self.summary}", title_justify="left", box=SIMPLE_HEAD, pad_edge=False
        )
        table.add_column("")
        table.add_column("claim")
        table.add_column("measured", justify="right", no_wrap=True)
        table.add_column("tolerance")
        for family, lines in self.families.items():
            table.add_section()
            table.add_row("", f"[bold]{family}[/bold]", "", "")
            for line in lines:
                mark = "[green]✓[/green]" if line.passed else "[red]✗[/red]"
                place = f" [dim]{escape(line.where)}[/dim]" if line.where and not line.passed else ""
                table.add_row(
                    mark,
                    escape(line.claim) + place,
                    f"{line.figure:.2g}",
                    f"≤ {line.tolerance:g} {line.unit}",
                )
        return table


def certify(
    model: Potential,
    structures: Sequence[Structure] | None = None,
    *,
    seed: int = 0,
    budget: float = 20.0,
    progress: Progress | None = None,
) -> Certificate:
    """Try every law on a model.

    The laws are tried on a molecule, a wire, a slab, a triclinic bulk and a one-atom cell made from the
    species of the model, and on up to two of the structures given (drawn by seed, up to 100 atoms each); the
    free run starts from one of them. Tensors are tried on crystals of twelve point groups besides. Laws of
    what a model does not have (an energy, other tensors, a response to a field) are omitted. Laws that hold
    exactly are tried on a float64 copy of the model, so the model itself is never changed; float32 has lines
    of its own.

    Args:
        model: any `Potential`, ours or not.
        structures: real ones, for instance of the test set.
        seed: of all randomness; the same seed gives the same figures, but for the length of the free run.
        budget: seconds to spend, roughly; less than 10 shortens the free run below what a drift needs.
        progress: called with (name of the law, laws done, laws in all) before each law and at the end.

    Raises:
        InputError: no `Potential`, or a structure with elements that the model does not know.

    >>> from intertwine.testing import MorsePotential
    >>> certificate = certify(MorsePotential(), budget=2.0)
    >>> certificate.passed, certificate["rotation.energy"].unit
    (True, 'eV')
    """
    start = time.perf_counter()
    trial = prepare(model, structures, seed=seed, budget=budget)
    lines: list[LawResult] = []
    omitted: list[Omission] = []
    for done, law in enumerate(LAWS):
        if progress is not None:
            progress(law.name, done, len(LAWS))
        results, left_out = law.results(trial)
        lines += results
        omitted += left_out
    if progress is not None:
        progress("", len(LAWS), len(LAWS))
    seconds = time.perf_counter() - start
    return Certificate(tuple(lines), tuple(omitted), model_card(model), seed, seconds)


def _written(text: str, path: PathLike | None) -> str:
    if path is not None:
        Path(path).write_text(text, encoding="utf-8")
    return text
