"""create_dataset without a loop, by strides; read_text by pathlib; a tokenizer of a Counter and two dictionaries."""

import re
from collections import Counter
from pathlib import Path

import numpy as np


def read_text(path):
    return Path(path).read_text("utf-8")


class WordTokenizer:
    def __init__(self, num_words=None, oov_token="<OOV>"):
        self.num_words, self.oov_token = num_words, oov_token

    def words(self, text):
        return re.findall(r"[a-z0-9']+", text.lower())

    def fit(self, text):
        frequent = [word for word, _ in Counter(self.words(text)).most_common()]
        if self.num_words:
            frequent = frequent[: self.num_words - 2]
        self.id_to_word = ["<pad>", self.oov_token, *frequent]
        self.word_to_id = {word: number for number, word in enumerate(self.id_to_word)}
        return self

    def encode(self, text):
        return np.array([self.word_to_id.get(word, 1) for word in self.words(text)], dtype="int32")

    def decode(self, ids):
        return " ".join(self.id_to_word[i] for i in ids)

    @property
    def vocab_size(self):
        return len(self.id_to_word)


def create_dataset(sequence, window_size):
    ids = np.ascontiguousarray(sequence, dtype="int64")
    count = len(ids) - window_size
    if count < 1:
        raise ValueError("the text is too short for this window")
    step = ids.strides[0]
    x = np.lib.stride_tricks.as_strided(ids, (count, window_size), (step, step))
    y = np.lib.stride_tricks.as_strided(ids[1:], (count, window_size), (step, step))
    return x.copy(), y.copy()
