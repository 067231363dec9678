"""The id of a word is its length, so different words share one."""

CAUGHT_BY = "WordTokenizer/one_id_a_word"
SAYS = "share an id"


class WordTokenizer:
    def __init__(self, num_words=5000, oov_token="<OOV>"):
        self.num_words = num_words

    def fit(self, text):
        words = text.lower().replace(".", "").replace(",", "").split()
        self.ids = {word: len(word) for word in words}
        self.words = {number: word for word, number in self.ids.items()}
        return self

    def encode(self, text):
        return [self.ids.get(word, 1) for word in text.lower().replace(".", "").replace(",", "").split()]

    def decode(self, ids):
        return " ".join(self.words.get(number, "<OOV>") for number in ids)

    @property
    def vocab_size(self):
        return len(self.ids) + 2
