"""One look for every figure: colours, axes, names at the end of curves, and files.

Figures are plain objects with their own canvas: no window, no pyplot, no list of open figures.
"""

import io
from pathlib import Path
from typing import Any, Final

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from intertwine.errors import InputError
from intertwine.typing import PathLike

INK: Final = "#1d2433"
MUTED: Final = "#687083"
RULE: Final = "#d9dde6"
COLOURS: Final = ("#2f5fd0", "#e4622c", "#0f8f7c", "#a04bc4", "#b98900")
"""Series in order of appearance: blue, vermilion, teal, violet, ochre."""

_SAVED: Final[dict[Any, str]] = {"svg.fonttype": "path", "svg.hashsalt": "intertwine"}


def styled_figure(width: float, height: float, columns: int = 1) -> tuple[Figure, list[Axes]]:
    """A figure of `width` × `height` inches with a row of styled axes.

    >>> figure, (left, right) = styled_figure(8.0, 3.0, columns=2)
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = list(figure.subplots(1, columns, squeeze=False)[0])
    for ax in axes:
        restyle(ax)
    return figure, axes


def restyle(ax: Axes) -> None:
    """Give axes that were made elsewhere the look of all others."""
    ax.set_axisbelow(True)
    ax.grid(color=RULE, linewidth=0.6)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(MUTED)
    ax.tick_params(which="both", colors=MUTED, labelcolor=INK, labelsize=8.5, length=3)
    for text in (ax.xaxis.label, ax.yaxis.label):
        text.set(color=INK, fontsize=9.5)


def colours(count: int) -> list[str]:
    """The first `count` colours; they repeat after five.

    >>> colours(2)
    ['#2f5fd0', '#e4622c']
    """
    return [COLOURS[k % len(COLOURS)] for k in range(count)]


def name_curves(ax: Axes) -> None:
    """Name every labelled curve where it ends, instead of in a legend; names that would collide move apart.

    Call it last, when the scales of the axes are set.
    """
    curves = [line for line in ax.get_lines() if not str(line.get_label()).startswith("_")]
    curves = [curve for curve in curves if np.size(curve.get_xdata())]
    ends = [(float(np.asarray(c.get_xdata())[-1]), float(np.asarray(c.get_ydata())[-1])) for c in curves]
    heights = ax.transData.transform(ends)[:, 1] * 72.0 / ax.figure.dpi if curves else np.zeros(0)
    placed = heights.copy()
    for k, below in zip(np.argsort(heights)[1:], np.argsort(heights), strict=False):
        placed[k] = max(placed[k], placed[below] + 11.0)
    for curve, end, offset in zip(curves, ends, placed - heights, strict=True):
        ax.annotate(
            str(curve.get_label()),
            end,
            xytext=(5, offset),
            textcoords="offset points",
            va="center",
            color=curve.get_color(),
            fontsize=9,
            annotation_clip=False,
        )


def svg(figure: Figure) -> str:
    """The figure as one `<svg>` element, to be put into a page as it is; the same figure gives the same text.

    >>> svg(styled_figure(2.0, 2.0)[0]).startswith("<svg")
    True
    """
    buffer = io.StringIO()
    with matplotlib.rc_context(_SAVED):
        figure.savefig(buffer, format="svg", metadata={"Date": None}, transparent=True)
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def png(figure: Figure, dpi: int = 160) -> bytes:
    """The figure as the bytes of a PNG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, facecolor="white")
    return buffer.getvalue()


def save(figure: Figure, path: PathLike) -> list[Path]:
    """Write `path` with the suffixes `.svg` and `.png` and return both.

    Raises:
        InputError: the folder cannot be written.
    """
    stem = str(path).removesuffix(".svg").removesuffix(".png")
    files = {Path(f"{stem}.svg"): svg(figure).encode(), Path(f"{stem}.png"): png(figure)}
    for file, content in files.items():
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        except OSError as error:
            fix = "choose a writable folder"
            raise InputError(f"cannot write '{file}'", got=error.strerror, fix=fix) from error
    return list(files)
