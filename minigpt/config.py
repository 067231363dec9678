"""Every hyper-parameter of the model, in one place, with the presets of the class."""

import math
import numbers
import operator
from dataclasses import dataclass
from typing import Any

from minigpt.errors import ConfigError, MinigptError


@dataclass
class GPTConfig:
    """The shape of a GPT.

    `GPTConfig(vocab_size)` has the sizes of the class and learns; `GPTConfig.quick(vocab_size)` learns the class text
    in seconds; `GPTConfig.lecture()` is the recipe exactly as it was taught, which never learns.

    Args:
        vocab_size: number of different ids, `tokenizer.vocab_size`.
        max_seq_length: the longest sequence that the model can read, in words: the context window.
        embed_dim: numbers per word, the width D of the network (d_model in the paper).
        num_heads: attention heads H in each block.
        key_dim: numbers per head; 0 (or None) means embed_dim // num_heads, as in the paper, so that all heads together
            are as wide as the model. The class had key_dim = embed_dim: eight times the work for no gain.
        ff_dim: width of the hidden layer of the feed-forward network, usually 4 * embed_dim.
        num_layers: decoder blocks, one after the other.
        dropout: share of activations set to zero during training, from 0 up to (not including) 1.
        causal: mask the future, so that a word attends only to itself and to the words before it.
        norm: "pre" normalises before attention and feed-forward (GPT-2), "post" after the addition (the paper).
        activation: of the feed-forward network, "gelu" (GPT) or "relu" (the paper).
        scale_embedding: multiply the word embeddings by sqrt(embed_dim), as in section 3.4 of the paper.

    Raises:
        ConfigError: a value that cannot be right; the message names the field.

    Example:
        >>> GPTConfig(vocab_size=400).key_dim
        32

    Reference: Vaswani et al., "Attention Is All You Need", https://arxiv.org/abs/1706.03762; Radford et al.,
    "Language Models are Unsupervised Multitask Learners" (GPT-2), 2019.
    """

    vocab_size: int
    max_seq_length: int = 100
    embed_dim: int = 256
    num_heads: int = 8
    key_dim: int = 0
    ff_dim: int = 1024
    num_layers: int = 4
    dropout: float = 0.1
    causal: bool = True
    norm: str = "pre"
    activation: str = "gelu"
    scale_embedding: bool = True

    def __post_init__(self) -> None:
        for name in ("vocab_size", "max_seq_length", "embed_dim", "num_heads", "ff_dim", "num_layers"):
            setattr(self, name, check_positive(name, getattr(self, name)))
        if self.key_dim in (0, None):
            if self.embed_dim % self.num_heads:
                raise ConfigError(
                    f"num_heads={self.num_heads} does not divide embed_dim={self.embed_dim}: use a number of heads that "
                    f"does, such as {math.gcd(self.num_heads, self.embed_dim)}, or give key_dim yourself"
                )
            self.key_dim = self.embed_dim // self.num_heads
        self.key_dim = check_positive("key_dim", self.key_dim)
        if not is_number(self.dropout) or not 0 <= self.dropout < 1:
            raise ConfigError(f"dropout={self.dropout!r} is not a share: use a number from 0 up to, not including, 1")
        self.dropout = float(self.dropout)
        check_choice("norm", self.norm, ("pre", "post"))
        check_choice("activation", self.activation, ("gelu", "relu"))
        for name in ("causal", "scale_embedding"):
            check_choice(name, getattr(self, name), (True, False))
            setattr(self, name, bool(getattr(self, name)))

    @classmethod
    def lecture(cls) -> "GPTConfig":
        """The recipe of the class as it was taught: 13,085,576 parameters that never get beyond "the the the"."""
        return cls(5000, key_dim=256, causal=False, norm="post", activation="relu", scale_embedding=False)

    @classmethod
    def quick(cls, vocab_size: int) -> "GPTConfig":
        """A small GPT that learns the class text by heart in seconds on two CPU cores."""
        return cls(vocab_size=vocab_size, max_seq_length=32, embed_dim=128, num_heads=4, ff_dim=512, num_layers=2)


def check_positive(name: str, value: Any) -> int:
    """Return `value` as an int, or raise ConfigError unless it is a whole number of at least 1."""
    return check_whole(name, value, least=1)


def check_whole(name: str, value: Any, least: int, or_else: str = "", error: type[MinigptError] = ConfigError) -> int:
    """Return `value` as an int, or raise an error unless it is a whole number of at least `least`."""
    try:
        number = operator.index(value)
    except TypeError:  # a float, a string, None
        number = least - 1
    if isinstance(value, bool) or number < least:
        raise error(f"{name}={value!r}: use a whole number of at least {least}{or_else}")
    return number


def is_number(value: Any) -> bool:
    """Whether `value` is a finite number, Python's or NumPy's; True and "0.1" are not."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(value)


def check_choice(name: str, value: object, choices: tuple[object, ...]) -> None:
    """Raise ConfigError unless `value` is one of `choices`."""
    if value not in choices:
        raise ConfigError(f"{name}={value!r}: use {' or '.join(map(repr, choices))}")
