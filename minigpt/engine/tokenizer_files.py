"""Write a Keras Tokenizer into a file, and read one without trusting the file.

A pickle can run any program while it is read, so only the Keras Tokenizer and its containers are admitted. A small one can
also ask for gigabytes of memory, or for hours of work, so it is looked through before anything is built.
"""

import collections
import io
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
CALLS = {"TUPLE1", "TUPLE2", "TUPLE3", "REDUCE", "NEWOBJ", "NEWOBJ_EX", "OBJ", "INST", "BUILD", "FROZENSET"}
MOST_CALLS = 12  # a Tokenizer needs seven
FIELDS: dict[str, Any] = {
    "num_words": int | None,
    "filters": str,
    "lower": bool,
    "split": str,
    "char_level": bool,
    "oov_token": str | None,
    "document_count": int,
}
DICTS = {
    "word_index": (str, int),
    "word_counts": (str, int),
    "word_docs": (str, int),
    "index_word": (int, str),
    "index_docs": (int, int),
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
        if not Path(path).is_file():  # a pipe may never end
            raise TokenizerError("there is no such file: give the one that tokenizer.save has written")
        return parse_tokenizer(Path(path).read_bytes(), suffix)
    except OSError as error:
        raise TokenizerError(f"the tokenizer {path} cannot be read ({error.strerror}): check the path") from error
    except TokenizerError as error:
        raise TokenizerError(f"{path}: {error}") from error
    except Exception as error:  # a damaged pickle or JSON can raise nearly anything
        raise TokenizerError(f"{path} is not a saved tokenizer, or is damaged: save it again with tokenizer.save") from error


def parse_tokenizer(content: bytes, suffix: str) -> Tokenizer:
    """Make a Keras Tokenizer of the content of a file; what is wrong with it can raise nearly anything."""
    return _checked(tokenizer_from_json(content.decode("utf-8")) if suffix == ".json" else _read_pickle(content))


def _suffix(path: str | Path) -> str:
    suffix = Path(path).suffix.lower()
    if suffix not in (".json", ".pkl"):
        raise TokenizerError(f"{path}: a tokenizer is saved as .json or .pkl: use a name such as tokenizer.json")
    return suffix


def _read_pickle(content: bytes) -> Tokenizer:
    unpickler = _TokenizerUnpickler(io.BytesIO(content))
    _check_cost(content, unpickler)
    read = unpickler.load()
    if type(read) is not unpickler.stand_in:
        raise TokenizerError(f"it holds a {type(read).__name__}, not a Keras Tokenizer")
    tokenizer = Tokenizer()
    vars(tokenizer).update({name: value for name, value in vars(read).items() if name in (*FIELDS, *DICTS)})
    return tokenizer


def _check_cost(content: bytes, unpickler: "_TokenizerUnpickler") -> None:
    """Refuse a pickle that would cost far more memory or time than its length."""
    calls, odd = 0, ""
    for opcode, argument, _ in pickletools.genops(content):  # also checks that each text is as long as it claims to be
        if opcode.name == "GLOBAL":
            unpickler.find_class(*str(argument).split(" ", 1))
        calls += opcode.name in CALLS
        far_memo = opcode.name in ("PUT", "LONG_BINPUT") and int(argument or 0) > len(content)
        if opcode.name == "TUPLE" or calls > MOST_CALLS or far_memo:  # long tuples of long tuples take forever to hash
            odd = odd or opcode.name  # told last: the name of a program that follows says more
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
                f"the pickle wants to use {module}.{name}, which is not part of a tokenizer: it was refused and nothing was run"
            )
        return ADMITTED[module, name]


def _checked(tokenizer: Tokenizer) -> Tokenizer:
    wrong = [name for name, kind in FIELDS.items() if not isinstance(getattr(tokenizer, name), kind)]
    for name, kinds in DICTS.items():
        entries = getattr(tokenizer, name)
        if not isinstance(entries, dict) or any((type(key), type(value)) != kinds for key, value in entries.items()):
            wrong.append(name)
    if wrong:
        raise TokenizerError(f"its {', '.join(wrong)} cannot be right: the file is damaged; save it again with tokenizer.save")
    t, words = tokenizer, {word: word_id for word_id, word in tokenizer.index_word.items()}
    numbered = words == t.word_index and sorted(t.index_word) == list(range(1, len(words) + 1))
    if not numbered or min(t.word_counts.values(), default=0) < 1 or t.oov_token not in (None, *words):
        raise TokenizerError("its words, ids and counts do not fit together: it was never fitted, or the file is damaged")
    if t.char_level or t.split != " ":
        raise TokenizerError("it does not cut a text at its spaces, as minigpt does: fit a WordTokenizer instead")
    return tokenizer
