"""fit ends without return self."""

from tensorflow.keras.preprocessing.text import Tokenizer

CAUGHT_BY = "WordTokenizer/fit_returns_self"
SAYS = "return self"


class WordTokenizer:
    def __init__(self, num_words=5000, oov_token="<OOV>"):
        self.keras = Tokenizer(num_words=num_words, oov_token=oov_token)

    def fit(self, text):
        self.keras.fit_on_texts([text])

    def encode(self, text):
        return self.keras.texts_to_sequences([text])[0]

    def decode(self, ids):
        return " ".join(self.keras.index_word[i] for i in ids if i)

    @property
    def vocab_size(self):
        return min(self.keras.num_words, len(self.keras.word_index) + 1)
