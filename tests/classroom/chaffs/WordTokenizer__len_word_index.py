"""len(word_index) is taken for the vocabulary."""

from tensorflow.keras.preprocessing.text import Tokenizer

CAUGHT_BY = "WordTokenizer/vocab_size"
SAYS = "len(word_index) is one too small"


class WordTokenizer:
    def __init__(self, num_words=5000, oov_token="<OOV>"):
        self.keras = Tokenizer(num_words=num_words, oov_token=oov_token)

    def fit(self, text):
        self.keras.fit_on_texts([text])
        return self

    def encode(self, text):
        return self.keras.texts_to_sequences([text])[0]

    def decode(self, ids):
        return " ".join(self.keras.index_word[i] for i in ids if i)

    @property
    def vocab_size(self):
        return len(self.keras.word_index)
