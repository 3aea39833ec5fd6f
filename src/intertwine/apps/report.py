"""A page that explains a model: one HTML file that needs nothing else, neither network nor fonts nor scripts.

Write what there is to say as plain values (`Page` of `Section`s of figures, tables, molecules and commands);
`write_page` lays it out: light and dark, narrow and wide, on paper, for the eye and for a screen reader.
"""

import colorsys
import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Final

import jinja2
from markupsafe import Markup

from intertwine.apps.page import Page, Picture, script_text
from intertwine.apps.style import COLOURS, INK, MUTED, RULE
from intertwine.errors import InputError
from intertwine.typing import PathLike

TOKENS: Final[Mapping[str, tuple[str, str]]] = {
    "ink": (INK, "#e4e8f1"),
    "muted": (MUTED, "#98a2b6"),
    "rule": (RULE, "#2c3342"),
    "paper": ("#ffffff", "#11141b"),
    "card": ("#f6f7fa", "#191e28"),
    "blue": (COLOURS[0], "#7fa4ff"),
    "vermilion": (COLOURS[1], "#ff8f61"),
    "teal": (COLOURS[2], "#42c9b3"),
    "violet": (COLOURS[3], "#cd90ee"),
    "ochre": (COLOURS[4], "#e3ba45"),
    "good": ("#0b7a55", "#45cf9c"),
    "bad": ("#c2331c", "#ff7d66"),
}
"""Colours of page and figures by name: by day, by night."""


def render_page(page: Page) -> str:
    """The page as the text of one HTML file; everything it needs is inside.

    >>> from intertwine.apps.page import Number
    >>> text = render_page(Page("Copper <fcc>", "A metal.", (Number("forces", "12", "meV/Å"),)))
    >>> "Copper &lt;fcc&gt;" in text, "http" in text
    (True, False)
    """
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["bound"] = bound
    extra: dict[str, tuple[str, str]] = {}
    pictures = [part for section in page.sections for part in section.parts if isinstance(part, Picture)]
    drawings = {id(p): Markup(themed(p.svg, f"p{k}-", extra)) for k, p in enumerate(pictures)}
    template = environment.from_string(_text("report.html"))
    return template.render(
        page=page,
        drawings=drawings,
        identity=id,
        day={name: pair[0] for name, pair in (TOKENS | extra).items()},
        night={name: pair[1] for name, pair in (TOKENS | extra).items()},
        style=Markup(_text("report.css")),
        script=script_text(_text("report.js")),
    )


def write_page(page: Page, path: PathLike) -> Path:
    """Render a page into a file.

    Raises:
        InputError: the file cannot be written.
    """
    path, text = Path(path), render_page(page)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"cannot write '{path}'", got=error.strerror, fix="choose a writable folder"
        ) from error
    return path


def themed(svg: str, prefix: str, extra: dict[str, tuple[str, str]]) -> str:
    """The SVG with its colours turned into variables of the page and its identifiers made its own.

    Colours of `TOKENS` become theirs; others are added to `extra`, their lightness turned about at night.

    >>> extra = {}
    >>> themed('<svg><g id="a" style="fill: #1d2433; stroke: #101b46"/><use href="#a"/></svg>', "p0-", extra)
    '<svg><g id="p0-a" style="fill: var(--ink); stroke: var(--c-101b46)"/><use href="#p0-a"/></svg>'
    >>> extra
    {'c-101b46': ('#101b46', '#c7d0f2')}
    """
    known = {day: name for name, (day, _) in TOKENS.items()}

    def variable(match: re.Match[str]) -> str:
        colour = match[2].lower()
        name = known.get(colour, f"c-{colour[1:]}")
        if colour not in known:
            extra[name] = (colour, _reversed_lightness(colour))
        return f"{match[1]}: var(--{name})"

    svg = re.sub(r"(fill|stroke|stop-color): ?(#[0-9a-fA-F]{6})\b", variable, svg)
    svg = re.sub(r'\bid="', f'id="{prefix}', svg)
    svg = re.sub(r'(href="#|url\(#)', rf"\g<1>{prefix}", svg)
    return re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)


def bound(text: str) -> str:
    """The text with every figure tied to the word after it, so that no line ends between number and unit.

    >>> bound("kept for 10 ps at 300 K")
    'kept for 10\xa0ps at 300\xa0K'
    """
    return re.sub(r"(?<=\d) (?=\S)", "\N{NO-BREAK SPACE}", text)


def _reversed_lightness(colour: str) -> str:
    red, green, blue = (int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5))
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    return "#" + "".join(
        f"{round(255 * c):02x}" for c in colorsys.hls_to_rgb(hue, 0.95 - 0.5 * lightness, saturation)
    )


def _text(name: str) -> str:
    return files("intertwine.apps").joinpath(name).read_text(encoding="utf-8")
