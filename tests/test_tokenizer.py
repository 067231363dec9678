"""WordTokenizer: the Keras Tokenizer without its traps, and a pickle that is safe to open."""

import collections
import json
import os
import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow.keras.preprocessing.text import Tokenizer

from minigpt import WordTokenizer, data_path
from minigpt.errors import MinigptError, TextError, TokenizerError

LANGUAGES = ["नमस्ते दुनिया। मैं ठीक हूँ।", "Я люблю читать книги.", "I like 🍕 and 🎉 a lot!", "naïve café, déjà vu"]


def test_the_numbers_of_the_class(text, tokenizer):
    ids = tokenizer.encode(text)
    assert len(ids) == 860
    assert max(ids) < tokenizer.vocab_size == 385
    assert 0 not in ids and 1 not in ids, "neither padding nor <OOV> stands in the text itself"


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
    for num_words in (0, 1, 2, -5, 2.5, "many", True):
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


def test_the_pickle_load_of_the_class_opens_our_pickle(tmp_path, tokenizer):
    tokenizer.save(tmp_path / "tokenizer.pkl")
    with open(tmp_path / "tokenizer.pkl", "rb") as handle:
        plain = pickle.load(handle)
    assert isinstance(plain, Tokenizer)
    assert plain.texts_to_sequences(["who is tavia zork"])[0] == tokenizer.encode("who is tavia zork")


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_the_pickle_of_the_class_is_opened_at_every_protocol(tmp_path, text, protocol):
    plain = Tokenizer(num_words=100, oov_token="<OOV>")
    plain.fit_on_texts([text])
    (tmp_path / "class.pkl").write_bytes(pickle.dumps(plain, protocol=protocol))
    loaded = WordTokenizer.load(tmp_path / "class.pkl")
    assert loaded.encode(text) == plain.texts_to_sequences([text])[0]


class Calls:
    """Pickles to a call of any function."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", [0, 2, 5])
@pytest.mark.parametrize("wrap", ["bare", "in a list", "in a factory", "in a tokenizer"])
@pytest.mark.parametrize("function", [os.system, eval, exec, getattr, __import__], ids=lambda f: f.__name__)
def test_a_hostile_pickle_is_refused_by_name_and_runs_nothing(in_tmp, protocol, wrap, function):
    arguments = {
        "system": ("touch ran",),
        "getattr": (os, "system"),
        "__import__": ("antigravity",),
    }.get(function.__name__, ("open('ran', 'w')",))
    if function is getattr:
        arguments = ("text", "upper")
    hostile = Calls(function, *arguments)
    content = {
        "bare": hostile,
        "in a list": [hostile],
        "in a factory": collections.OrderedDict([("a", hostile)]),
        "in a tokenizer": Tokenizer(),
    }[wrap]
    if wrap == "in a tokenizer":
        content.word_index = hostile
    (in_tmp / "evil.pkl").write_bytes(pickle.dumps(content, protocol=protocol))
    # Protocol 0 makes even a Tokenizer through a function of copyreg, which is refused before the hostile one is met.
    name = r"copy_?reg\._reconstructor" if wrap == "in a tokenizer" and protocol == 0 else rf"\w+\.{function.__name__}"
    with pytest.raises(TokenizerError, match=rf"{name}\b") as error:
        WordTokenizer.load("evil.pkl")
    assert "refused" in str(error.value) and "evil.pkl" in str(error.value)
    assert not (in_tmp / "ran").exists(), "the pickle was run"


def test_a_pickle_cannot_change_the_keras_class(tmp_path):
    module = Tokenizer.__module__.encode()
    state = b"}X\x08\x00\x00\x00poisonedK\x07s"  # {"poisoned": 7}
    (tmp_path / "poison.pkl").write_bytes(b"\x80\x02c" + module + b"\nTokenizer\nN" + state + b"\x86b.")
    with pytest.raises(TokenizerError):
        WordTokenizer.load(tmp_path / "poison.pkl")
    assert not hasattr(Tokenizer, "poisoned"), "a pickle that was refused has set an attribute of the Keras class"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pkl", pickle.dumps({"word_index": {}})),
        ("a.pkl", pickle.dumps([1, 2])),
        ("a.pkl", pickle.dumps(Tokenizer())),
        ("a.pkl", b"not a pickle"),
        ("a.pkl", b""),
        ("a.json", b'{"a": 1}'),
        ("a.json", b"[1, 2]"),
        ("a.json", b"{"),
        ("a.json", b"\xff\xfe"),
        ("a.json", b""),
        ("a.json", b'{"config": {"word_index": 3}}'),
    ],
)
def test_a_file_that_is_no_tokenizer_is_named(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TokenizerError, match=rf"a\.{name[2:]}"):
        WordTokenizer.load(tmp_path / name)


@pytest.mark.parametrize("suffix", [".json", ".pkl"])
def test_a_truncated_file_is_named(tmp_path, small_tokenizer, suffix):
    content = small_tokenizer.to_bytes(suffix)
    for share in (0.2, 0.5, 0.9, 0.99):
        (tmp_path / f"t{suffix}").write_bytes(content[: int(len(content) * share)])
        with pytest.raises(TokenizerError):
            WordTokenizer.load(tmp_path / f"t{suffix}")


@pytest.mark.parametrize("field", ["word_index", "index_word", "word_counts"])
def test_json_with_a_foreign_field_is_refused(tmp_path, small_tokenizer, field):
    saved = json.loads(small_tokenizer.to_bytes(".json"))
    saved["config"][field] = "[1, 2]"
    (tmp_path / "t.json").write_text(json.dumps(saved))
    with pytest.raises(TokenizerError):
        WordTokenizer.load(tmp_path / "t.json")


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
