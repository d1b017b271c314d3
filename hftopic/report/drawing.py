"""Figures as SVG inside the page: with the page's colours, tooltips and links."""

import hashlib
import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from xml.etree import ElementTree

from hftopic._locks import ThreadLock
from hftopic.plots.style import FAINT, GROUP_COLOURS, INK, NEGATIVE, PAPER, POSITIVE, TIP, Sheet

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
# Colours of a figure and the page's CSS variables for them, which differ between light and dark mode.
VARIABLES = {
    INK: "var(--ink)",
    FAINT: "var(--faint)",
    PAPER: "var(--paper)",
    POSITIVE: "var(--positive)",
    NEGATIVE: "var(--negative)",
    **{colour: f"var(--group-{i})" for i, colour in enumerate(GROUP_COLOURS)},
}
SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "hftopic",
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.size": 9.5,
    "text.color": INK,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.titlesize": 9.5,
    "path.simplify": True,
}


_drawing = ThreadLock()


def drawn(plot: Callable[..., Any], description: str) -> str:
    """SVG of the figure that ``plot`` draws; the figure looks the same whatever the user's style.

    Parameters
    ----------
    plot : callable
        Function that draws the figure on its argument ``ax`` and returns the Axes.
    description : str
        Text alternative of the figure, for screen readers.
    """
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    buffer = io.BytesIO()
    with _own_style():
        figure = plot(ax=Sheet()).figure
        if any(panel.get_aspect() != "auto" for panel in figure.axes):
            _lay_out(figure)  # the first layout is made before these Axes get their shape
        FigureCanvasSVG(figure)
        figure.dpi = FigureCanvasSVG.fixed_dpi
        _lay_out(figure)
        figure.set_layout_engine(None)  # or savefig would draw everything twice, once for the layout
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _for_page(ElementTree.fromstring(buffer.getvalue()), description)


def _lay_out(figure: Any) -> None:
    """Place the Axes of a figure, and give them their shapes, without drawing what is in them."""
    figure.get_layout_engine().execute(figure)
    for panel in figure.axes:
        panel.apply_aspect()


@contextmanager
def _own_style() -> Iterator[None]:
    """matplotlib with its defaults and :data:`SETTINGS`, and without warnings about fonts.

    Both belong to the whole process, so one thread draws at a time.
    """
    from matplotlib import style

    with _drawing, style.context(["default", SETTINGS]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # the browser uses its own fonts
        yield


def _for_page(svg: ElementTree.Element, description: str) -> str:
    """The figure with a text alternative, tooltips, the page's colours, and a size that can shrink."""
    width = float(svg.attrib.pop("width").removesuffix("pt"))
    del svg.attrib["height"]
    svg.set("style", f"max-width: {1.35 * width:.0f}px")
    svg.set("role", "img")
    svg.set("aria-label", description)
    for unneeded in [child for child in svg if child.tag == f"{{{SVG}}}metadata"]:
        svg.remove(unneeded)
    # Ids must be unique in the whole page, not only in one figure.
    prefix = hashlib.sha256(description.encode()).hexdigest()[:8]
    for element in svg.iter():
        _take_tip(element)
        _take_link(element)
        _name_apart(element, prefix)
        if "style" in element.attrib:
            element.set("style", in_page_colours(element.get("style", "")))
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    return ElementTree.tostring(svg, encoding="unicode")


def _take_tip(element: ElementTree.Element) -> None:
    """Move the tooltip text from the id of an element to a title element, which browsers show."""
    name = element.get("id", "")
    if name.startswith(TIP):
        del element.attrib["id"]
        title = ElementTree.Element(f"{{{SVG}}}title")
        title.text = name.removeprefix(TIP)
        element.insert(0, title)


def _take_link(element: ElementTree.Element) -> None:
    """Write a link as the page does; the page's script makes all links of a figure one tab stop."""
    target = element.attrib.pop(f"{{{XLINK}}}href", None) if element.tag == f"{{{SVG}}}a" else None
    if target is not None:
        element.attrib.pop("target", None)
        element.set("href", target)
        element.set("tabindex", "-1")


def _name_apart(element: ElementTree.Element, prefix: str) -> None:
    """Add the prefix of the figure to ids and to references to them."""
    for key, value in list(element.attrib.items()):
        if key == "id":
            element.set(key, f"{prefix}-{value}")
        elif key == f"{{{XLINK}}}href" and value.startswith("#"):
            element.set(key, f"#{prefix}-{value[1:]}")
        elif "url(#" in value:
            element.set(key, value.replace("url(#", f"url(#{prefix}-"))


def in_page_colours(style: str) -> str:
    """A style in which the figure's colours are replaced by the page's variables."""
    for colour, variable in VARIABLES.items():
        style = style.replace(colour, variable)
    return style
