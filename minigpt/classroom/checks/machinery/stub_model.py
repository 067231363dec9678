"""Models and tokenizers with answers known in advance, to check `generate_text` with."""

import types
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from minigpt.classroom.checks.machinery.run import CheckFailed, accepts

WORDS = ["", "<OOV>", "ant", "bee", "cat", "dog", "elk", "fox", "gnu", "hen", "ibis", "jay"]
VOCAB = len(WORDS)
FIRST_WORD = 2  # after padding and <OOV>
WINDOW_NAMES = ("max_seq_length", "window_size", "max_len", "maxlen", "max_length", "seq_len", "context_size", "block_size")


class StubTokenizer:
    """Knows ten animals. With `drops=True` unknown words vanish, else they become <OOV>."""

    def __init__(self, drops: bool = False) -> None:
        self.drops = drops
        self.vocab_size = VOCAB
        self.word_index = {word: number for number, word in enumerate(WORDS) if word}
        self.index_word = {number: word for word, number in self.word_index.items()}

    def encode(self, text: str) -> list[int]:
        """The ids of the words."""
        ids = [self.word_index.get(word, 1) for word in text.split()]
        return [id_ for id_ in ids if id_ != 1] if self.drops else ids

    def decode(self, ids: Sequence[int]) -> str:
        """The words of the ids, with spaces between them."""
        return " ".join(WORDS[int(id_)] for id_ in np.ravel(ids) if WORDS[int(id_)])


class StubModel(keras.Model):
    """A model whose answer is a plain function of the words so far; it can be called, or asked by `predict`.

    Args:
        next_word: from the ids up to a position to the probabilities (V,) of the word after it.
        window: the longest sequence it reads; told under the names that models tell it.
        fixed: read sequences of exactly that length, as a model with `keras.Input((window,))` does.
    """

    def __init__(self, next_word: Callable[[list[int]], np.ndarray], window: int = 4096, fixed: bool = False) -> None:
        super().__init__()
        self.next_word, self.max_seq_length, self.fixed = next_word, window, fixed
        self.too_long = False

    @property
    def config(self) -> types.SimpleNamespace:
        """As some models keep it."""
        return types.SimpleNamespace(max_seq_length=self.max_seq_length, vocab_size=VOCAB)

    @property
    def input_shape(self) -> tuple[None, int | None]:
        """(None, T), or (None, None) for every length."""
        return (None, self.max_seq_length if self.fixed else None)

    @property
    def output_shape(self) -> tuple[None, int | None, int]:
        """(None, T, V)."""
        return (*self.input_shape, VOCAB)

    def get_layer(self, name: str | None = None, index: int | None = None) -> Any:
        """The layer of the positions, which knows the longest sequence."""
        if name != "positional_encoding":
            raise ValueError(f"No such layer: {name}")
        return types.SimpleNamespace(name=name, max_len=self.max_seq_length)

    def answers(self, ids: Any) -> np.ndarray:  # (B, T) -> (B, T, V)
        """The probabilities at every position."""
        rows = np.asarray(ids)
        if rows.ndim != 2:
            raise ValueError(
                f"the model takes ids of the shape (B, T), such as [[3, 4, 5]], and was given the shape {rows.shape}"
            )
        if rows.shape[1] > self.max_seq_length or (self.fixed and rows.shape[1] != self.max_seq_length):
            self.too_long = rows.shape[1] > self.max_seq_length
            raise ValueError(f"the model reads at most {self.max_seq_length} words, and was given {rows.shape[1]}")
        if rows.shape[1] == 0:
            raise ValueError("the model was given no word at all")
        rows = rows.astype(int)
        out = np.zeros((*rows.shape, VOCAB), dtype="float32")
        for row, answers in zip(rows, out, strict=True):
            for place in range(max(0, len(row) - 64), len(row)):  # earlier answers of a long text are asked for by nobody
                answers[place] = self.next_word(row[: place + 1].tolist())
        return out

    def __call__(self, ids: Any, training: bool | None = None, **options: Any) -> Any:
        """The answers as a tensor."""
        return keras.ops.convert_to_tensor(self.answers(ids))

    def predict(self, x: Any, **options: Any) -> np.ndarray:
        """The answers as an array."""
        return self.answers(x)

    def predict_on_batch(self, x: Any) -> np.ndarray:
        """The answers as an array."""
        return self.answers(x)


def surely(word_id: int) -> np.ndarray:  # -> (V,)
    """Nearly all the probability on one word."""
    p = np.full(VOCAB, 1e-12)
    p[word_id] = 1
    return p / p.sum()


def next_in_row(ids: list[int]) -> np.ndarray:
    """ant, bee, cat ...: the word after w is the next animal, and after the last the first again."""
    return surely(FIRST_WORD + (ids[-1] - FIRST_WORD + 1) % (VOCAB - FIRST_WORD))


def sum_of_three(ids: list[int]) -> np.ndarray:
    """The next word follows from the last three, and from how many there are of them."""
    return surely(FIRST_WORD + (sum(id_ * (place + 1) for place, id_ in enumerate(ids[-3:])) + 7) % (VOCAB - FIRST_WORD))


def always(p: dict[int, float]) -> Callable[[list[int]], np.ndarray]:
    """The same probabilities whatever came before."""
    row = np.full(VOCAB, 1e-9)
    row[list(p)] = list(p.values())
    return lambda ids: row / row.sum()


def speak(
    generate_text: Callable[..., Any],
    next_word: Callable[[list[int]], np.ndarray],
    prompt: str,
    tokenizer: Any = None,
    window: int = 4096,
    **options: Any,
) -> list[str]:
    """The new words that the learner's function says, or CheckFailed where it gives no text."""
    tokenizer = tokenizer or StubTokenizer()
    options = {"temperature": 1.0, "seed": 0, **options}
    options.update({name: window for name in WINDOW_NAMES if accepts(generate_text, name)})
    first: Exception | None = None
    for fixed in (False, True) if window < 100 else (False,):  # some functions need a model that reads one length only
        try:
            text = generate_text(StubModel(next_word, window, fixed), tokenizer, prompt, **options)
            break
        except Exception as error:
            first = first or error
    else:
        raise first or AssertionError
    if not isinstance(text, str):
        mistake = (
            "join the words into one text, as tokenizer.decode does" if text is not None else "generate_text has no `return`"
        )
        if hasattr(text, "__next__"):
            mistake = "yield makes a generator: collect the words, and return them as one text"
        raise CheckFailed("a str", f"a {type(text).__name__}", mistake)
    words = text.split()
    for given in (prompt.split(), tokenizer.decode(tokenizer.encode(prompt)).split()):  # unknown words may come back as <OOV>
        if given and words[: len(given)] == given:
            return words[len(given) :]
    return words


def row_after(word: str, count: int) -> list[str]:
    """The animals after this one, in their order."""
    start, size = WORDS.index(word) - FIRST_WORD + 1, VOCAB - FIRST_WORD
    return [WORDS[FIRST_WORD + (start + place) % size] for place in range(count)]
