"""Pages need nothing but themselves, escape what they are given, speak to everyone, and run in a browser."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from intertwine.apps.page import (
    Commands,
    Film,
    Listing,
    Number,
    Page,
    Picture,
    Section,
    Vibrations,
    aligned,
)
from intertwine.apps.plots import Parity, drift_plot, learning_curve, loop_plot, parity_plot
from intertwine.apps.report import TOKENS, render_page, themed, write_page
from intertwine.apps.spectra.plots import spectrum_plot, states_plot
from intertwine.apps.style import svg
from intertwine.errors import InputError
from intertwine.groups import random_rotation

HOSTILE = '</script><script>alert(1)</script> & "quoted" <b>\''
VOID = {"meta", "link", "input", "br", "hr", "img"}
WATER = np.array([[0.0, 0.0, 0.12], [0.0, 0.76, -0.48], [0.0, -0.76, -0.48]])
BROWSER = next(
    (name for name in ("chromium", "chromium-browser", "google-chrome") if shutil.which(name)), None
)


def film(title: str = "Water") -> Film:
    times = np.linspace(0.0, 0.5, 40)
    frames = WATER * (1.0 + 0.1 * np.sin(20 * times))[:, None, None]
    return Film(title, np.array([8, 1, 1]), frames, times)


def pictures() -> tuple[Picture, ...]:
    rng = np.random.default_rng(0)
    x, grid = rng.normal(size=2500), np.linspace(0.0, 4000.0, 100)
    drawn = (
        learning_curve([1, 2, 3], {"training": [9.0, 6.0, 4.0]}, "RMSE (meV/Å)"),
        parity_plot([Parity("forces", "eV/Å", x, x + 0.1), Parity("energy", "eV", x[:50], x[:50])]),
        drift_plot({"a": [0, 1], "b": [0, 1]}, {"a": [0.0, 0.01], "b": [0.0, 90.0]}),
        loop_plot({"a": np.array([1e-15]), "b": np.array([0.1])}),
        spectrum_plot(np.array([1000.0]), np.array([1010.0]), "GFN2-xTB"),
        states_plot(grid, np.exp(-(((grid - 2000.0) / 300.0) ** 2)), np.array([2000.0])),
    )
    return tuple(Picture(svg(figure), f"figure {k}", "caption") for k, figure in enumerate(drawn))


def everything(text: str = "plain") -> Page:
    modes = Vibrations(text, np.array([8, 1, 1]), WATER, np.ones((2, 3, 3)) * 0.1, (text, "3000 cm⁻¹"))
    listing = Listing((text, ">figure"), ((text,), (text, "1.0")), text)
    folded = Listing(("a", ">b"), (("x", "1"),), text, folded=True)
    sections = (
        Section("First " + text, (text,), (*pictures(), listing, folded, modes)),
        Section("Second", (), (Commands(("# remark", text)), film(text))),
    )
    numbers = (Number(text, "1.0", "eV", text, True), Number("b", "2", passed=False), Number("c", "3"))
    return Page(text, text, numbers, film(text), sections, (text,))


class Outline(HTMLParser):
    """What a page is made of; fails where tags do not close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.shown: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.open):
            self.shown.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]


@pytest.fixture(scope="module")
def page() -> str:
    return render_page(everything())


def test_nothing_outside_the_page_is_asked_for(page: str):
    outline = Outline(page)
    for tag, attrs in outline.elements:
        for name, value in attrs.items():
            if name in ("src", "href", "xlink:href", "data", "poster", "action", "srcset"):
                assert value is not None
                assert value.startswith(("#", "data:")), (tag, name, value[:80])
    outside = set(re.findall(r"(?:https?:)?//[a-z][\w.-]+\.[a-z]{2,}[^\s\"'<]*", page))
    assert {
        one for one in outside if "www.w3.org" not in one
    } == set()  # names of XML spaces are not asked for
    assert "@import" not in page
    assert set(re.findall(r"url\((.)", page)) <= {"#"}


def test_what_a_page_is_given_stays_text():
    text = render_page(everything(HOSTILE))
    outline = Outline(text)
    assert len(outline.all("script")) == len(Outline(render_page(everything())).all("script"))
    assert outline.all("b") == []
    assert sum(HOSTILE in shown for shown in outline.shown) >= 10


def test_identifiers_are_unique_and_links_lead_somewhere(page: str):
    elements = Outline(page).elements
    names = [attrs["id"] for _, attrs in elements if "id" in attrs]
    assert len(names) == len(set(names))
    targets = [
        value for _, attrs in elements for key, value in attrs.items() if key in ("href", "xlink:href")
    ]
    inner = {value[1:] for value in targets if value and value.startswith("#")}
    inner |= set(re.findall(r"url\(#([^)]+)\)", page))
    inner |= {str(attrs["aria-labelledby"]) for _, attrs in elements if "aria-labelledby" in attrs}
    assert inner <= set(names)
    assert len(inner) > 20


def test_every_drawing_has_words_and_every_control_a_name(page: str):
    outline = Outline(page)
    pictures = [attrs for attrs in outline.all("div") if attrs.get("role") == "img"]
    assert [attrs["aria-label"] for attrs in pictures] == [f"figure {k}" for k in range(6)]
    assert all(attrs.get("aria-label") for tag in ("canvas", "button", "input") for attrs in outline.all(tag))
    assert all(attrs.get("scope") for attrs in outline.all("th"))
    assert outline.all("html") == [{"lang": "en"}]
    assert len(outline.all("h1")) == 1


def contrast(one: str, other: str) -> float:
    """Ratio of luminances as the Web Content Accessibility Guidelines define it."""

    def luminance(colour: str) -> float:
        parts = np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("night", [False, True])
def test_text_and_curves_stand_out_by_day_and_by_night(night: bool):
    colour = {name: pair[night] for name, pair in TOKENS.items()}
    for ground in ("paper", "card"):
        for text in ("ink", "muted", "good", "bad", "blue"):
            assert contrast(colour[text], colour[ground]) >= 4.5, (text, ground)
        for curve in ("vermilion", "teal", "violet", "ochre"):
            assert contrast(colour[curve], colour[ground]) >= 2.9, (curve, ground)


def test_figures_take_their_colours_from_the_page(page: str):
    inside = "".join(re.findall(r'<div role="img".*?</svg>', page, flags=re.DOTALL))
    assert re.findall(r"(?:fill|stroke): ?#[0-9a-f]{6}", inside) == []
    used = set(re.findall(r"var\((--[\w-]+)\)", page))
    day, night = (
        set(re.findall(r"(--[\w-]+):", block)) for block in re.findall(r":root[^{]*\{([^}]*)", page)[:2]
    )
    assert used <= day
    assert used <= night


def test_a_drawing_twice_has_two_sets_of_names():
    drawing = '<svg><path id="a"/><use href="#a" style="fill: url(#a)"/></svg>'
    assert themed(drawing, "p0-", {}) != themed(drawing, "p1-", {})


def test_films_are_stored_to_a_milli_angstrom():
    one = film()
    data = json.loads(str(one.json))
    np.testing.assert_allclose(np.reshape(data["frames"], one.frames.shape), one.frames, atol=5.1e-4)
    assert data["numbers"] == [8, 1, 1]
    assert {element["symbol"] for element in data["elements"].values()} == {"H", "O"}


@given(seed=st.integers(0, 10_000), atoms=st.integers(2, 7))
def test_alignment_takes_out_rigid_motion_and_nothing_else(seed: int, atoms: int):
    rng = np.random.default_rng(seed)
    rest = rng.normal(size=(atoms, 3))
    inner = rest + 0.05 * rng.normal(size=(5, atoms, 3))
    moved = np.stack([frame @ random_rotation(rng).T + rng.normal(size=3) for frame in inner])
    still = aligned(moved)
    for before, after in zip(moved, still, strict=True):
        distances = [np.linalg.norm(x[:, None] - x[None], axis=2) for x in (before, after)]
        np.testing.assert_allclose(*distances, atol=1e-9)
    rigid = np.stack([rest @ random_rotation(rng).T + k for k in range(4)])
    if atoms > 3:
        np.testing.assert_allclose(np.ptp(aligned(rigid), axis=0), 0.0, atol=1e-9)


def test_a_page_that_cannot_be_written_says_so(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write"):
        write_page(Page("a", "b"), tmp_path / "file" / "report.html")


@pytest.mark.skipif(BROWSER is None, reason="no Chromium here")
@pytest.mark.parametrize("size", ["1280,900", "420,900"])
def test_a_browser_shows_it_without_complaint_or_network(tmp_path: Path, size: str):
    path, shot, log = (
        write_page(everything(HOSTILE), tmp_path / "p.html"),
        tmp_path / "p.png",
        tmp_path / "net",
    )
    command = [
        str(BROWSER), "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
        "--disable-background-networking", "--disable-component-update", "--no-first-run",
        f"--user-data-dir={tmp_path / 'profile'}", "--enable-logging=stderr", f"--window-size={size}",
        "--timeout=2500", f"--screenshot={shot}", "--dump-dom", f"--log-net-log={log}", path.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    complaints = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert complaints == []
    asked = re.findall(r'"url":"(?!file:|data:|blob:|chrome)([^"]+)"', log.read_text())
    assert [
        url for url in asked if "google" not in url and "gvt1" not in url
    ] == []  # the browser's own errands
    assert re.search(r"<output>0\.\d\d ps</output>", done.stdout)  # the film runs
    assert 'class="theme" hidden' not in done.stdout
    pixels = np.asarray(Image.open(shot).convert("RGB")).astype(int)
    red = (pixels[..., 0] > 150) & (pixels[..., 1] < 60) & (pixels[..., 2] < 60)
    assert red.sum() > 200  # the oxygen atom
    assert pixels.shape[1] == int(size.split(",")[0])
