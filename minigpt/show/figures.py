"""Figures of the notebooks: the pipeline from text to answer, with the present stage marked; words above their ids."""

from collections.abc import Sequence

from minigpt.errors import ConfigError
from minigpt.show.drawing import DARK, PALE, Figure, new_figure, rounded_box, styled

# The stages in the order of the notebooks, from 01: the name, and what comes out of it.
STAGES = (
    ("text", "one long\nstring"),
    ("tokenizer", "words → ids"),
    ("windows", "x, and y one\nword later"),
    ("positions", "the order\nis added"),
    ("decoder\nblock", "words look at\neach other"),
    ("GPT", "blocks are\nstacked"),
    ("training", "the loss falls"),
    ("saving", "files to\nlook into"),
    ("answers", "word by word"),
    ("dialogue", "you ask,\nit replies"),
)
FADED = "0.5"


@styled()
def pipeline(stage: int) -> Figure:
    """Draw the stages from text to answer: finished ones pale, the present one dark, later ones in outline.

    Args:
        stage: the number of the notebook, 1 to 10; 0 for the whole story.

    Raises:
        ConfigError: there is no such stage.

    Example:
        >>> len(pipeline(3).axes)
        1
    """
    if stage not in range(len(STAGES) + 1):
        raise ConfigError(f"stage={stage!r}: use the number of a notebook, 0 to {len(STAGES)}")
    figure, (axes,) = new_figure(1.6)
    for number, (name, product) in enumerate(STAGES, 1):
        here, done = number == stage, stage == 0 or number < stage
        face = DARK if here else PALE if done else "white"
        edge = DARK if here or done else FADED
        axes.add_patch(rounded_box(number - 0.42, 0, 0.84, 0.8, facecolor=face, edgecolor=edge))
        weight = "bold" if here else "normal"
        axes.text(number, 0.4, name, ha="center", va="center", color="white" if here else edge, weight=weight, fontsize=8.5)
        axes.text(number, 0.9, f"{number:02}", ha="center", va="bottom", color=edge, weight=weight, fontsize=8.5)
        axes.text(number, -0.1, product, ha="center", va="top", color=edge, fontsize=8)
        if number < len(STAGES):
            axes.annotate("", (number + 0.58, 0.4), (number + 0.42, 0.4), arrowprops={"arrowstyle": "->", "color": FADED})
    title = "You are here" if stage else "All the way from a text to an answer"
    axes.text(stage or 0.6, 1.2, title, ha="center" if stage else "left", color=DARK, fontsize=9.5, weight="bold")
    axes.set(xlim=(0.5, len(STAGES) + 0.5), ylim=(-0.5, 1.35))
    axes.axis("off")
    return figure


@styled()
def words_over_ids(words: Sequence[str], ids: Sequence[int], unknown_id: int | None = None) -> Figure:
    """Draw each word above its id; unknown words only get a frame.

    Args:
        words: the first ten are drawn.
        ids: one for each word.
        unknown_id: the id of unknown words.

    Example:
        >>> len(words_over_ids(["the", "cat"], [2, 3]).axes)
        1
    """
    words, ids = list(words)[:10], list(ids)[:10]
    widths = [max(len(word), 3) + 1.5 for word in words]
    figure, (axes,) = new_figure(1.1)
    left = 0.0
    for word, word_id, width in zip(words, ids, widths, strict=True):
        known = word_id != unknown_id
        axes.add_patch(rounded_box(left, 0, width - 0.4, 0.8, facecolor=DARK if known else "white", edgecolor=DARK))
        middle = left + width / 2 - 0.2
        axes.text(middle, 1.3, word, ha="center", va="center")
        axes.text(middle, 0.4, str(word_id), ha="center", va="center", color="white" if known else DARK)
        left += width
    axes.set(xlim=(-0.5, max(left, 60)), ylim=(-0.1, 1.7))
    axes.axis("off")
    return figure
