"""What the figures of a trained model need first: the ids of a text, and the network in NumPy."""

from collections.abc import Iterable
from typing import Any

from minigpt.engine.next_word import fast_copy
from minigpt.errors import ShowError
from minigpt.generation import read_prompt
from minigpt.numpy_gpt import NumpyGPT


def read_ids(tokenizer: Any, text: str) -> list[int]:
    """Encode a text of at least one word; a warning names the words that the tokenizer does not know."""
    ids = read_prompt(tokenizer, text, stacklevel=4)
    if not ids:
        raise ShowError(
            f"the text {text!r} has no words that the tokenizer knows: give at least one word of the text it was fitted on"
        )
    return ids


def numpy_gpt(model: Any) -> NumpyGPT:
    """The NumPy copy of a model of `build_gpt_model`, tested to predict the same.

    Raises:
        ShowError: there is none, because the model is another one.
    """
    gpt = model if isinstance(model, NumpyGPT) else fast_copy(model)
    if gpt is None:
        raise ShowError(
            f"the inside of this {type(model).__name__} cannot be read: give a model of minigpt.build_gpt_model "
            "(plot_next_words works with any model)"
        )
    return gpt


def word_names(tokenizer: Any, ids: Iterable[int]) -> list[str]:
    """The word of each id."""
    return [tokenizer.decode([int(word_id)]) or "(padding)" for word_id in ids]
