"""The certificate as a page: one HTML file that needs nothing but itself."""

import importlib.resources
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, StrictUndefined

from intertwine.testing.law import LawResult

if TYPE_CHECKING:
    from intertwine.testing.certificate import Certificate

TEMPLATE = "certificate.html"

DECADES = 8.0
"""The scale beside a figure starts so many powers of ten below the tolerance."""

LIMIT_AT = 78.0
"""Place of the tolerance on that scale, per cent of its length."""

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def render(certificate: "Certificate") -> str:
    """The page of a certificate: light and dark by the reader's setting, no script, no outside resource."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"number": number, "place": place, "curve": curve}
    source = importlib.resources.files("intertwine.testing").joinpath(TEMPLATE).read_text(encoding="utf-8")
    return environment.from_string(source).render(
        certificate=certificate,
        model=certificate.model,
        limit_at=LIMIT_AT,
        curves=[line for line in certificate.lines if line.series],
    )


def number(value: float) -> str:
    """Two digits, powers of ten written as such.

    >>> number(3.21e-13), number(0.25), number(0.0), number(float("nan"))
    ('3.2 × 10⁻¹³', '0.25', '0', 'not a number')
    """
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "∞"
    if value == 0 or 1e-2 <= abs(value) < 1e4:
        return f"{value:.2g}" if abs(value) < 100 else f"{value:.0f}"
    mantissa, exponent = f"{value:.1e}".split("e")
    power = "10" + str(int(exponent)).translate(_SUPERSCRIPTS)
    return power if mantissa == "1.0" else f"{mantissa} × {power}"


def place(line: LawResult) -> float:
    """Where the figure lies on the scale of its tolerance, per cent: logarithmic, the tolerance at 78.

    >>> from dataclasses import replace
    >>> from intertwine.testing import LAWS, MorsePotential
    >>> line = LAWS[0].check(MorsePotential())[0]
    >>> place(replace(line, figure=line.tolerance)), place(replace(line, figure=0.0))
    (78.0, 0.0)
    """
    if not math.isfinite(line.figure):
        return 100.0
    if line.figure <= 0:
        return 0.0
    if line.tolerance == 0:
        return 100.0
    decades = math.log10(line.figure / line.tolerance)
    return round(min(max(LIMIT_AT * (1 + decades / DECADES), 0.0), 100.0), 2)


def curve(series: Mapping[str, Any], width: int = 640, height: int = 120) -> dict[str, Any]:
    """A series as an SVG polyline in a box of width × height, with the range of both axes."""
    drawn = [*series["y"], *series.get("smooth", [])]
    across = _scaled(series["x"], series["x"], width)

    def points(values: Sequence[float]) -> str:
        heights = _scaled(values, drawn, height)
        return " ".join(f"{a:.1f},{height - b:.1f}" for a, b in zip(across, heights, strict=True))

    return {
        "points": points(series["y"]),
        "smooth": points(series["smooth"]) if "smooth" in series else "",
        "smooth_label": series.get("smooth_label", ""),
        "width": width,
        "height": height,
        "low": number_signed(min(drawn)),
        "high": number_signed(max(drawn)),
        "start": number_signed(min(series["x"])),
        "end": number_signed(max(series["x"])),
        "x_label": series["x_label"],
        "y_label": series["y_label"],
    }


def number_signed(value: float) -> str:
    """Three digits with a proper minus sign."""
    return f"{value:.3g}".replace("-", "−")


def _scaled(values: Sequence[float], among: Sequence[float], size: int) -> list[float]:
    """Values on a scale from the least (0) to the largest (`size`) of `among`."""
    low, high = min(among), max(among)
    span = (high - low) or 1.0
    return [(value - low) / span * size for value in values]
