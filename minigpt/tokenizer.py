"""Words to numbers and back: the Keras Tokenizer of the class, with its traps handled."""

import pickle
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

from tensorflow.keras.preprocessing.text import Tokenizer, text_to_word_sequence

from minigpt.engine.files import write_atomic
from minigpt.engine.punctuation import cut_into_tokens, joins
from minigpt.engine.tokenizer_files import read_json, read_pickle
from minigpt.errors import TextError, TokenizerError

PADDING_ID = 0  # the Keras Tokenizer gives its first word the id 1 and leaves 0 for padding


class WordTokenizer:
    """A word tokenizer: every word of the text gets a number, the most frequent word the smallest.

    Args:
        num_words: the largest vocabulary, counting padding (id 0) and `oov_token` (id 1); None for every word.
        oov_token: stands for every word outside the vocabulary. With None such words vanish, with a warning.
        keep_punctuation: keep case and punctuation, so that `decode(encode(text))` reads as proper sentences. By
            default both are dropped, as in the class.

    Raises:
        TokenizerError: `num_words` leaves no room for a word.

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
            raise TokenizerError(
                f"num_words={num_words!r} leaves no room for a word: use None or a number of at least {smallest}"
            )
        options = {"filters": "", "lower": False} if keep_punctuation else {}
        self.keras_tokenizer = Tokenizer(num_words=num_words, oov_token=oov_token, **options)

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
        """How many ids can occur, padding included: `num_words` is only a ceiling, and `len(word_index)` ignores it."""
        self._check_fitted()
        every_word = len(self.keras_tokenizer.word_index) + 1  # + 1: padding has no word
        return min(self.keras_tokenizer.num_words or every_word, every_word)

    @property
    def special_ids(self) -> tuple[int, ...]:
        """The ids that are no word, and that a model should never say: padding and the unknown word."""
        return (PADDING_ID,) if self.oov_token is None else (PADDING_ID, self.keras_tokenizer.word_index[self.oov_token])

    @property
    def words(self) -> list[str]:
        """The word of each id, from id 0 (padding, "") to `vocab_size` - 1."""
        return [self.keras_tokenizer.index_word.get(word_id, "") for word_id in range(self.vocab_size)]

    @property
    def word_counts(self) -> dict[str, int]:
        """How often each word stood in the text it was fitted on, the most frequent first."""
        self._check_fitted()
        return dict(sorted(self.keras_tokenizer.word_counts.items(), key=lambda item: -item[1]))

    def fit(self, text: str | Sequence[str]) -> "WordTokenizer":
        """Learn the vocabulary of a text (or of several), forgetting any earlier one.

        Raises:
            TextError: there is no word in the text.
        """
        texts = [text] if isinstance(text, str) else list(text)
        tokens = [[word for word in self.tokenize(item) if word != self._oov_word] for item in texts]
        if not any(tokens):
            raise TextError("the text has no words: give a text with at least one word")
        old = self.keras_tokenizer
        self.keras_tokenizer = Tokenizer(num_words=old.num_words, oov_token=old.oov_token, filters=old.filters, lower=old.lower)
        self.keras_tokenizer.fit_on_texts(tokens)
        return self

    def tokenize(self, text: str) -> list[str]:
        """Cut a text into the words (with `keep_punctuation` also the marks) that get ids.

        Example:
            >>> WordTokenizer(keep_punctuation=True).tokenize("Well, don't!")
            ['Well', ',', "don't", '!']
        """
        if self.keep_punctuation:
            return cut_into_tokens(text)
        keras = self.keras_tokenizer
        return text_to_word_sequence(text, filters=keras.filters, lower=keras.lower, split=keras.split)

    def encode(self, text: str) -> list[int]:
        """Turn a text into ids; a word outside the vocabulary becomes the id of `oov_token`."""
        self._check_fitted()
        tokens = self.tokenize(text)
        if self.oov_token is None and (lost := self._outside(tokens)):
            warnings.warn(f"words outside the vocabulary vanish, because oov_token is None: {', '.join(lost)}", stacklevel=2)
        return self.keras_tokenizer.texts_to_sequences([tokens])[0]

    def unknown_words(self, text: str) -> list[str]:
        """The different words of a text that are outside the vocabulary, in their order."""
        self._check_fitted()
        return self._outside(self.tokenize(text))

    def decode(self, ids: Iterable[int]) -> str:
        """Turn ids into a text; padding is left out.

        Raises:
            TokenizerError: an id is outside the vocabulary.
        """
        words = self.words
        text = ""
        for word_id in ids:
            if not 0 <= word_id < len(words):
                raise TokenizerError(f"id {word_id} is outside the vocabulary: the ids go from 0 to {len(words) - 1}")
            if word_id != PADDING_ID:
                text += self.spaced(words[word_id], text)
        return text

    def spaced(self, word: str, before: str) -> str:
        """The word as it continues the text `before`: with a space in front where one belongs."""
        if not before or before[-1].isspace():
            return word
        if self.keep_punctuation and joins(word, before):
            return word
        return f" {word}"

    def save(self, path: str | Path) -> None:
        """Write the tokenizer: `.json` (text, readable anywhere) or `.pkl` (the pickle of the class), by suffix."""
        self._check_fitted()
        content = self.to_bytes(_suffix(path))
        try:
            write_atomic(path, content)
        except OSError as error:
            raise TokenizerError(f"the tokenizer cannot be saved as {path} ({error.strerror}): check the folder") from error

    def to_bytes(self, suffix: str) -> bytes:
        """The content of the file that `save` writes for ".json" or ".pkl"."""
        if suffix == ".json":
            return self.keras_tokenizer.to_json().encode()
        return pickle.dumps(self.keras_tokenizer, protocol=4)

    @classmethod
    def load(cls, path: str | Path) -> "WordTokenizer":
        """Read a tokenizer that `save`, or the class's own `pickle.dump`, has written.

        A pickle can run any program while it is read, so only the Keras Tokenizer and plain containers are admitted.

        Raises:
            TokenizerError: there is no such file, or it holds something else than a tokenizer.
        """
        suffix = _suffix(path)
        try:
            content = Path(path).read_bytes()
        except OSError as error:
            raise TokenizerError(f"the tokenizer {path} cannot be read ({error.strerror}): check the path") from error
        try:
            tokenizer = read_json(content) if suffix == ".json" else read_pickle(content)
        except TokenizerError as error:
            raise TokenizerError(f"{path}: {error}") from error
        except Exception as error:  # a damaged pickle or JSON can raise nearly anything
            raise TokenizerError(
                f"{path} is not a saved tokenizer, or is damaged ({error}): save it again with tokenizer.save"
            ) from error
        loaded = cls()
        loaded.keras_tokenizer = tokenizer
        return loaded

    @property
    def _oov_word(self) -> str | None:
        """`oov_token` as it would stand among the words of a text: Keras would give it a second id there."""
        return self.oov_token.lower() if self.oov_token and self.keras_tokenizer.lower else self.oov_token

    def _outside(self, tokens: list[str]) -> list[str]:
        index = self.keras_tokenizer.word_index
        return list(dict.fromkeys(token for token in tokens if not index.get(token, self.vocab_size) < self.vocab_size))

    def _check_fitted(self) -> None:
        if not self.keras_tokenizer.word_counts:
            raise TokenizerError("the tokenizer has not seen a text yet: call tokenizer.fit(text_data) first")


def _suffix(path: str | Path) -> str:
    suffix = Path(path).suffix.lower()
    if suffix not in (".json", ".pkl"):
        raise TokenizerError(f"{path}: a tokenizer is saved as .json or .pkl: use a name such as tokenizer.json")
    return suffix
