"""Words to numbers and back: the Keras Tokenizer of the class, with its traps handled."""

import operator
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

from tensorflow.keras.preprocessing.text import Tokenizer, text_to_word_sequence

from minigpt.engine.long_texts import count_words, pieces
from minigpt.engine.punctuation import cut_into_tokens, joins
from minigpt.engine.tokenizer_files import read_tokenizer, tokenizer_bytes, write_tokenizer
from minigpt.errors import TokenizerError

PADDING_ID = 0  # the Keras Tokenizer gives its first word the id 1 and leaves 0 for padding


class WordTokenizer:
    """A word tokenizer: every word of the text gets a number, the most frequent word the smallest.

    Args:
        num_words: the largest vocabulary, counting padding (id 0) and `oov_token` (id 1); None for every word. A number
            that leaves no room for a word is a TokenizerError.
        oov_token: stands for every word outside the vocabulary. With None such words vanish, with a warning.
        keep_punctuation: keep case and punctuation, so that `decode(encode(text))` reads as proper sentences. By
            default both are dropped, as in the class.

    Example:
        >>> tokenizer = WordTokenizer().fit("The cat sat. The cat slept.")
        >>> tokenizer.encode("the cat purred")
        [2, 3, 1]
        >>> tokenizer.decode([2, 3, 4])
        'the cat sat'

    Reference: https://www.tensorflow.org/api_docs/python/tf/keras/preprocessing/text/Tokenizer
    """

    def __init__(self, num_words: int | None = 5000, oov_token: str | None = "<OOV>", keep_punctuation: bool = False) -> None:
        smallest = 2 if oov_token is None else 3
        if num_words is not None and (not hasattr(num_words, "__index__") or num_words < smallest):
            raise TokenizerError(f"num_words={num_words!r} leaves no room for a word: use None or at least {smallest}")
        options = {"filters": "", "lower": False} if keep_punctuation else {}
        self.keras_tokenizer = Tokenizer(num_words and operator.index(num_words), oov_token=oov_token, **options)

    @property
    def oov_token(self) -> str | None:
        """The token that stands for unknown words, or None."""
        return self.keras_tokenizer.oov_token

    @property
    def keep_punctuation(self) -> bool:
        """Whether case and punctuation are kept."""
        return not self.keras_tokenizer.lower and not self.keras_tokenizer.filters

    @property
    def vocab_size(self) -> int:
        """The number of ids, padding included: `num_words` is only a ceiling, and `len(word_index)` ignores it."""
        every_word = len(self._fitted().word_index) + 1  # + 1: padding has no word
        return min(self.keras_tokenizer.num_words or every_word, every_word)

    @property
    def special_ids(self) -> tuple[int, ...]:
        """The ids that are not words, and that a model should never predict: padding and the unknown word."""
        return (PADDING_ID,) if self.oov_token is None else (PADDING_ID, self.keras_tokenizer.word_index[self.oov_token])

    @property
    def words(self) -> list[str]:
        """The word of each id, from id 0 (padding, "") to `vocab_size` - 1."""
        return [self.keras_tokenizer.index_word.get(word_id, "") for word_id in range(self.vocab_size)]

    @property
    def word_counts(self) -> dict[str, int]:
        """How often each word occurs in the text it was fitted on, the most frequent first."""
        return dict(sorted(self._fitted().word_counts.items(), key=lambda item: -item[1]))

    def fit(self, text: str | Sequence[str]) -> "WordTokenizer":
        """Learn the vocabulary of a text (or of several), forgetting any earlier one.

        Raises:
            TextError: there is no word in the text, or no space between its words.
        """
        old = self.keras_tokenizer
        # Keras would give a second id to an `oov_token` that occurs in the text.
        oov_word = old.oov_token.lower() if old.oov_token and old.lower else old.oov_token
        counts = count_words(text, self.tokenize, leave_out=oov_word)
        self.keras_tokenizer = Tokenizer(old.num_words, old.filters, old.lower, oov_token=old.oov_token)
        self.keras_tokenizer.word_counts = counts
        self.keras_tokenizer.fit_on_texts([])  # numbers the words that were counted
        return self

    def tokenize(self, text: str) -> list[str]:
        """Cut a text into the words (with `keep_punctuation` also the marks) that get ids.

        Example:
            >>> WordTokenizer(keep_punctuation=True).tokenize("Well, don't!")
            ['Well', ',', "don't", '!']
        """
        if self.keep_punctuation:
            return cut_into_tokens(text)
        spaced = " ".join(text.split())  # Keras takes a no-break space for a letter
        return text_to_word_sequence(spaced, filters=self.keras_tokenizer.filters, lower=self.keras_tokenizer.lower)

    def encode(self, text: str) -> list[int]:
        """Turn a text into ids; a word outside the vocabulary becomes the id of `oov_token`."""
        keras = self._fitted()
        if self.oov_token is None and (lost := self.unknown_words(text)):
            warnings.warn(f"words outside the vocabulary vanish, because oov_token is None: {', '.join(lost)}", stacklevel=2)
        return [word_id for piece in pieces(text) for word_id in keras.texts_to_sequences([self.tokenize(piece)])[0]]

    def unknown_words(self, text: str) -> list[str]:
        """The different words of a text that are outside the vocabulary, in their order."""
        index, size = self._fitted().word_index, self.vocab_size
        words = (word for piece in pieces(text) for word in self.tokenize(piece))
        return list(dict.fromkeys(word for word in words if index.get(word, size) >= size))

    def decode(self, ids: Iterable[int]) -> str:
        """Turn ids into a text, without the padding; TokenizerError for an id outside the vocabulary."""
        size, text = self.vocab_size, ""
        for word_id in ids:
            if not 0 <= word_id < size:
                raise TokenizerError(f"id {word_id} is outside the vocabulary: the ids go from 0 to {size - 1}")
            if word_id != PADDING_ID:
                text += self.spaced(self.keras_tokenizer.index_word[word_id], text)
        return text

    def spaced(self, word: str, before: str) -> str:
        """The word as it continues the text `before`: with a space in front where one belongs."""
        follows_directly = not before or before[-1].isspace() or (self.keep_punctuation and joins(word, before))
        return word if follows_directly else f" {word}"

    def save(self, path: str | Path) -> None:
        """Write the tokenizer: `.json` (text, readable anywhere) or `.pkl` (the pickle of the class), by suffix."""
        write_tokenizer(path, self._fitted())

    def to_bytes(self, suffix: str) -> bytes:
        """The content of the file that `save` writes for ".json" or ".pkl"."""
        return tokenizer_bytes(self._fitted(), suffix)

    @classmethod
    def load(cls, path: str | Path) -> "WordTokenizer":
        """Read a tokenizer that `save`, or the class's own `pickle.dump`, wrote; TokenizerError for any other file."""
        tokenizer = read_tokenizer(path)
        loaded = cls(tokenizer.num_words, tokenizer.oov_token)
        loaded.keras_tokenizer = tokenizer
        return loaded

    def _fitted(self) -> Tokenizer:
        if not self.keras_tokenizer.word_counts:
            raise TokenizerError("the tokenizer has not seen a text yet: call tokenizer.fit(text_data) first")
        return self.keras_tokenizer
