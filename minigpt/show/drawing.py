"""What all figures share: one style, shown once in a notebook, with words that do not overlap."""

import contextlib
import io
import math
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, cast

import matplotlib
import matplotlib.figure
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import FancyBboxPatch

WIDTH = 8.0  # inches, about the width of a notebook
WORD_HEIGHT, LETTER_WIDTH = 0.14, 0.085  # inches that 9-point text needs: a line, and about a letter
DARK, MIDDLE, PALE = "#17406d", "#4f8fc0", "#c9d6e2"  # distinct in grey too
MAP = "Blues"  # from white to dark, in grey too

STYLE: dict[str, Any] = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.labelsize": 10,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.parse_math": False,  # a word can be a dollar sign
}

# DejaVu Sans, which comes with matplotlib, has neither Devanagari nor Chinese: whichever of these is installed helps out.
_OTHER_SCRIPTS = (
    *("Noto Sans Devanagari", "Nirmala UI", "Kohinoor Devanagari", "Lohit Devanagari"),
    *("Noto Sans CJK JP", "Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", "Hiragino Sans", "WenQuanYi Zen Hei"),
    *("Arial Unicode MS", "Noto Emoji", "Segoe UI Emoji", "Symbola"),
)


@contextlib.contextmanager
def without_glyph_warnings() -> Iterator[None]:
    """Draw boxes for a script that no installed font has, without a warning for each of its letters."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="(Glyph|Matplotlib currently does not support)")
        yield


class Figure(matplotlib.figure.Figure):
    """A matplotlib Figure that a notebook shows when it is the last value of a cell, and never twice.

    pyplot shows its own figures once more at the end of each cell; it does not know about this one.
    """

    def draw(self, renderer) -> None:
        with without_glyph_warnings():
            super().draw(renderer)

    def _repr_png_(self) -> bytes:
        content = io.BytesIO()
        self.savefig(content, format="png")
        return content.getvalue()


def new_figure(height: float, columns: int = 1, rows: int = 1, **options) -> tuple[Figure, list[Axes]]:
    """Make a figure as wide as a notebook and `height` inches high, with rows * columns axes."""
    figure = Figure(figsize=(WIDTH, height), dpi=100, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, **options)
    return figure, list(axes.flat)


def styled():
    """Decorate a function so that it draws in our style, whatever the notebook has set."""
    installed = set(font_manager.get_font_names())
    fonts = ["DejaVu Sans", *(name for name in _OTHER_SCRIPTS if name in installed)]
    settings: Any = {**STYLE, "font.family": fonts}
    return matplotlib.rc_context(settings)


def rounded_box(left: float, bottom: float, width: float, height: float, **look: Any) -> FancyBboxPatch:
    """A box with round corners, to be added to axes."""
    return FancyBboxPatch((left, bottom), width, height, boxstyle="round,pad=0,rounding_size=0.1", **look)


def shorten(text: str, length: int = 50) -> str:
    """Keep the end of a long text, which decides what comes next."""
    text = " ".join(text.split())
    return text if len(text) <= length else f"…{text[-length:]}"


def label_words(axes: Axes, words: Sequence[str], inches: float) -> None:
    """Write words along the axes of a heatmap: only every second, third … word if they would overlap.

    Args:
        axes: of the heatmap.
        words: one for each row and column.
        inches: length of the axis.
    """
    step = max(1, math.ceil(len(words) * WORD_HEIGHT / inches))
    places = range(0, len(words), step)
    axes.set_xticks(places, words[::step], rotation=90)
    axes.set_yticks(places, words[::step])


@without_glyph_warnings()
def place_labels(axes: Axes, points: Sequence[tuple[float, float]], words: Sequence[str], dots: Sequence | None = None) -> int:
    """Write a word beside each point, as long as there is room; the first words come first.

    Args:
        axes: with its limits set.
        points: in data coordinates.
        words: one for each point.
        dots: all points that must stay visible; by default those that get a word.

    Returns:
        How many words had no room.
    """
    figure = cast(Figure, axes.figure)
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw_without_rendering()  # the layout decides now how large the axes are
    pixels = axes.transData.transform(points if dots is None else dots)
    dot = 2 * figure.dpi / 72  # half a dot of 4 points
    gap = 1.5 * figure.dpi / 72  # half of what is between two words side by side
    taken = [(x - dot, y - dot, x + dot, y + dot) for x, y in pixels]  # left, bottom, right, top
    frame = axes.get_window_extent(renderer)
    left_out = 0
    for (x, y), word in zip(points, words, strict=True):
        for dx, dy, across, up in _PLACES:
            label = axes.annotate(
                word, (x, y), (dx, dy), textcoords="offset points", ha=across, va=up, fontsize=9, annotation_clip=False
            )
            box = label.get_window_extent(renderer)
            inside = frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0 and box.y1 <= frame.y1
            left, bottom, right, top = box.x0 - gap, box.y0, box.x1 + gap, box.y1
            if inside and not any(left < x1 and x0 < right and bottom < y1 and y0 < top for x0, y0, x1, y1 in taken):
                taken.append((left, bottom, right, top))
                break
            label.remove()
        else:
            left_out += 1
    return left_out


# To the right, left, top and bottom of the point, then the corners: offset in points, and the side of the word at that point.
_PLACES = (
    (5, 0, "left", "center"),
    (-5, 0, "right", "center"),
    (0, 5, "center", "bottom"),
    (0, -5, "center", "top"),
    (4, 4, "left", "bottom"),
    (-4, 4, "right", "bottom"),
    (4, -4, "left", "top"),
    (-4, -4, "right", "top"),
)
