"""Saved tokenizers: those of the class are read, at every protocol; anything else is refused before it costs anything."""

import collections
import json
import os
import pickle
import sys

import pytest
from helpers import PEAK_MEMORY, run_python
from tensorflow.keras.preprocessing.text import Tokenizer

from minigpt import WordTokenizer
from minigpt.errors import TokenizerError


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
        ("a.json", b"[" * 100_000),
    ],
)
def test_a_file_that_is_not_a_tokenizer_is_named(tmp_path, name, content):
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


WRONG = {
    "word_index": ["[1, 2]", "3", '{"a": "b"}', '{"a": 1.5}', "{}", '{"w0": 2}', 7, None, ["a"]],
    "index_word": ["[1, 2]", '{"1": 2}', '{"x": "a"}', "{}", '{"7": "a"}', 7, None],
    "word_counts": ["[1, 2]", '{"w0": "many"}', '{"w0": -3}', "{}", 7, None],
    "word_docs": ["[1, 2]", '{"w0": "many"}', 7, None],
    "index_docs": ["[1, 2]", '{"1": "many"}', '{"x": 1}', 7, None],
    "num_words": ["many", 1, -5, 2.5, True, float("nan"), [5]],
    "filters": [None, 7, ["a"], {"a": 1}],
    "lower": ["yes", 2, None],
    "split": [None, 7, ",", ""],
    "char_level": ["no", 0, None, True],
    "oov_token": [7, True, ["<OOV>"], "another", {"a": 1}],
    "document_count": ["1", None, 1.5],
}


@pytest.mark.parametrize(("field", "values"), WRONG.items(), ids=WRONG.keys())
def test_a_field_with_a_wrong_value_is_one_sentence(tmp_path, small_tokenizer, field, values):
    for value in values:
        saved = json.loads(small_tokenizer.to_bytes(".json"))
        saved["config"][field] = value
        (tmp_path / "t.json").write_text(json.dumps(saved))
        with pytest.raises(TokenizerError) as error:
            WordTokenizer.load(tmp_path / "t.json")
        assert "\n" not in str(error.value) and len(str(error.value)) < 300 + len(str(tmp_path)), (field, value)


@pytest.mark.parametrize("field", WRONG)
def test_a_missing_field_is_one_sentence_or_its_default(tmp_path, small_tokenizer, field):
    saved = json.loads(small_tokenizer.to_bytes(".json"))
    del saved["config"][field]
    (tmp_path / "t.json").write_text(json.dumps(saved))
    try:
        loaded = WordTokenizer.load(tmp_path / "t.json")
    except TokenizerError as error:
        assert "\n" not in str(error)
    else:
        assert loaded.encode("w3 w4") == small_tokenizer.encode("w3 w4") or field == "oov_token"


@pytest.mark.parametrize("options", [{"char_level": True}, {"split": ","}])
def test_a_tokenizer_that_cuts_elsewhere_is_refused(tmp_path, options):
    other = Tokenizer(oov_token="<OOV>", **options)
    other.fit_on_texts(["a b,c d"])
    (tmp_path / "t.pkl").write_bytes(pickle.dumps(other))
    (tmp_path / "t.json").write_text(other.to_json())
    for name in ("t.pkl", "t.json"):
        with pytest.raises(TokenizerError, match="spaces"):
            WordTokenizer.load(tmp_path / name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such files")
def test_a_pipe_is_not_a_tokenizer(in_tmp):
    os.mkfifo("t.json")
    code = "import minigpt, sys\ntry: minigpt.WordTokenizer.load('t.json')\nexcept minigpt.MinigptError as error: print(error)"
    done = run_python(code)  # in a process of its own, which is stopped if it hangs
    assert "no such file" in done.stdout, done.stderr


def le(number, size):
    return number.to_bytes(size, "little")


def nested(tuple_of, levels):
    """A tuple of tuples of tuples, each of which holds the one before it several times, as the key of a dict."""
    tuples = [tuple_of(b"h" + bytes([level])) + b"q" + bytes([level + 1]) + b"0" for level in range(levels)]
    return b"\x80\x04}K\x01\x85q\x000" + b"".join(tuples) + b"h" + bytes([levels]) + b"K\x01s."


BOMBS = {
    "text of 4 GB": b"\x80\x04\x8d" + le(2**32, 8) + b"abc.",
    "text of 2**62 bytes": b"\x80\x04\x8d" + le(2**62, 8) + b"abc.",
    "bytes of 4 GB": b"\x80\x04\x8e" + le(2**32, 8) + b"abc.",
    "bytearray of 4 GB": b"\x80\x05\x96" + le(2**32, 8) + b"abc.",
    "number of 2 GB": b"\x80\x02\x8b" + le(2**31 - 1, 4) + b"\x01.",
    "frame of 4 GB": b"\x80\x04\x95" + le(2**32, 8) + b"N.",
    "memo of 8 GB": b"\x80\x02Nr" + le(2**29, 4) + b".",
    "memo of 8 GB, as text": b"Np536870912\n.",
    "tuples of tuples": nested(lambda inner: inner * 2 + b"\x86", 60),
    "long tuples of long tuples": nested(lambda inner: b"(" + inner * 100 + b"t", 11),
    "deep tuples": b"\x80\x04}" + b"K\x01" + b"\x85" * 1_000_000 + b"K\x01s.",
    "copies of a long dict": b"\x80\x02}q\x00("
    + b"".join(b"J" + le(number, 4) + b"N" for number in range(30_000))
    + b"u"
    + b"".join(b"ccollections\nOrderedDict\nh\x00\x85R" for _ in range(30_000))
    + b".",
}
READ_BOMBS = f"""{PEAK_MEMORY}
import pathlib, sys, time
import minigpt
names = sorted(pathlib.Path(sys.argv[1]).glob("*.pkl"))
minigpt.WordTokenizer()  # loads TensorFlow
before = peak_memory()
for path in names:
    start = time.process_time()
    try:
        minigpt.WordTokenizer.load(path)
    except minigpt.MinigptError as error:
        assert len(str(error)) < 500, error
    spent = time.process_time() - start
    assert spent < 10, f"{{path}} took {{spent:.0f}} s"
print(len(names), (peak_memory() - before) / 2**20)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_small_pickle_takes_little_memory_and_time(tmp_path):
    for name, content in BOMBS.items():
        (tmp_path / f"{name}.pkl").write_bytes(content)
    done = run_python(READ_BOMBS, tmp_path)
    assert done.returncode == 0, done.stderr
    read, megabytes = done.stdout.split()
    assert int(read) == len(BOMBS) and float(megabytes) < 50, f"{megabytes} MB"
