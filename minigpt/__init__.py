"""minigpt: build your own GPT, from a data.txt to a model that answers, and understand every line of it.

The public names stand below in the order of the class. They are loaded when first used, because what stands behind most
of them starts TensorFlow, which takes seconds: `import minigpt` and `minigpt --help` answer at once.
"""

import importlib

from minigpt._imports import watch_imports

__version__ = "0.1.0"

_MODULE_OF = {
    "read_text": "minigpt.text",
    "WordTokenizer": "minigpt.tokenizer",
    "create_dataset": "minigpt.dataset",
    "split_sequence": "minigpt.dataset",
    "stream_dataset": "minigpt.dataset",
    "GPTConfig": "minigpt.config",
    "PositionalEncoding": "minigpt.layers",
    "transformer_block": "minigpt.model",
    "build_gpt_model": "minigpt.model",
    "baselines": "minigpt.guessers",
    "train_model": "minigpt.training",
    "save_gpt": "minigpt.saving",
    "load_gpt": "minigpt.saving",
    "NumpyGPT": "minigpt.numpy_gpt",
    "generate_text": "minigpt.generation",
    "stream_text": "minigpt.generation",
    "SampleText": "minigpt.generation",
    "MinigptError": "minigpt.errors",
    "data_path": "minigpt.files",
}
_SUBPACKAGES = ("show", "classroom", "chat")
__all__ = [*_MODULE_OF, *_SUBPACKAGES]


def __getattr__(name: str):
    if name in _MODULE_OF:
        value = getattr(importlib.import_module(_MODULE_OF[name]), name)
        globals()[name] = value  # the next look-up finds it without asking here
        return value
    if name in _SUBPACKAGES:
        return importlib.import_module(f"minigpt.{name}")
    raise AttributeError(f"minigpt has no {name!r}: its names are {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


watch_imports()
