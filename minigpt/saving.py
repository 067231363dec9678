"""Files: a folder that holds the model, its tokenizer and what they were made with; and the way back.

At its heart, saving is `model.save("model.h5")` and `pickle.dump(tokenizer, file)`, as in the class. What makes it safe (all
files or none, checksums, a file from a stranger that cannot run a program) is in `engine/saved_files.py`.
"""

from pathlib import Path

import keras
import numpy as np

from minigpt.engine.saved_files import all_or_nothing, description, read_saved
from minigpt.errors import SavedModelError
from minigpt.model import build_gpt_model, config_of, vocab_size_of
from minigpt.tokenizer import WordTokenizer


def save_gpt(folder: str | Path, model: keras.Model, tokenizer: WordTokenizer) -> Path:
    """Write a model and its tokenizer into a folder, all or nothing.

    The folder gets `model.h5` (weights and architecture, without the optimizer), `tokenizer.json`, `tokenizer.pkl` (the
    pickle of the class) and `config.json` (versions, hyper-parameters, checksums). Other files in it are left alone.

    Args:
        folder: made if it is not there; an older model in it is replaced.
        model: a keras.Model.
        tokenizer: the tokenizer it was trained with.

    Returns:
        The folder.

    Raises:
        SavedModelError: the folder cannot be written, or tokenizer and model do not fit; an older model is still whole.

    Example:
        >>> save_gpt("runs/first", model, tokenizer)  # doctest: +SKIP
    """
    folder = Path(folder)
    check_savable(model)
    check_fit(model, tokenizer)
    with all_or_nothing(folder, model) as unfinished:
        model.save(unfinished / "model.h5", include_optimizer=False)
        (unfinished / "tokenizer.json").write_bytes(tokenizer.to_bytes(".json"))
        (unfinished / "tokenizer.pkl").write_bytes(tokenizer.to_bytes(".pkl"))
        (unfinished / "config.json").write_text(description(unfinished, model, tokenizer), encoding="utf-8")
    return folder


def load_gpt(folder: str | Path) -> tuple[keras.Model, WordTokenizer]:
    """Read back what `save_gpt` has written, in this or in a fresh process.

    Each file must be the one that was saved, by its checksum in `config.json`. A model of `build_gpt_model` is built anew
    from its hyper-parameters, and gets its weights from `model.h5`; Keras rebuilds any other model.

    Args:
        folder: of `save_gpt`.

    Returns:
        The model, ready to answer or to train on, and its tokenizer.

    Raises:
        SavedModelError: the folder is not a saved GPT, or a file in it is missing, damaged, of a newer minigpt, or does
            not fit the others.

    Example:
        >>> model, tokenizer = load_gpt("runs/first")  # doctest: +SKIP
    """
    saved = read_saved(Path(folder))
    if saved.config is None:
        model = saved.load_foreign_model()
    else:
        model = build_gpt_model(saved.config)
        saved.load_weights(model)
    tokenizer = saved.tokenizer()
    check_fit(model, tokenizer)
    return model, tokenizer


def check_fit(model: keras.Model, tokenizer: WordTokenizer) -> None:
    """Raise SavedModelError if the tokenizer has ids that the model does not know."""
    known = vocab_size_of(model, np.zeros((1, 1), "int32"))
    if tokenizer.vocab_size > known:
        raise SavedModelError(
            f"the tokenizer has {tokenizer.vocab_size} ids but the model knows {known}: they are not of the same training; "
            "use the tokenizer that the model was trained with"
        )


def check_savable(model: keras.Model) -> None:
    """Raise SavedModelError for what could be saved but not loaded."""
    if not isinstance(model, keras.Model):
        raise SavedModelError(f"{type(model).__name__} is not a Keras model: type save_gpt(folder, model, tokenizer)")
    if config_of(model) and any("/lora_" in weight.path for weight in model.weights):
        raise SavedModelError("the model has LoRA matrices beside its weights: save merge_lora(model) instead")
