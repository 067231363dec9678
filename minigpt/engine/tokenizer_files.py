"""Read a saved Keras Tokenizer without trusting the file.

A pickle can run any program while it is read, so only the Keras Tokenizer and plain containers are admitted.
"""

import collections
import io
import json
import pickle
from typing import Any

from tensorflow.keras.preprocessing.text import Tokenizer, tokenizer_from_json

from minigpt.errors import TokenizerError

PYTHON_2_NAMES = {("__builtin__", name): ("builtins", name) for name in ("dict", "list", "set", "int")}
PYTHON_2_NAMES["__builtin__", "long"] = ("builtins", "int")  # pickles of protocol 2 and older use these


def read_pickle(content: bytes) -> Tokenizer:
    """Read a Keras Tokenizer from a pickle: ours, or one that the class wrote with `pickle.dump`.

    Raises:
        TokenizerError: the pickle wants to use anything else, or holds anything else.
    """
    unpickler = _TokenizerUnpickler(io.BytesIO(content))
    read = unpickler.load()
    if type(read) is not unpickler.stand_in:
        raise TokenizerError(f"it holds a {type(read).__name__}, not a Keras Tokenizer")
    tokenizer = Tokenizer()
    known = vars(tokenizer)
    known.update({name: value for name, value in vars(read).items() if name in known})
    return _checked(tokenizer)


def read_json(content: bytes) -> Tokenizer:
    """Read a Keras Tokenizer from what its `to_json` has written.

    Raises:
        TokenizerError: it is some other JSON.
    """
    text = content.decode("utf-8")
    if "word_index" not in json.loads(text).get("config", {}):
        raise TokenizerError("it is JSON, but not a tokenizer")
    return _checked(tokenizer_from_json(text))


class _TokenizerUnpickler(pickle.Unpickler):
    """Reads a pickled Keras Tokenizer and refuses, by name, everything else that a pickle could call."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        # A pickle can also change the classes it names, so it is handed an empty one of its own and plain containers.
        self.stand_in = type("Tokenizer", (), {})
        self.admitted = {
            "collections.OrderedDict": collections.OrderedDict,
            "collections.defaultdict": collections.defaultdict,
            **{f"builtins.{kind.__name__}": kind for kind in (int, dict, list, set)},
        }

    def find_class(self, module: str, name: str) -> Any:
        module, name = PYTHON_2_NAMES.get((module, name), (module, name))
        if name == "Tokenizer" and module.startswith(("keras", "tensorflow.")) and module.endswith(".text"):
            return self.stand_in  # older Keras versions kept the same class under other paths
        try:
            return self.admitted[f"{module}.{name}"]
        except KeyError:
            raise TokenizerError(
                f"the pickle wants to use {module}.{name}, which is no part of a tokenizer: it was refused and nothing was run"
            ) from None


def _checked(tokenizer: Tokenizer) -> Tokenizer:
    for name in ("word_index", "index_word", "word_counts"):
        if not isinstance(getattr(tokenizer, name), dict) or not getattr(tokenizer, name):
            raise TokenizerError(f"its {name} is missing or empty: it was never fitted, or the file is damaged")
    return tokenizer
