"""text.split() alone leaves the punctuation on the words."""

from collections import Counter

CAUGHT_BY = "WordTokenizer/case_and_marks"
SAYS = "punctuation sticks"


class WordTokenizer:
    def __init__(self, num_words=5000, oov_token="<OOV>"):
        self.num_words = num_words

    def fit(self, text):
        words = text.lower().split()
        self.ids = {word: number for number, (word, _) in enumerate(Counter(words).most_common(self.num_words - 2), start=2)}
        self.words = {number: word for word, number in self.ids.items()}
        return self

    def encode(self, text):
        return [self.ids.get(word, 1) for word in text.lower().split()]

    def decode(self, ids):
        return " ".join(self.words.get(number, "<OOV>") for number in ids)

    @property
    def vocab_size(self):
        return len(self.ids) + 2
