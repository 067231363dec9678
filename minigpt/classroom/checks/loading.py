"""Checks of `load_gpt`, on what the same student's `save_gpt` has written, one of them in a fresh process."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import keras
import numpy as np

from minigpt.classroom.checks.machinery.fresh_process import as_program
from minigpt.classroom.checks.machinery.messages import exception_means
from minigpt.classroom.checks.machinery.run import CheckFailed, check, private_path
from minigpt.classroom.checks.saving import IDS, gpt, plain_model, predictions, small_tokenizer

Pair: TypeAlias = tuple[Callable[..., Any], Callable[..., Any]]
PROMPT = "the purple cat sat"
COMPILED = {"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "run_eagerly": True}  # one step: do not trace


@dataclass
class Loaded:
    """A model that was saved, where, and what load_gpt returned for it."""

    saved: keras.Model
    folder: Path
    returned: Any

    def _part(self, attribute: str) -> Any:
        """The part with this attribute, in whichever order they came: the order has a check of its own."""
        parts = self.returned if isinstance(self.returned, (tuple, list)) else (self.returned,)
        return next((part for part in parts if hasattr(part, attribute)), None)

    @property
    def model(self) -> Any:
        """The loaded model, or CheckFailed where there is none."""
        model = self._part("predict")
        if model is None:
            raise CheckFailed("a model", "none", "load_gpt returns no model")
        return model

    @property
    def tokenizer(self) -> Any:
        """The loaded tokenizer, or CheckFailed where there is none."""
        tokenizer = self._part("encode")
        if tokenizer is None:
            mistake = "the tokenizer is not saved, or not returned: without it nobody knows which word is which id"
            raise CheckFailed("a tokenizer with encode and decode", "none", mistake)
        return tokenizer


def save_and_load(pair: Pair, seeds: Sequence[int] = (1,), trained: bool = False) -> list[Loaded]:
    """Save models, each in a folder of its own, and then load them.

    They are our GPTs, or, if that fails, models of Keras' own layers only.
    """
    save_gpt, load_gpt = pair
    first: Exception | None = None
    for make in (gpt, plain_model):
        models = {private_path("runs", f"{make.__name__}_{seed}"): make(seed) for seed in seeds}
        try:
            for folder, model in models.items():
                if trained:
                    model.compile(**COMPILED)
                    model.fit(IDS, IDS, verbose=0)
                save_gpt(str(folder), model, small_tokenizer())
            return [Loaded(model, folder, load_gpt(str(folder))) for folder, model in models.items()]
        except Exception as error:
            first = first or error
    raise first or AssertionError


@check("load_gpt", "pair", "it returns the model and the tokenizer, in this order")
def returns_pair(pair: Pair) -> None:
    returned = save_and_load(pair)[0].returned
    got, mistake = f"a {type(returned).__name__}", "return both: `return model, tokenizer`"
    if returned is None:
        mistake = "load_gpt has no `return`"
    elif isinstance(returned, (tuple, list)) and len(returned) == 2:
        model, tokenizer = returned
        if hasattr(model, "encode") and callable(tokenizer):
            got, mistake = "tokenizer, model", "the two are returned in the wrong order: `return model, tokenizer`"
        elif callable(model) and hasattr(tokenizer, "encode"):
            return
    raise CheckFailed("a model and a tokenizer", got, mistake)


@check("load_gpt", "same_answers", "the loaded model gives the same probabilities")
def same_answers(pair: Pair) -> None:
    [loaded] = save_and_load(pair)
    distance = float(np.abs(predictions(loaded.model) - predictions(loaded.saved)).max())
    if distance > 1e-4:
        mistake = "the weights are not saved or not read, so the loaded model is untrained: save more than the architecture"
        raise CheckFailed("the same probabilities", f"other ones, up to {distance:.2f} apart", mistake)


@check("load_gpt", "same_tokenizer", "the loaded tokenizer gives the same ids")
def same_tokenizer(pair: Pair) -> None:
    saved, loaded = small_tokenizer(), save_and_load(pair)[0].tokenizer
    mistake = "num_words or oov_token is lost: save the whole tokenizer as it was, not only its words"
    ids, size = list(loaded.encode(PROMPT)), getattr(loaded, "vocab_size", None)
    if ids != saved.encode(PROMPT):
        raise CheckFailed(f"{saved.encode(PROMPT)} for {PROMPT!r}", str(ids), mistake)
    if size != saved.vocab_size:
        raise CheckFailed(f"vocab_size {saved.vocab_size}", str(size), mistake)


@check("load_gpt", "two_folders", "two models in two folders stay two")
def two_folders(pair: Pair) -> None:
    one, other = save_and_load(pair, seeds=(1, 2))
    first, second = predictions(one.saved), predictions(other.saved)
    if np.allclose(predictions(one.model), second, atol=1e-4) and not np.allclose(first, second, atol=1e-4):
        mistake = "both are written to the same place, so the second replaces the first: begin every path with the given folder"
        raise CheckFailed("the first model from the first folder", "the second model", mistake)


@check("load_gpt", "trains_on", "the training of the loaded model can go on")
def trains_on(pair: Pair) -> None:
    model = save_and_load(pair, trained=True)[0].model
    if not model.compiled:
        model.compile(**COMPILED)
    mistake = "the optimizer in an .h5 file cannot be used again: load the model with compile=False, and compile it again"
    with exception_means(mistake, "another step of training"):
        model.fit(IDS, IDS, verbose=0)


@check("load_gpt", "fresh_process", "it works in a fresh process, where nothing is left of this one")
def fresh_process(pair: Pair) -> None:
    [loaded] = save_and_load(pair)
    elsewhere = private_path("elsewhere")
    elsewhere.mkdir()
    program = f"{as_program(pair[1])}\nprint_predictions(load_gpt({str(loaded.folder)!r}), {PROMPT!r}, {IDS.tolist()!r})\n"
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, timeout=120, cwd=elsewhere
    )
    mistake = "load_gpt relies on something in this process, a variable or a layer: everything must come from the folder"
    if done.returncode or not done.stdout.strip():
        last = (done.stderr.strip().splitlines() or ["it ended without a word"])[-1][:160]
        if any(text in done.stderr for text in ("Unknown layer", "not registered", "Could not locate class")):
            mistake = "the custom layer is not known there: give load_model custom_objects, or register the layer"
        raise CheckFailed("a model and a tokenizer in a new Python process", last, mistake)
    fresh = json.loads(done.stdout.strip().splitlines()[-1])
    same = np.allclose(fresh["probabilities"], predictions(loaded.saved), atol=1e-4)
    if not same or fresh["ids"] != small_tokenizer().encode(PROMPT):
        raise CheckFailed("the same predictions as in this process", "other ones", mistake)


@check("load_gpt", "missing_folder", "a folder that does not exist is an error")
def missing_folder(pair: Pair) -> None:
    save_and_load(pair)  # a function that fails on every folder does not pass here
    try:
        returned = pair[1](str(private_path("no_such_run")))
    except Exception:
        return
    mistake = "a wrong folder must not go unnoticed: let the error through, and do not return an old or an empty model"
    raise CheckFailed("an error that names the folder", f"a {type(returned).__name__}", mistake)
