"""Colours that people read have a contrast of 4.5 to 1 or more, in light and in dark.

Signs and edges that say something have 3 to 1 (WCAG 2.2, 1.4.3 and 1.4.11).
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chatkit.chat.map import view as map_view
from chatkit.chat.panel import view as panel_view
from chatkit.journeys import picture

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "content" / "app.css"
BOARD = ROOT / "chatkit" / "localcloud" / "board" / "page" / "board.css"
MAP = ROOT / "chatkit" / "localcloud" / "journeys" / "page" / "map.css"
READ = 4.5
SEEN = 3.0
Colour = tuple[float, float, float]

# Behind a cell of JupyterLab, VS Code and Colab, light and dark.
THEMES = ("#ffffff", "#111111", "#1e1e1e", "#212121", "#383838")

# Of each style sheet: what is read or seen, on what, and at least how well.
PAIRS = {
    PAGE: [
        *(("text", ground, READ) for ground in ("back", "surface", "bubble", "wrong-back")),
        ("text", "private", READ),
        *(("quiet", ground, READ) for ground in ("back", "surface", "private")),
        ("on-accent", "accent", READ),
        *(("link", ground, READ) for ground in ("back", "surface", "private")),
        ("own-text", "own", READ),
        *(("wrong", ground, READ) for ground in ("surface", "private")),
        ("wrong", "wrong-back", SEEN),
        ("wait-text", "wait-back", READ),
        ("private-text", "private", READ),
        ("private-text", "surface", READ),
        ("private-line", "private", SEEN),
        ("good", "surface", SEEN),
    ],
    BOARD: [
        *(("text", ground, READ) for ground in ("back", "surface")),
        *(("quiet", ground, READ) for ground in ("back", "surface")),
        *((f"{kind}-text", f"{kind}-back", READ) for kind in ("good", "wait", "wrong")),
        *(("accent", ground, SEEN) for ground in ("back", "surface")),
    ],
    MAP: [
        *(("ink", ground, READ) for ground in ("ground", "card")),
        *(("quiet", ground, READ) for ground in ("ground", "card")),
        *((edge, "card", SEEN) for edge in ("line", "mark", "warn")),
    ],
}
# They part what stands beside them, and say nothing.
ORNAMENTS = {PAGE: {"line"}, BOARD: {"line"}, MAP: set[str]()}


def rgb(text: str) -> Colour:
    """A colour such as #fff or #1a7f37."""
    digits = text.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    red, green, blue = (int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4))
    return red, green, blue


def over(text: Colour, ground: Colour, opacity: float) -> Colour:
    """A colour through which the ground can be seen."""
    red, green, blue = (
        above * opacity + below * (1 - opacity) for above, below in zip(text, ground, strict=True)
    )
    return red, green, blue


def luminance(colour: Colour) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Colour, other: Colour) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def variables(sheet: Path, mode: str) -> dict[str, str]:
    """The colours of a style sheet by name, in a mode."""
    found = re.findall(r":root\s*\{(.*?)\}", sheet.read_text(encoding="utf-8"), re.DOTALL)
    if len(found) == 1:
        place = 1 if mode == "light" else 2
        both = re.findall(
            r"--([\w-]+):\s*light-dark\((#[0-9a-f]{3,6}), (#[0-9a-f]{3,6})\);", found[0]
        )
        return {colour[0]: colour[place] for colour in both}
    light, dark = found
    text = light if mode == "light" else light + dark
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{3,6});", text))


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("sheet", PAIRS, ids=lambda sheet: sheet.name)
def test_what_is_read_can_be_read(sheet: Path, mode: str) -> None:
    """By the colours that the style sheet names."""
    named = {name: rgb(colour) for name, colour in variables(sheet, mode).items()}
    for words, ground, least in PAIRS[sheet]:
        assert contrast(named[words], named[ground]) >= least, (words, ground)


@pytest.mark.parametrize("sheet", PAIRS, ids=lambda sheet: sheet.name)
def test_no_colour_is_left_out(sheet: Path) -> None:
    """A new one needs a line above; others stand in the style sheet by their names only."""
    listed = {name for text, ground, _ in PAIRS[sheet] for name in (text, ground)}
    assert {*variables(sheet, "dark")} == listed | ORNAMENTS[sheet]
    used = re.findall(r"(?<![-\w])color:\s*(#[0-9a-f]+)", sheet.read_text(encoding="utf-8"))
    assert set(used) <= {"#fff", "#111"}


def test_initials_can_be_read_on_every_colour() -> None:
    """White, whoever it is."""
    grounds = re.findall(r"\.colour-\d \{ background: (#\w+); \}", PAGE.read_text(encoding="utf-8"))
    assert len(grounds) == 8
    assert min(contrast(rgb("#fff"), rgb(ground)) for ground in grounds) >= READ


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_what_is_on_its_way_can_be_read(mode: str) -> None:
    """My message is a little paler until it has arrived, text and ground alike."""
    text = PAGE.read_text(encoding="utf-8")
    (opacity,) = re.findall(r"\.sending \.text \{ opacity: (\S+); \}", text)
    named = variables(PAGE, mode)
    back = rgb(named["surface"])
    for words, ground in (("own-text", "own"), ("text", "private")):
        said, below = (over(rgb(named[name]), back, float(opacity)) for name in (words, ground))
        assert contrast(said, below) >= READ


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_a_pressed_button_of_the_map_can_be_read(mode: str) -> None:
    """Its words have another colour in dark."""
    words = rgb("#fff" if mode == "light" else "#111")
    assert contrast(words, rgb(variables(MAP, mode)["mark"])) >= READ


def test_the_maps_picture_can_be_read() -> None:
    """White words on every box and label; every line can be seen on light and on dark."""
    colours = dict(re.findall(r"\.([\w.]+)\{(?:fill|stroke):(#\w+)", picture.STYLE))
    for name in ("box", "been", "now", "pill", "pill.going", "pill.failed"):
        assert contrast(rgb("#fff"), rgb(colours[name])) >= READ, name
    for name in ("line", "gone", "going", "failed", "head", "head.failed"):
        for theme in ("#ffffff", "#111111"):
            assert contrast(rgb(colours[name]), rgb(theme)) >= SEEN, name


def test_words_of_a_panel_have_the_themes_colour() -> None:
    """Only signs have one of their own: no colour can be read on a light and on a dark theme."""
    states = [panel_view.heading("alice", state, "why") for state in panel_view.WORDS]
    for shown in (*states, panel_view.error("Not sent"), map_view.problem("It is not running")):
        without_signs = re.sub(r"<span aria-hidden[^>]*>●</span>", "", shown)
        assert not re.search(r"(?<![-\w])color:", without_signs), shown
        for sign in re.findall(r"#[0-9a-f]{6}", shown):
            assert min(contrast(rgb(sign), rgb(theme)) for theme in THEMES[:4]) >= SEEN, sign


@pytest.mark.parametrize("theme", THEMES)
def test_pale_words_of_a_panel_can_be_read(theme: str) -> None:
    """They let the ground through, and bubbles tint it a little."""
    back = rgb(theme)
    words = over(rgb("#000" if luminance(back) > 0.5 else "#fff"), back, 0.87)  # as JupyterLab does
    for bubble in ("#2563eb26", "#7c3aed26", "#88888822"):
        ground = over(rgb(bubble[:7]), back, int(bubble[7:], 16) / 255)
        assert contrast(over(words, ground, 0.7), ground) >= READ, bubble
