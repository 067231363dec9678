"""Write a Keras Tokenizer into a file, and read one without trusting the file.

A pickle can run any program while it is read, so only the Keras Tokenizer and its containers are admitted. A small one can
also ask for gigabytes of memory, or for hours of work, so it is looked through before anything is built.
"""

import collections
import io
import json
import pickle
import pickletools
from pathlib import Path
from typing import Any

from tensorflow.keras.preprocessing.text import Tokenizer, tokenizer_from_json

from minigpt.engine.files import write_atomic
from minigpt.errors import TokenizerError

ADMITTED = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("collections", "defaultdict"): collections.defaultdict,
    ("builtins", "int"): int,
    ("__builtin__", "int"): int,  # in pickles of protocol 2 and older
    ("__builtin__", "long"): int,
}
# What a pickled Tokenizer consists of: text, numbers, dicts and lists of them, and a few calls that put them together.
DATA = set(
    "PROTO FRAME STOP MARK NONE NEWTRUE NEWFALSE INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT STRING BINSTRING "
    "SHORT_BINSTRING UNICODE BINUNICODE SHORT_BINUNICODE BINUNICODE8 EMPTY_LIST LIST APPEND APPENDS EMPTY_DICT DICT SETITEM "
    "SETITEMS EMPTY_TUPLE GLOBAL STACK_GLOBAL PUT BINPUT LONG_BINPUT MEMOIZE GET BINGET LONG_BINGET".split()
)
CALLS = {"TUPLE1", "TUPLE2", "TUPLE3", "REDUCE", "NEWOBJ", "BUILD"}
MOST_CALLS = 12  # a Tokenizer has seven
KINDS = {
    "num_words": (int, type(None)),
    "filters": (str,),
    "lower": (bool,),
    "split": (str,),
    "char_level": (bool,),
    "oov_token": (str, type(None)),
    "document_count": (int,),
}
KINDS_IN_DICTS = {
    "word_counts": (str, int),
    "word_docs": (str, int),
    "index_docs": (int, int),
    "word_index": (str, int),
    "index_word": (int, str),
}


def tokenizer_bytes(tokenizer: Tokenizer, suffix: str) -> bytes:
    """The content of the file with this suffix, ".json" or ".pkl"."""
    return tokenizer.to_json().encode() if suffix == ".json" else pickle.dumps(tokenizer, protocol=4)


def write_tokenizer(path: str | Path, tokenizer: Tokenizer) -> None:
    """Write a Keras Tokenizer, as JSON or as a pickle by the suffix of the path."""
    content = tokenizer_bytes(tokenizer, _suffix(path))
    try:
        write_atomic(path, content)
    except OSError as error:
        raise TokenizerError(f"the tokenizer cannot be saved as {path} ({error.strerror}): check the folder") from error


def read_tokenizer(path: str | Path) -> Tokenizer:
    """Read a Keras Tokenizer: one of ours, or one that the class wrote with `pickle.dump` or `to_json`.

    Raises:
        TokenizerError: the file cannot be read, or holds anything else.
    """
    suffix = _suffix(path)
    try:
        if Path(path).exists() and not Path(path).is_file():
            raise TokenizerError(f"{path} is a folder or a device: give the file that tokenizer.save has written")
        content = Path(path).read_bytes()
        return _checked(_read_json(content) if suffix == ".json" else _read_pickle(content))
    except OSError as error:
        raise TokenizerError(f"the tokenizer {path} cannot be read ({error.strerror}): check the path") from error
    except TokenizerError as error:
        raise TokenizerError(f"{path}: {error}") from error
    except Exception as error:  # a damaged pickle or JSON can raise nearly anything
        raise TokenizerError(
            f"{path} is not a saved tokenizer, or is damaged ({error!r:.100}): save it again with tokenizer.save"
        ) from error


def _suffix(path: str | Path) -> str:
    suffix = Path(path).suffix.lower()
    if suffix not in (".json", ".pkl"):
        raise TokenizerError(f"{path}: a tokenizer is saved as .json or .pkl: use a name such as tokenizer.json")
    return suffix


def _read_json(content: bytes) -> Tokenizer:
    text = content.decode("utf-8")
    saved = json.loads(text)
    if not isinstance(saved, dict) or not isinstance(saved.get("config"), dict) or "word_index" not in saved["config"]:
        raise TokenizerError("it is JSON, but not a tokenizer")
    return tokenizer_from_json(text)


def _read_pickle(content: bytes) -> Tokenizer:
    unpickler = _TokenizerUnpickler(io.BytesIO(content))
    _check_cost(content, unpickler)
    read = unpickler.load()
    if type(read) is not unpickler.stand_in:
        raise TokenizerError(f"it holds a {type(read).__name__}, not a Keras Tokenizer")
    tokenizer = Tokenizer()
    vars(tokenizer).update({name: value for name, value in vars(read).items() if name in KINDS or name in KINDS_IN_DICTS})
    return tokenizer


def _check_cost(content: bytes, unpickler: "_TokenizerUnpickler") -> None:
    """Refuse a pickle that would cost far more memory or time than its length."""
    calls, odd = 0, ""
    for opcode, argument, _ in pickletools.genops(content):  # also checks that each text is as long as it claims to be
        if opcode.name == "GLOBAL":
            unpickler.find_class(*str(argument).split(" ", 1))
        calls += opcode.name in CALLS
        memo_too_large = opcode.name in ("PUT", "BINPUT", "LONG_BINPUT") and int(argument or 0) > len(content)
        if opcode.name not in DATA | CALLS or calls > MOST_CALLS or memo_too_large:
            odd = opcode.name
    if odd:
        raise TokenizerError(f"the pickle holds {odd} where no tokenizer does: it was refused and nothing was run")


class _TokenizerUnpickler(pickle.Unpickler):
    """Reads a pickled Keras Tokenizer and refuses, by name, everything else that a pickle could call."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.stand_in = type("Tokenizer", (), {})  # a pickle can also change the classes it names: this one is thrown away

    def find_class(self, module: str, name: str) -> Any:
        if name == "Tokenizer" and module.startswith(("keras", "tensorflow.")) and module.endswith(".text"):
            return self.stand_in  # older Keras versions kept the same class under other paths
        if (module, name) not in ADMITTED:
            raise TokenizerError(
                f"the pickle wants to use {module}.{name}, which is no part of a tokenizer: it was refused and nothing was run"
            )
        return ADMITTED[module, name]


def _checked(tokenizer: Tokenizer) -> Tokenizer:
    """Check every field that the Keras Tokenizer reads."""
    for name, kinds in KINDS.items():
        value = getattr(tokenizer, name)
        if type(value) not in kinds:
            raise TokenizerError(f"its {name} is {value!r:.60}, not {kinds[0].__name__}: the file is damaged")
    for name, (key, value) in KINDS_IN_DICTS.items():
        entries = getattr(tokenizer, name)
        if not isinstance(entries, dict) or {(type(k), type(v)) for k, v in entries.items()} - {(key, value)}:
            raise TokenizerError(f"its {name} is not a dict from {key.__name__} to {value.__name__}: the file is damaged")
    if not tokenizer.word_index or min(tokenizer.word_counts.values(), default=0) < 1:
        raise TokenizerError("it has not counted any words: it was never fitted, or the file is damaged")
    inverse = {word: number for number, word in tokenizer.index_word.items()}
    if tokenizer.index_word.keys() != set(range(1, len(inverse) + 1)) or inverse != tokenizer.word_index:
        raise TokenizerError("its word_index and index_word do not number the same words from 1 on: the file is damaged")
    if tokenizer.oov_token is not None and tokenizer.oov_token not in inverse:
        raise TokenizerError(f"its oov_token {tokenizer.oov_token!r:.60} has no id: the file is damaged")
    if tokenizer.char_level or tokenizer.split != " ":
        raise TokenizerError("it does not cut a text at its spaces, as minigpt does: fit a WordTokenizer instead")
    return tokenizer
