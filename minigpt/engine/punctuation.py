"""Cut a text into words and punctuation marks, and put them together again as one would write them."""

import re
import string

# A token is a <marker>, a run of letters and digits, or one punctuation mark. A mark inside a word
# belongs to it (don't, well-known, 3.5, and/or), and so does the apostrophe of a plural (the students' work).
_PUNCTUATION = re.escape(string.punctuation) + "“”‘’«»„…–—¿¡।॥。，、！？：；（）「」"
_WORD = rf"[^\s{_PUNCTUATION}]+"
_PLURAL = rf"(?<!['‘]){_WORD}(?<=s)['’](?=\s[a-z])"
_TOKEN = re.compile(rf"<\w+>|{_PLURAL}|{_WORD}(?:['’.,_/—–-]{_WORD})*|[{_PUNCTUATION}]")
_NO_SPACE_BEFORE = set(".,;:!?)]}%…”’»।॥。，、！？：；）」")
_NO_SPACE_AFTER = set("([{$#@“‘«¿¡（「。，、！？：；")
_QUOTES = set("\"'")  # the same mark opens and closes


def cut_into_tokens(text: str) -> list[str]:
    """Cut a text into words and marks.

    Example:
        >>> cut_into_tokens("Well, don't!")
        ['Well', ',', "don't", '!']
    """
    return _TOKEN.findall(text)


def joins(token: str, before: str) -> bool:
    """Whether a token follows the text `before` without a space.

    Example:
        >>> joins("!", "Well"), joins("done", "Well")
        (True, False)
    """
    last = before[-1]
    after_opening = last in _QUOTES and _is_open(last, before)
    closing = token in _QUOTES and _is_open(token, before)
    return token in _NO_SPACE_BEFORE or last in _NO_SPACE_AFTER or after_opening or closing


def _is_open(quote: str, text: str) -> bool:
    """Whether the last quotation that began with this mark has not ended yet."""
    begun = [match.end() for match in re.finditer(rf"(?:^|[\s(\[{{]){quote}", text[-1000:])]
    return bool(begun) and not re.search(rf"{quote}(?!\w)", text[-1000:][begun[-1] :])
