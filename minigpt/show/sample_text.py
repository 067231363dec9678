"""A callback that lets the model write a text after each epoch."""

from collections.abc import Callable
from typing import Any

import keras

from minigpt.config import check_positive
from minigpt.generation import generate_text


class SampleText(keras.callbacks.Callback):
    """Generates a text after each epoch, so that you see how the model learns to write.

    Args:
        tokenizer: of the model.
        prompt: what to continue.
        max_new_tokens: how many words to generate.
        every: generate after every so many epochs.
        say: what to do with the text; by default it is printed.
    """

    def __init__(
        self, tokenizer: Any, prompt: str = "", max_new_tokens: int = 12, every: int = 1, say: Callable[[str], object] = print
    ) -> None:
        super().__init__()
        check_positive("every", every)
        self.tokenizer, self.prompt, self.max_new_tokens, self.every, self.say = tokenizer, prompt, max_new_tokens, every, say

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Called by Keras."""
        if (epoch + 1) % self.every == 0:
            text = generate_text(self.model, self.tokenizer, self.prompt, self.max_new_tokens, temperature=0)
            self.say(f"  after epoch {epoch + 1} it says: {text}")
