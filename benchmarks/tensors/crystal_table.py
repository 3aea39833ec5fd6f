"""All scores of one road through all folds, and the table of all roads."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from benchmarks.tensors.crystal_data import CrystalSet
from benchmarks.tensors.crystal_scores import (
    Tensors,
    component_scores,
    dielectric_scores,
    elastic_scores,
    forbidden_share,
)
from benchmarks.tensors.settings import piezoelectric_scores
from rich import box
from rich.table import Table

from intertwine.apps.accuracy import figure_text
from intertwine.data import LABELS
from intertwine.groups import PointGroup, random_rotations
from intertwine.testing.page import number as power_text

OF_QUANTITY: Final[dict[str, Callable[[Tensors, Tensors, list[PointGroup]], dict[str, Any]]]] = {
    "elastic": lambda truth, ours, groups: elastic_scores(truth, ours),
    "dielectric": lambda truth, ours, groups: dielectric_scores(truth, ours),
    "piezoelectric": lambda truth, ours, groups: {"setting": piezoelectric_scores(truth, ours, groups)},
}

COLUMNS: Final = {
    "elastic": ("K (GPa)", "log10 K", "G (GPa)", "log10 G", "unstable"),
    "dielectric": ("mean", "log10 mean"),
    "piezoelectric": ("norm", "R² of norm"),
}
"""What stands in the table beside errors, R² and the forbidden share; mean absolute errors.

Of piezoelectric tensors all errors are those up to the setting.
"""


def scores_of(found: CrystalSet, predicted: Tensors, folds: list[list[int]]) -> dict[str, Any]:
    """Of all crystals; of those outside fold 0, on which recipes were chosen; and R² of each fold."""
    truth, groups = found.tensors(), [crystal.group for crystal in found.crystals]
    scores = _scores(found.quantity, truth, predicted, groups)
    rest = sorted(set(range(len(truth))) - set(folds[0]))
    scores["untouched"] = _scores(found.quantity, truth[rest], predicted[rest], [groups[k] for k in rest])
    scores["r2_of_folds"] = [
        component_scores(found.quantity, truth[part], predicted[part])["r2"] for part in folds
    ]
    return scores


def turned_r2(found: CrystalSet, predicted: Tensors) -> float:
    """R² of predictions that do not turn with the crystals, when each is turned at random."""
    rng, space = np.random.default_rng(0), LABELS[found.quantity].tensor
    rotations = space.matrix(random_rotations(rng, len(predicted)))
    components = np.einsum("nij,nj->ni", rotations, space.flatten(found.tensors()))
    return component_scores(found.quantity, space.tensor(components), predicted)["r2"]


def _scores(quantity: str, truth: Tensors, predicted: Tensors, groups: list[PointGroup]) -> dict[str, Any]:
    scores = component_scores(quantity, truth, predicted) | OF_QUANTITY[quantity](truth, predicted, groups)
    return scores | {"forbidden": forbidden_share(quantity, predicted, groups)}


def table(quantity: str, title: str, rows: Mapping[str, Mapping[str, Any]]) -> Table:
    """One row per road, ours the last."""
    drawn = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    drawn.add_column("road", no_wrap=True)
    degrees = next(iter(rows.values()))["by_degree"]
    unit = LABELS[quantity].unit
    heads = [f"MAE ({unit})", "RMSE", "R²", *(f"R² l={l}" for l in degrees), *COLUMNS[quantity], "forbidden"]
    for head in heads:
        drawn.add_column(head, justify="right")
    for road, row in rows.items():
        main = row.get("setting", row)
        cells = [figure_text(main["mae"]), figure_text(main["rmse"]), f"{main['r2']:.3f}"]
        cells += [f"{part['r2']:.3f}" for part in main["by_degree"].values()]
        drawn.add_row(road, *cells, *_cells(quantity, row), power_text(row["forbidden"]))
    return drawn


def _cells(quantity: str, row: Mapping[str, Any]) -> list[str]:
    if quantity == "elastic":
        sides = [row[name][key] for name in ("bulk", "shear") for key in ("mae", "mae_log10")]
        return [*(figure_text(side) for side in sides), str(row["unstable"])]
    if quantity == "dielectric":
        return [figure_text(row["mean"]["mae"]), figure_text(row["mean"]["mae_log10"])]
    norm = row["setting"]["norms"]["all"]
    return [figure_text(norm["mae"]), f"{norm['r2']:.3f}"]
