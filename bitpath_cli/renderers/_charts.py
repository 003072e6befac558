"""Draws with matplotlib into SVG that a page can hold: real text, and the page's own colours.

A figure is drawn in stand-in colours, each of which becomes a variable of the page's style sheet,
so that a chart follows light and dark like the words around it. Its styles become attributes, which
even a content security policy without inline styles allows.
"""

import logging
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

from bitpath_cli.model.visible import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH: Final = 400
INK, MUTED, HAIR, PAPER = "#010101", "#020202", "#030303", "#040404"
SERIES: Final = ("#110000", "#120000", "#130000", "#140000", "#150000")
DASHES: Final = ("-", (0, (5, 2)), (0, (1.2, 1.6)), (0, (6, 2, 1.4, 2)), (0, (3, 3)))
SHADES: Final = 16
_VARIABLES: Final = {
    INK: "var(--ink)", MUTED: "var(--muted)", HAIR: "var(--hair)", PAPER: "var(--paper)",
    **{colour: f"var(--series-{at})" for at, colour in enumerate(SERIES, 1)},
}  # fmt: skip
_SHADE: Final = re.compile(r"#20(\d\d)00")
_LINK: Final = "{http://www.w3.org/1999/xlink}href"
_REFERENCE: Final = re.compile(r"url\(#([^)]+)\)")
_FRACTION: Final = re.compile(r"(\d+\.\d\d)\d+")
_FONT: Final = re.compile(r"(?:(\d+) )?([\d.]+)px")
_REFUSED: Final = re.compile(r"[\t\n\r\ud800-\udfff\ufffe\uffff]")
_SETTINGS: Final[Any] = {
    "svg.fonttype": "none", "svg.hashsalt": "bitpath",
    # A name such as `$x$` is a name: nothing in a report is a formula to be typeset.
    "text.parse_math": False, "text.usetex": False,
    "font.size": 11, "text.color": INK, "figure.facecolor": "none", "savefig.facecolor": "none",
    "axes.facecolor": "none", "axes.edgecolor": HAIR, "axes.labelcolor": MUTED,
    "axes.labelsize": 11, "axes.linewidth": 1, "axes.axisbelow": True, "axes.grid": True,
    "axes.spines.top": False, "axes.spines.right": False,
    "grid.color": HAIR, "grid.linewidth": 1, "lines.linewidth": 2, "lines.markersize": 7,
    "xtick.labelcolor": MUTED, "ytick.labelcolor": MUTED,
    "xtick.labelsize": 10.5, "ytick.labelsize": 10.5,
    "xtick.major.size": 0, "ytick.major.size": 0, "xtick.minor.size": 0, "ytick.minor.size": 0,
    "xtick.major.pad": 5, "ytick.major.pad": 5,
    "legend.frameon": False, "legend.fontsize": 10.5, "legend.borderaxespad": 0,
    "hatch.linewidth": 1,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Numbers:
    """A chart as a table: its heads, and rows as long as the heads."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """`svg` is markup made here; title and description are what a screen reader says of it."""

    key: str
    title: str
    description: str
    svg: str
    numbers: Numbers


def draw_chart(
    key: str,
    title: str,
    description: str,
    numbers: Numbers,
    height: float,
    paint: Callable[["Axes"], None],
) -> Chart:
    """One pair of axes, `WIDTH` by `height` pixels, painted by `paint`."""
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    # Where it may keep no cache of fonts it would complain of it on every run.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    with mpl.rc_context(), warnings.catch_warnings():
        # The browser draws the text, with fonts of its own.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        figure = Figure(
            figsize=(WIDTH / 72, height / 72),
            dpi=72,
            layout=ConstrainedLayoutEngine(w_pad=2 / 72, h_pad=3 / 72),
        )
        paint(figure.add_subplot())
        file = StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    markup = _adopt(file.getvalue(), key, title, description)
    return Chart(key, title, description, markup, numbers)


def printable(text: str) -> str:
    """What XML and HTML allow of a text, on one line."""
    return _REFUSED.sub(" ", visible(text))


def short(text: str, letters: int) -> str:
    """Words for a chart: what would run over the edge is cut."""
    flat = printable(text)
    return flat if len(flat) <= letters else f"{flat[: letters - 1]}…"


def shade(share: float) -> str:
    """The stand-in of a step between the paper and the deepest shade that ink is read on."""
    return f"#20{round(min(max(share, 0.0), 1.0) * SHADES):02d}00"


def _adopt(text: str, key: str, title: str, description: str) -> str:
    """The drawing alone, with names for a screen reader and identifiers of its own."""
    root = ET.fromstring(text)  # noqa: S314  (matplotlib wrote it a moment ago)
    used = {name for each in root.iter() for name in _references(each)}
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.endswith(("}metadata", "}style")):
                parent.remove(child)
    for each in root.iter():
        each.tag = each.tag.rpartition("}")[2]
        each.text = each.text if each.tag == "text" else None
        each.tail = None
        _restyle(each)
        _rename(each, key, used)
    box = root.attrib["viewBox"]
    root.attrib.clear()
    root.attrib |= {
        "class": "chart", "viewBox": box, "role": "img",
        "aria-labelledby": f"{key}-title", "aria-describedby": f"{key}-desc",
    }  # fmt: skip
    for at, (tag, words) in enumerate((("title", title), ("desc", description))):
        named = ET.Element(tag, {"id": f"{key}-{tag}"})
        named.text = printable(words)
        root.insert(at, named)
    return ET.tostring(root, encoding="unicode")


def _references(element: ET.Element) -> set[str]:
    found = set(_REFERENCE.findall(" ".join(element.attrib.values())))
    return found | {element.attrib[_LINK].removeprefix("#")} if _LINK in element.attrib else found


def _restyle(element: ET.Element) -> None:
    """Each declaration as an attribute, and stand-ins as the page's variables."""
    for declaration in element.attrib.pop("style", "").split(";"):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name in ("font", "font-size"):
            size = _FONT.search(value)
            element.set("font-size", size[2] if size else "11")
            if "bold" in value or (size and size[1]):
                element.set("font-weight", "600")
        elif name and name != "font-family":
            element.set(name, _colour(value))
    if element.get("transform", "").startswith(("rotate(-0 ", "rotate(0 ")):
        del element.attrib["transform"]
    if "d" in element.attrib:
        path = " ".join(element.attrib["d"].split())
        element.set("d", _FRACTION.sub(r"\1", path))


def _colour(value: str) -> str:
    found = _SHADE.fullmatch(value)
    return f"var(--heat-{int(found[1])})" if found else _VARIABLES.get(value, value)


def _rename(element: ET.Element, key: str, used: set[str]) -> None:
    """Identifiers that nothing points to are left out; the others are unlike any other chart's."""
    name = element.attrib.pop("id", None)
    if name in used:
        element.set("id", f"{key}-{name}")
    if _LINK in element.attrib:
        element.set("href", f"#{key}-{element.attrib.pop(_LINK).removeprefix('#')}")
    for attribute, value in element.attrib.items():
        if "url(#" in value:
            element.set(attribute, value.replace("url(#", f"url(#{key}-"))
