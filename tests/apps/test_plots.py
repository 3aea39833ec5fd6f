"""Figures show the numbers they were given, look the same every time, and never open a window."""

import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import matplotlib.collections
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib.figure import Figure

from intertwine.apps.plots import Parity, drift_plot, learning_curve, loop_plot, parity_plot, png, save, svg
from intertwine.apps.style import name_curves, styled_figure
from intertwine.errors import InputError

PNG = b"\x89PNG\r\n\x1a\n"
VALUES = st.floats(-1e4, 1e4, allow_subnormal=False)
PAIRS = st.integers(1, 40).flatmap(lambda n: st.tuples(*[arrays(np.float64, n, elements=VALUES)] * 2))


def dots(figure: Figure) -> np.ndarray:
    """Coordinates of the points of the first scatter, sorted."""
    scatter = next(
        c for c in figure.axes[0].collections if isinstance(c, matplotlib.collections.PathCollection)
    )
    points = np.asarray(scatter.get_offsets())
    return points[np.lexsort(points.T)]


@settings(max_examples=25)
@given(PAIRS)
def test_a_parity_plot_shows_every_pair_it_was_given(pair: tuple[np.ndarray, np.ndarray]) -> None:
    figure = parity_plot([Parity("x", "eV", *pair)])
    given_points = np.column_stack(pair)
    np.testing.assert_array_equal(dots(figure), given_points[np.lexsort(given_points.T)])
    low, high = figure.axes[0].get_xlim()
    assert low <= given_points.min()
    assert high >= given_points.max()


def test_values_without_spread_can_still_be_drawn() -> None:
    figure = parity_plot([Parity("energy", "eV", np.array([-3.0]), np.array([-3.0]), note="n = 1")])
    assert png(figure).startswith(PNG)


def test_nothing_to_draw_is_said() -> None:
    with pytest.raises(InputError, match="nothing to plot"):
        parity_plot([])


def figures() -> list[Figure]:
    x = np.linspace(-2, 2, 3000)
    times = np.linspace(0.0, 1.0, 50)
    return [
        parity_plot([Parity("forces", "eV/Å", x, x + 0.1 * np.sin(9 * x), note="MAE 64 meV/Å")]),
        learning_curve(
            [1, 2, 3], {"training": [3.0, 2.0, 1.0], "validation": [4.0, float("nan"), 2.0]}, "RMSE"
        ),
        drift_plot({"a": times, "b": times}, {"a": 0.01 * times, "b": 300.0 * times**2}),
        loop_plot({"a": np.array([0.0, 1e-16]), "b": np.array([0.1, 0.2])}),
    ]


def test_figures_are_whole_svg_and_png_and_the_same_each_time() -> None:
    for first, second in zip(figures(), figures(), strict=True):
        text = svg(first)
        assert ElementTree.fromstring(text).tag.endswith("svg")
        assert text == svg(second)
        assert png(first).startswith(PNG)


def test_many_points_do_not_swell_the_svg() -> None:
    many, few = np.random.default_rng(0).normal(size=(2, 40_000)), np.zeros((2, 10))
    sizes = [len(svg(parity_plot([Parity("forces", "eV/Å", *values)]))) for values in (many, few)]
    assert sizes[0] < sizes[1] + 300_000


def test_a_run_that_blows_up_does_not_flatten_the_calm_one() -> None:
    times = np.linspace(0.0, 1.0, 50)
    scales = [
        drift_plot({"a": times, "b": times}, {"a": 0.01 * times, "b": b * times}).axes[0].get_yscale()
        for b in (0.02, 50.0)
    ]
    assert scales == ["linear", "symlog"]


@settings(max_examples=25)
@given(st.lists(st.floats(0.0, 1.0), min_size=2, max_size=5))
def test_names_of_curves_never_lie_on_each_other(ends: list[float]) -> None:
    _, (ax,) = styled_figure(6.0, 4.0)
    for k, end in enumerate(ends):
        ax.plot([0.0, 1.0], [0.5, end], label=f"curve {k}")
    name_curves(ax)
    to_points = 72.0 / ax.figure.dpi
    heights = [ax.transData.transform(text.xy)[1] * to_points + text.xyann[1] for text in ax.texts]
    assert len(heights) == len(ends)
    assert np.diff(sorted(heights)).min() > 10.9


def test_a_figure_is_saved_twice_and_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    files = save(figures()[3], tmp_path / "new" / "loops.svg")
    assert [file.name for file in files] == ["loops.svg", "loops.png"]
    assert all(file.stat().st_size > 1000 for file in files)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"cannot write .*loops"):
        save(figures()[3], tmp_path / "file" / "loops")


def test_no_window_system_is_woken() -> None:
    code = "import sys, intertwine.apps.plots; print('matplotlib.pyplot' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
