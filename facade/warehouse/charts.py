"""Charts as SVG inside a page: no script, and nothing is loaded."""

import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import Element, tostring

import pygal
from pygal.style import Style

# pygal 3.1.3 adds a finder for its maps that has no `find_spec`, so that each later import of a missing module warns.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__name__ != "PluginImportFixer"]

FONT = "system-ui, sans-serif"
COLOURS = ("#2a6f97", "#e07a1f", "#3a8f5c", "#b23a48", "#7a5195", "#8a8d91", "#c9a227", "#4d9de0")
STYLE = Style(
    background="transparent",
    plot_background="transparent",
    font_family=FONT,
    colors=COLOURS,
    label_font_size=11,
    major_label_font_size=11,
    legend_font_size=12,
    no_data_font_size=20,
    value_font_size=11,
    guide_stroke_color="#d5dbe1",
    major_guide_stroke_color="#d5dbe1",
)
PER_BAR, AROUND = 34, 90
"""Pixels."""
LABEL = 48
"""The most characters of a label; the table has all of them."""
LABELS = 12
"""About so many are below a course of time."""


def plain(value: Any) -> str:
    """The text without characters that XML does not have."""
    return "".join(one for one in str(value) if one.isprintable() or one in "\n\t")


def bars(labels: Sequence[str], series: Mapping[str, Sequence[Any]]) -> str:
    """Horizontal bars with their values, for few categories."""
    chart = pygal.HorizontalBar(
        **_options(AROUND + PER_BAR * max(1, len(labels)) * max(1, len(series))),
        print_values=True,
        show_legend=len(series) > 1,
    )
    # pygal draws the first label at the bottom
    return _drawn(chart, labels[::-1], {name: values[::-1] for name, values in series.items()})


def lines(labels: Sequence[str], series: Mapping[str, Sequence[Any]]) -> str:
    """A course of time. Of many labels only some are shown."""
    every = max(1, len(labels) // LABELS)
    chart = pygal.Line(
        **_options(300),
        x_label_rotation=30,
        include_x_axis=True,
        legend_at_bottom=True,
        x_labels_major_every=every,
        show_minor_x_labels=False,
    )
    return _drawn(chart, labels, series)


def _options(height: int) -> dict[str, Any]:
    # pygal links a script at a CDN unless `js` is empty
    return {
        "js": (),
        "style": STYLE,
        "width": 860,
        "height": height,
        "truncate_label": LABEL,
        "disable_xml_declaration": True,
    }


def _drawn(chart: Any, labels: Sequence[str], series: Mapping[str, Sequence[Any]]) -> str:
    chart.x_labels = [plain(label) for label in labels]
    for name, values in series.items():
        chart.add(plain(name), [float(value) if isinstance(value, Decimal) else value for value in values])
    root: Element = chart.render_tree()
    for parent in root.iter():
        for child in list(parent):
            # a comment has a function as its tag; the script only holds pygal's options
            if not isinstance(child.tag, str) or child.tag.endswith("script"):
                parent.remove(child)
    return tostring(root, encoding="unicode")
