"""WordTokenizer: the Keras Tokenizer without its traps."""

import os
import sys
import warnings

import numpy as np
import pytest
from helpers import PEAK_MEMORY, run_python
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow.keras.preprocessing.text import Tokenizer

from minigpt import WordTokenizer, create_dataset, data_path
from minigpt.engine.long_texts import pieces
from minigpt.errors import MinigptError, TextError, TokenizerError

LANGUAGES = ["नमस्ते दुनिया। मैं ठीक हूँ।", "Я люблю читать книги.", "I like 🍕 and 🎉 a lot!", "naïve café, déjà vu"]


def test_the_numbers_of_the_class(text, tokenizer):
    ids = tokenizer.encode(text)
    assert len(ids) == 860
    assert max(ids) < tokenizer.vocab_size == 385
    assert 0 not in ids and 1 not in ids, "neither padding nor <OOV> is in the text itself"


def test_the_ids_are_those_of_the_class(text, tokenizer):
    plain = Tokenizer(num_words=5000, oov_token="<OOV>")
    plain.fit_on_texts([text])
    assert tokenizer.encode(text) == plain.texts_to_sequences([text])[0]


def test_fit_returns_the_tokenizer_and_forgets_what_was_before():
    tokenizer = WordTokenizer()
    assert tokenizer.fit("a b c") is tokenizer
    assert tokenizer.fit("x y").vocab_size == 4
    assert tokenizer.fit(["x y", "z"]).vocab_size == 5


def test_the_most_frequent_word_has_the_smallest_id_and_padding_none():
    tokenizer = WordTokenizer().fit("b a a a b c")
    assert tokenizer.words == ["", "<OOV>", "a", "b", "c"]
    assert tokenizer.special_ids == (0, 1)
    assert list(tokenizer.word_counts.items()) == [("a", 3), ("b", 2), ("c", 1)]


def test_num_words_counts_padding_and_oov():
    tokenizer = WordTokenizer(num_words=4).fit("a a a b b c")
    assert tokenizer.vocab_size == 4
    assert tokenizer.encode("a b c") == [2, 3, 1]
    assert tokenizer.unknown_words("c a d c") == ["c", "d"]


@given(
    st.lists(st.sampled_from(["a", "b", "c", "d", "e", "f", "<OOV>", "unk"]), min_size=1, max_size=30),
    st.sampled_from([None, 3, 4, 6, 100]),
)
@settings(max_examples=60, deadline=None)
def test_no_id_is_ever_outside_the_vocabulary(words, num_words):
    for oov_token in ("<OOV>", "unk", None):
        tokenizer = WordTokenizer(num_words, oov_token, keep_punctuation=True)
        try:
            tokenizer.fit(" ".join(words))
        except TextError:  # nothing but <OOV> in it: no word to learn
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ids = tokenizer.encode(" ".join([*words, "zebra"]))
        assert all(0 < word_id < tokenizer.vocab_size for word_id in ids), (ids, tokenizer.vocab_size)
        tokenizer.decode(ids)


def test_without_an_oov_token_lost_words_are_named():
    tokenizer = WordTokenizer(oov_token=None).fit("a b")
    assert tokenizer.special_ids == (0,)
    with pytest.warns(UserWarning, match="zebra"):
        assert tokenizer.encode("a zebra b") == [1, 2]


def test_case_and_punctuation_are_dropped_as_in_class():
    tokenizer = WordTokenizer().fit("The cat, the CAT; the cat!")
    assert tokenizer.decode(tokenizer.encode("THE cat?")) == "the cat"


def test_the_story_survives_the_round_trip_with_keep_punctuation(text):
    tokenizer = WordTokenizer(keep_punctuation=True).fit(text)
    assert tokenizer.decode(tokenizer.encode(text)) == " ".join(text.split())


def test_every_question_survives_the_round_trip_with_keep_punctuation():
    lines = data_path("questions.txt").read_text("utf-8").splitlines()
    sentences = [line[3:] for line in lines if line.startswith(("Q:", "A:"))]
    tokenizer = WordTokenizer(num_words=None, keep_punctuation=True).fit(sentences)
    assert len(sentences) > 100
    assert [s for s in sentences if tokenizer.decode(tokenizer.encode(s)) != s] == []


@pytest.mark.parametrize(
    "sentence",
    [
        *LANGUAGES,
        'She said "hello" and "goodbye".',
        "He’s (really) well-known; don't ask: 3.5 or 1,000?",
        "“Yes,” she said. It cost $5, i.e. 50% off!",
        "The students' work is good.",
    ],
)
def test_sentences_survive_the_round_trip_with_keep_punctuation(sentence):
    tokenizer = WordTokenizer(keep_punctuation=True).fit(sentence)
    assert tokenizer.decode(tokenizer.encode(sentence)) == sentence


@pytest.mark.parametrize("sentence", [*LANGUAGES, "你好，世界。我很好！"])
@pytest.mark.parametrize("keep_punctuation", [False, True])
def test_every_language_has_ids_that_come_back(sentence, keep_punctuation):
    tokenizer = WordTokenizer(keep_punctuation=keep_punctuation).fit(sentence)
    ids = tokenizer.encode(sentence)
    assert ids and tokenizer.unknown_words(sentence) == []
    again = tokenizer.decode(ids)
    assert tokenizer.encode(again) == ids, again
    letters = [sign for sign in sentence if sign.isalnum() or ord(sign) > 0x1F000]
    assert [sign for sign in again if sign.isalnum() or ord(sign) > 0x1F000] == [
        sign if keep_punctuation else sign.lower() for sign in letters
    ]


def test_a_marker_is_one_token():
    tokenizer = WordTokenizer(keep_punctuation=True)
    assert tokenizer.tokenize("<question> Who? <answer> She.") == ["<question>", "Who", "?", "<answer>", "She", "."]


@given(st.text(max_size=40), st.booleans())
@settings(max_examples=50, deadline=None)
def test_decode_and_encode_agree_on_any_text(content, keep_punctuation):
    tokenizer = WordTokenizer(num_words=None, keep_punctuation=keep_punctuation)
    try:
        ids = tokenizer.fit(content).encode(content)
    except TextError:
        assert not tokenizer.tokenize(content)
        return
    assert [tokenizer.words[word_id] for word_id in ids] == tokenizer.tokenize(content)
    assert 1 not in ids, "every word was seen, so none is unknown"


def test_errors_of_use(tokenizer):
    with pytest.raises(TokenizerError, match="fit"):
        WordTokenizer().encode("a")
    with pytest.raises(TextError, match="no words"):
        WordTokenizer().fit("... !!!")
    with pytest.raises(TokenizerError, match=r"385.*384"):
        tokenizer.decode([385])
    with pytest.raises(TokenizerError, match="-1"):
        tokenizer.decode([-1])
    for num_words in (0, 1, 2, -5, 2.5, "many", True, float("nan")):
        with pytest.raises(TokenizerError, match="num_words"):
            WordTokenizer(num_words=num_words)
    assert WordTokenizer(num_words=np.int64(50)).fit("a b").vocab_size == 4


@pytest.mark.parametrize("name", ["t.json", "t.pkl", "T.PKL"])
@pytest.mark.parametrize("options", [{}, {"keep_punctuation": True}, {"num_words": 50}, {"oov_token": None, "num_words": None}])
def test_a_saved_tokenizer_comes_back_the_same(tmp_path, text, name, options):
    tokenizer = WordTokenizer(**options).fit(text)
    tokenizer.save(tmp_path / name)
    assert os.listdir(tmp_path) == [name]
    loaded = WordTokenizer.load(tmp_path / name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert loaded.encode(text) == tokenizer.encode(text)
    assert loaded.words == tokenizer.words
    assert (loaded.vocab_size, loaded.oov_token, loaded.keep_punctuation, loaded.word_counts) == (
        tokenizer.vocab_size,
        tokenizer.oov_token,
        tokenizer.keep_punctuation,
        tokenizer.word_counts,
    )


def test_other_suffixes_missing_files_and_folders(tmp_path, small_tokenizer):
    with pytest.raises(TokenizerError, match=r"\.json or \.pkl"):
        small_tokenizer.save(tmp_path / "t.txt")
    with pytest.raises(TokenizerError, match=r"nosuch\.json"):
        WordTokenizer.load(tmp_path / "nosuch.json")
    with pytest.raises(TokenizerError, match="fit"):
        WordTokenizer().save(tmp_path / "t.json")
    with pytest.raises(MinigptError):
        small_tokenizer.save(tmp_path / "no folder" / "t.json")
    assert os.listdir(tmp_path) == []


def test_a_failed_save_keeps_the_old_file(tmp_path, small_tokenizer, monkeypatch):
    small_tokenizer.save(tmp_path / "t.json")
    before = (tmp_path / "t.json").read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MinigptError, match="No space"):
        WordTokenizer().fit("another text").save(tmp_path / "t.json")
    assert (tmp_path / "t.json").read_bytes() == before and os.listdir(tmp_path) == ["t.json"]


def test_decoding_a_word_does_not_go_through_the_vocabulary():
    class Counting(dict):
        lookups = 0

        def get(self, *arguments):
            Counting.lookups += 1
            return super().get(*arguments)

        def __getitem__(self, key):
            Counting.lookups += 1
            return super().__getitem__(key)

        def __iter__(self):
            Counting.lookups += len(self)
            return super().__iter__()

        def items(self):
            Counting.lookups += len(self)
            return super().items()

    def lookups(size):
        tokenizer = WordTokenizer(num_words=None).fit(" ".join(f"w{number}" for number in range(size)))
        keras = tokenizer.keras_tokenizer
        keras.index_word, keras.word_index = Counting(keras.index_word), Counting(keras.word_index)
        Counting.lookups = 0
        assert tokenizer.decode([size]) == f"w{size - 2}"
        return Counting.lookups

    assert lookups(2000) == lookups(20) <= 3


# Texts that are long, or not written with plain spaces


@pytest.mark.parametrize("space", ["\u00a0", "\u202f", "\u3000", "\u2003", "\r\n", "\f", " \u00a0 "])
@pytest.mark.parametrize("keep_punctuation", [False, True])
def test_every_kind_of_space_is_a_space(space, keep_punctuation):
    tokenizer = WordTokenizer(keep_punctuation=keep_punctuation).fit(f"the{space}cat{space}sat")
    assert tokenizer.words == ["", "<OOV>", "the", "cat", "sat"]
    assert tokenizer.encode(f"cat{space}the") == tokenizer.encode("cat the")


@pytest.mark.parametrize("lines", [1, 20])
def test_a_text_without_spaces_is_refused_with_the_remedy(lines):
    chinese = "\n".join(["从前有一个人住在山里他每天早上都去河边打水" * 10] * lines)
    with pytest.raises(TextError, match="apart by spaces") as error:
        WordTokenizer().fit(chinese)
    assert "' '.join(text_data)" in str(error.value) and "\n" not in str(error.value)
    ids = WordTokenizer().fit(" ".join(chinese)).encode(" ".join(chinese))
    assert create_dataset(ids, 32)[0].shape == (210 * lines - 32, 32)


def test_a_text_with_one_long_word_is_accepted():
    address = "https://example.org/" + "a" * 3000
    tokenizer = WordTokenizer().fit(f"see {address} " + "and the other one too " * 100)
    assert tokenizer.unknown_words("see") == []


@pytest.mark.parametrize("wrong", [None, b"the cat", 3, [3]])
def test_what_is_not_text_is_a_clear_error(tokenizer, wrong):
    with pytest.raises(TextError, match="not a text"):
        WordTokenizer().fit(wrong)
    with pytest.raises(TextError, match="not a text"):
        tokenizer.encode(wrong)


@given(st.text(alphabet="aBs'’.,\n\t \u00a0Σς-", max_size=80), st.integers(1, 20), st.booleans())
@settings(max_examples=200, deadline=None)
def test_a_text_in_pieces_has_the_words_of_the_whole(content, size, keep_punctuation):
    tokenizer = WordTokenizer(keep_punctuation=keep_punctuation)
    assert "".join(pieces(content, size)) == content
    assert [word for piece in pieces(content, size) for word in tokenizer.tokenize(piece)] == tokenizer.tokenize(content)


def test_a_text_of_several_pieces_is_counted_and_encoded_as_a_whole(text):
    long = f"{text}\n" * 50
    tokenizer = WordTokenizer().fit(long)
    assert len(list(pieces(long))) > 2
    assert tokenizer.encode(long) == WordTokenizer().fit(text).encode(text) * 50
    plain = Tokenizer(num_words=5000, oov_token="<OOV>")
    plain.fit_on_texts([long])
    assert tokenizer.encode(long) == plain.texts_to_sequences([long])[0]
    assert tokenizer.word_counts["tavia"] == plain.word_counts["tavia"]


def made_up_text(size):
    """A text of that many bytes, with words as long, as frequent and as varied as those of a book."""
    rng = np.random.default_rng(0)
    letters = np.array(list("etaoinshrdlucmfwypvbgk"))
    words = np.array(["".join(rng.choice(letters, length)) for length in rng.integers(2, 11, 40_000)])
    chosen = (len(words) ** rng.random(size // 5)).astype(int) - 1  # Zipf: the n-th word is 1/n as frequent as the first
    lines = [" ".join(words[chosen[start : start + 12]]) + "," for start in range(0, len(chosen), 12)]
    return "\n".join(lines)[:size]


LOOK = f"""{PEAK_MEMORY}
import sys, tracemalloc
import minigpt
from minigpt.engine.training_windows import check_windows

def look(path):
    text = minigpt.read_text(path)
    tokenizer = minigpt.WordTokenizer().fit(text)
    return text, tokenizer, tokenizer.encode(text)

def train(path, model):
    text, tokenizer, sequence = look(path)
    x, y = minigpt.create_dataset(sequence, 100)
    check_windows(model, x, y)
    batches = minigpt.stream_dataset(sequence, 100)
    return text, sequence, x, batches, batches[0]

small, large = sys.argv[1:]
model = minigpt.build_gpt_model(minigpt.GPTConfig(5000, embed_dim=16, num_heads=2, ff_dim=32, num_layers=1))
train(small, model)  # so that TensorFlow has taken what it needs
before = peak_memory()
look(large)
print(peak_memory() - before)
train(large, model)
print(peak_memory() - before)
tracemalloc.start()
look(large)
print(tracemalloc.get_traced_memory()[1])
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_large_text_takes_four_times_its_size_to_look_at_and_eight_to_train_on(tmp_path):
    size = 8_000_000
    (tmp_path / "small.txt").write_text(made_up_text(50_000), "utf-8")
    (tmp_path / "large.txt").write_text(made_up_text(size), "utf-8")
    done = run_python(LOOK, tmp_path / "small.txt", tmp_path / "large.txt")
    assert done.returncode == 0, done.stderr
    look, train, traced = (int(line) / size for line in done.stdout.split())
    assert look < 4, f"to look at a text takes {look:.1f} times its size"
    assert train < 8, f"to train on a text takes {train:.1f} times its size"
    assert traced < 4, f"to look at a text takes {traced:.1f} times its size, by tracemalloc"
