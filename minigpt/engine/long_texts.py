"""Go through a long text in pieces, so that the list of all its words never has to be in memory."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from minigpt.errors import TextError

# Not behind an apostrophe: whether it ends a plural (the students' work) is known by the word that follows.
_CUT = re.compile(r"(?<!['’])\s")


def pieces(text: str, size: int = 100_000) -> Iterator[str]:
    """Cut a text between words into pieces of about `size` characters.

    Example:
        >>> list(pieces("the cat sat", size=5))
        ['the cat ', 'sat']
    """
    if not isinstance(text, str):
        raise TextError(f"{text!r:.60} is not a text: give a string, such as read_text('data/data.txt')")
    start = 0
    while start < len(text):
        cut = _CUT.search(text, start + size)
        end = cut.end() if cut else len(text)
        yield text[start:end]
        start = end


def count_words(text: str | Iterable[str], tokenize: Callable[[str], list[str]], leave_out: str | None) -> dict[str, int]:
    """Count the words of a text (or of several), in the order of their first appearance.

    Raises:
        TextError: there is no word in the text, or no space between its words.
    """
    texts = text if isinstance(text, Iterable) and not isinstance(text, (str, bytes)) else [text]
    counts = Counter(word for item in texts for piece in pieces(item) for word in tokenize(piece) if word != leave_out)
    words, letters = counts.total(), sum(len(word) * count for word, count in counts.items())
    if not words:
        raise TextError("the text has no words: give a text with at least one word")
    if letters > max(100, 30 * words):
        raise TextError(
            f"the text has {words} words of {letters // words} letters on average: words are told apart by spaces, so put "
            "spaces in where the language has none (for Chinese, ' '.join(text_data) puts one between all characters)"
        )
    return dict(counts)
