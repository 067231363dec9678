"""Checks of `load_gpt`, on what the same learner's `save_gpt` has written, one of them in a fresh process."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import keras
import numpy as np

from minigpt.classroom.checks.machinery.fresh_process import as_program
from minigpt.classroom.checks.machinery.messages import said_by
from minigpt.classroom.checks.machinery.run import CheckFailed, check
from minigpt.classroom.checks.saving import IDS, gpt, inside, plain_model, says, small_tokenizer

Pair: TypeAlias = tuple[Callable[..., Any], Callable[..., Any]]
PROBE = "the purple cat sat"


@contextlib.contextmanager
def round_trip(pair: Pair) -> Iterator[tuple[keras.Model, Any, Any, Path]]:
    """Save and load; give the model, what load_gpt returned as (model, tokenizer), and the folder."""
    save_gpt, load_gpt = pair
    with tempfile.TemporaryDirectory() as parent:
        folder, model, first = Path(parent) / "runs" / "first", gpt(), None
        for make in (gpt, plain_model):
            model, folder = make(), folder.with_name(make.__name__)
            try:
                save_gpt(str(folder), model, small_tokenizer())
                loaded = load_gpt(str(folder))
                break
            except Exception as error:
                first = first or error
        else:
            raise first or AssertionError
        yield (model, *model_and_tokenizer(loaded), folder)


def model_and_tokenizer(loaded: Any) -> tuple[Any, Any]:
    """What load_gpt returned, in whichever order: the order has a check of its own."""
    parts = loaded if isinstance(loaded, (tuple, list)) else (loaded,)
    model = next((part for part in parts if hasattr(part, "predict") or isinstance(part, keras.Model)), None)
    tokenizer = next((part for part in parts if hasattr(part, "encode")), None)
    return model, tokenizer


@check("load_gpt", "pair", "it returns the model and the tokenizer, in this order")
def returns_pair(pair: Pair) -> None:
    with tempfile.TemporaryDirectory() as parent:
        loaded = _save_and_load(pair, Path(parent) / "run")
    if isinstance(loaded, (tuple, list)) and len(loaded) == 2:
        model, tokenizer = loaded
        if hasattr(model, "encode") and callable(tokenizer):
            raise CheckFailed(
                "model, tokenizer", "tokenizer, model", "the two are returned in the wrong order: `return model, tokenizer`"
            )
        if callable(model) and hasattr(tokenizer, "encode"):
            return
    mistake = "return both: `return model, tokenizer`"
    if loaded is None:
        mistake = "load_gpt has no `return`"
    raise CheckFailed("a model and a tokenizer", f"a {type(loaded).__name__}", mistake)


@check("load_gpt", "same_answers", "the loaded model gives the same probabilities")
def same_answers(pair: Pair) -> None:
    with round_trip(pair) as (model, loaded, _, _folder):
        if loaded is None:
            raise CheckFailed("a model", "none", "load_gpt returns no model")
        distance = float(np.abs(says(loaded) - says(model)).max())
    if distance > 1e-4:
        mistake = (
            "the weights are not saved or not read, so the loaded model starts anew: the architecture alone is not the model"
        )
        raise CheckFailed("the same probabilities", f"other ones, up to {distance:.2f} apart", mistake)


@check("load_gpt", "same_tokenizer", "the loaded tokenizer gives the same ids")
def same_tokenizer(pair: Pair) -> None:
    saved = small_tokenizer()
    with round_trip(pair) as (_, _, tokenizer, _folder):
        if tokenizer is None:
            mistake = "the tokenizer is not saved, or not returned: without it nobody knows which word is which id"
            raise CheckFailed("a tokenizer with encode and decode", "none", mistake)
        ids = list(tokenizer.encode(PROBE))
        size = getattr(tokenizer, "vocab_size", None)
    if ids != saved.encode(PROBE):
        mistake = "the tokenizer must come back as it was, with num_words and oov_token: save it whole, not only its words"
        raise CheckFailed(f"{saved.encode(PROBE)} for {PROBE!r}", str(ids), mistake)
    if size != saved.vocab_size:
        mistake = "num_words is lost: save the whole tokenizer, not only its words"
        raise CheckFailed(f"vocab_size {saved.vocab_size}", str(size), mistake)


@check("load_gpt", "two_folders", "two models in two folders stay two")
def two_folders(pair: Pair) -> None:
    save_gpt, load_gpt = pair
    with tempfile.TemporaryDirectory() as parent, inside(parent):
        for make in (gpt, plain_model):
            models = [make(1), make(2)]
            folders = [str(Path(parent) / f"{make.__name__}_{number}") for number in (1, 2)]
            try:
                for folder, model in zip(folders, models, strict=True):
                    save_gpt(folder, model, small_tokenizer())
                loaded = [model_and_tokenizer(load_gpt(folder))[0] for folder in folders]
                break
            except Exception:
                if make is plain_model:
                    raise
    first, second = (says(model) for model in models)
    if loaded[0] is not None and np.allclose(says(loaded[0]), second, atol=1e-4) and not np.allclose(first, second, atol=1e-4):
        mistake = "both are written to the same place, so the second replaces the first: begin every path with the folder given"
        raise CheckFailed("the first model from the first folder", "the second model", mistake)


@check("load_gpt", "trains_on", "the loaded model can be trained on")
def trains_on(pair: Pair) -> None:
    save_gpt, load_gpt = pair
    with tempfile.TemporaryDirectory() as parent:
        for make in (gpt, plain_model):
            model = make()
            model.compile("adam", "sparse_categorical_crossentropy", run_eagerly=True)
            model.fit(IDS, IDS, verbose=0)
            try:
                save_gpt(str(Path(parent) / make.__name__), model, small_tokenizer())
                loaded = model_and_tokenizer(load_gpt(str(Path(parent) / make.__name__)))[0]
                break
            except Exception:
                if make is plain_model:
                    raise
    if loaded is None:
        raise CheckFailed("a model", "none", "load_gpt returns no model")
    if not loaded.compiled:
        loaded.compile("adam", "sparse_categorical_crossentropy", run_eagerly=True)  # for one step, tracing does not pay
    try:
        loaded.fit(IDS, IDS, verbose=0)
    except Exception as error:
        mistake = (
            "a model loaded from .h5 brings an optimizer that cannot go on: load it with compile=False, and compile it again"
        )
        raise CheckFailed("another step of training", said_by(error), mistake) from None


@check("load_gpt", "fresh_process", "it works in a fresh process, where nothing is left of this one")
def fresh_process(pair: Pair) -> None:
    with round_trip(pair) as (model, _, _, folder):
        program = f"{as_program(pair[1])}\n_report(load_gpt({str(folder)!r}), {PROBE!r}, {IDS.tolist()!r})\n"
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, env=environment, timeout=120, cwd=folder.parent
        )
        expected = says(model)
    mistake = "load_gpt leans on something of this process, a variable or a layer: everything must come from the folder"
    if done.returncode or not done.stdout.strip():
        last = (done.stderr.strip().splitlines() or ["it ended without a word"])[-1][:160]
        if "Unknown layer" in done.stderr or "not registered" in done.stderr or "Could not locate class" in done.stderr:
            mistake = "the custom layer is not known there: give load_model custom_objects, or register the layer"
        raise CheckFailed("a model and a tokenizer in a new Python process", last, mistake)
    came = json.loads(done.stdout.strip().splitlines()[-1])
    if not np.allclose(came["probabilities"], expected, atol=1e-4) or came["ids"] != small_tokenizer().encode(PROBE):
        raise CheckFailed("the same answers as in this process", "other ones", mistake)


@check("load_gpt", "missing_folder", "a folder that is not there is an error")
def missing_folder(pair: Pair) -> None:
    with tempfile.TemporaryDirectory() as parent:
        _save_and_load(pair, Path(parent) / "run")  # what fails on every folder does not pass here
        try:
            loaded = pair[1](str(Path(parent) / "no_such_run"))
        except Exception:
            return
    mistake = "a wrong folder must not go unnoticed: let the error come, and do not return an old or an empty model"
    raise CheckFailed("an error that names the folder", f"a {type(loaded).__name__}", mistake)


def _save_and_load(pair: Pair, folder: Path) -> Any:
    for make in (gpt, plain_model):
        try:
            pair[0](str(folder / make.__name__), make(), small_tokenizer())
            return pair[1](str(folder / make.__name__))
        except Exception:
            if make is plain_model:
                raise
    return None
