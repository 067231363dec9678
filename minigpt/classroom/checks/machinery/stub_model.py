"""Models and tokenizers with known answers, to check `generate_text` with."""

import types
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from minigpt.classroom.checks.machinery.run import CheckFailed, has_argument

WORDS = ["", "<OOV>", "ant", "bee", "cat", "dog", "elk", "fox", "gnu", "hen", "ibis", "jay"]
VOCAB = len(WORDS)
FIRST_ANIMAL, ANIMALS = 2, VOCAB - 2  # ids 0 and 1 are padding and <OOV>
WINDOW_NAMES = ("max_seq_length", "window_size", "max_len", "maxlen", "max_length", "seq_len", "context_size", "block_size")

NextWord = Callable[[list[int]], np.ndarray]  # the ids so far -> the probabilities (V,) of the next word


class StubTokenizer:
    """Knows ten animals. With `drops_unknown=True` unknown words vanish, else they become <OOV>."""

    def __init__(self, drops_unknown: bool = False) -> None:
        self.drops_unknown = drops_unknown
        self.vocab_size = VOCAB
        self.word_index = {word: number for number, word in enumerate(WORDS) if word}
        self.index_word = {number: word for word, number in self.word_index.items()}

    def encode(self, text: str) -> list[int]:
        """The ids of the words."""
        ids = [self.word_index.get(word, 1) for word in text.split()]
        return [id_ for id_ in ids if id_ != 1] if self.drops_unknown else ids

    def decode(self, ids: Sequence[int]) -> str:
        """The words of the ids, with spaces between them."""
        return " ".join(WORDS[int(id_)] for id_ in np.ravel(ids) if WORDS[int(id_)])


class StubModel(keras.Model):
    """A model that predicts by a plain function of the words so far; it can be called, or used with `predict`.

    Args:
        next_word: the function.
        window: the longest sequence it reads; exposed under the names that models use for it.
        fixed: read sequences of exactly that length, as a model with `keras.Input((window,))` does.
    """

    def __init__(self, next_word: NextWord, window: int = 4096, fixed: bool = False) -> None:
        super().__init__()
        self.next_word, self.max_seq_length, self.fixed = next_word, window, fixed

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

    def probabilities(self, ids: Any) -> np.ndarray:  # (B, T) -> (B, T, V)
        """The predictions at every position."""
        rows = np.asarray(ids)
        if rows.ndim != 2:
            raise ValueError(f"the model takes ids of shape (B, T), such as [[3, 4, 5]], and was given shape {rows.shape}")
        length = rows.shape[1]
        if length > self.max_seq_length or (self.fixed and length != self.max_seq_length):
            raise ValueError(f"the model reads at most {self.max_seq_length} words, and was given {length}")
        if length == 0:
            raise ValueError("the model was given no word at all")
        out = np.zeros((*rows.shape, VOCAB), dtype="float32")
        for row, predictions in zip(rows.astype(int), out, strict=True):
            for place in range(max(0, length - 64), length):  # nobody needs the earlier ones of a long text
                predictions[place] = self.next_word(row[: place + 1].tolist())
        return out

    def __call__(self, ids: Any, training: bool | None = None, **options: Any) -> Any:
        """The predictions as a tensor."""
        return keras.ops.convert_to_tensor(self.probabilities(ids))

    def predict(self, x: Any, **options: Any) -> np.ndarray:
        """The predictions as an array."""
        return self.probabilities(x)

    predict_on_batch = predict


def next_animal(ids: list[int]) -> np.ndarray:
    """ant, bee, cat ...: each animal is followed by the next one, and the last by the first."""
    return _nearly_certain(ids[-1] - FIRST_ANIMAL + 1)


def depends_on_last_three(ids: list[int]) -> np.ndarray:
    """The next word follows from the last three, and from how many there are of them."""
    return _nearly_certain(sum(id_ * (place + 1) for place, id_ in enumerate(ids[-3:])) + 7)


def _nearly_certain(animal: int) -> np.ndarray:  # -> (V,)
    p = np.full(VOCAB, 1e-12)
    p[FIRST_ANIMAL + animal % ANIMALS] = 1
    return p / p.sum()


def always(p: dict[int, float]) -> NextWord:
    """The same probabilities whatever came before."""
    row = np.full(VOCAB, 1e-9)
    row[list(p)] = list(p.values())
    return lambda ids: row / row.sum()


def continuation(prompt: str | list[int], count: int, next_word: NextWord, seen: slice = slice(None)) -> list[str]:
    """The words with which a text goes on, if the model sees this part of the text before each."""
    ids = StubTokenizer().encode(prompt) if isinstance(prompt, str) else list(prompt)
    for _ in range(count):
        ids.append(int(next_word(ids[seen]).argmax()))
    return [WORDS[id_] for id_ in ids[-count:]]


def new_words(
    generate_text: Callable[..., Any],
    next_word: NextWord,
    prompt: str,
    tokenizer: Any = None,
    window: int = 4096,
    **options: Any,
) -> list[str]:
    """The words that the student's function generates after the prompt, or CheckFailed where it returns no text."""
    tokenizer = tokenizer or StubTokenizer()
    options = {"temperature": 1.0, "seed": 0, **options}
    options.update({name: window for name in WINDOW_NAMES if has_argument(generate_text, name)})
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
        mistake = "join the words into one text, as tokenizer.decode does"
        if text is None:
            mistake = "generate_text has no `return`"
        elif hasattr(text, "__next__"):
            mistake = "`yield` makes a generator: collect the words, and return them as one text"
        raise CheckFailed("a str", f"a {type(text).__name__}", mistake)
    words = text.split()
    for given in (prompt.split(), tokenizer.decode(tokenizer.encode(prompt)).split()):  # unknown words may come back as <OOV>
        if given and words[: len(given)] == given:
            return words[len(given) :]
    return words
