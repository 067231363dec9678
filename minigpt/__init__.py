"""minigpt: build your own GPT, from a data.txt to a model that answers, and understand every line of it.

The public names below are in the order of the class. Each is loaded when it is first used, because most of them start
TensorFlow, which takes seconds: `import minigpt` and `minigpt --help` answer at once.
"""

import lazy_loader

from minigpt.engine.imports import watch_imports

__version__ = "0.2.0"

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["show", "beyond", "chat", "classroom"],
    submod_attrs={
        "text": ["read_text"],
        "tokenizer": ["WordTokenizer"],
        "dataset": ["create_dataset", "split_sequence", "stream_dataset"],
        "config": ["GPTConfig"],
        "layers": ["PositionalEncoding"],
        "model": ["transformer_block", "build_gpt_model"],
        "baseline": ["baselines"],
        "training": ["train_model"],
        "saving": ["save_gpt", "load_gpt"],
        "numpy_gpt": ["NumpyGPT"],
        "generation": ["generate_text", "stream_text"],
        "show.sample_text": ["SampleText"],
        "errors": ["MinigptError"],
        "engine.files": ["data_path"],
    },
)

watch_imports()
