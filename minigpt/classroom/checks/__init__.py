"""Checks for what a student builds: one for each public name, which prints what it verified or says what went wrong.

    from minigpt.classroom import checks
    checks.create_dataset(my_create_dataset)

What goes wrong is told in four lines: what was expected, what came, the likely mistake, the notebook to reread. A grader
runs the same checks one by one with `run_checks`, which raises nothing.
"""

import importlib
from collections.abc import Callable
from typing import Any

from minigpt.classroom.checks.machinery.messages import CheckFailed
from minigpt.classroom.checks.machinery.run import CHECKS, Check, Result, report, run_check, run_checks

_STAGES = "text tokenizer dataset layers attention block gpt training saving loading generation sampling"
for _stage in _STAGES.split():  # importing a stage registers its checks; CHECKS keeps this order, that of the class
    importlib.import_module(f"{__name__}.{_stage}")

__all__ = [
    "CHECKS",
    "Check",
    "CheckFailed",
    "PositionalEncoding",
    "Result",
    "WordTokenizer",
    "build_gpt_model",
    "create_dataset",
    "generate_text",
    "load_gpt",
    "read_text",
    "run_check",
    "run_checks",
    "save_and_load",
    "save_gpt",
    "train_model",
    "transformer_block",
]


def read_text(learners: Callable[..., Any]) -> None:
    """Check a `read_text(path) -> str`."""
    report("read_text", learners)


def WordTokenizer(learners: type) -> None:
    """Check a class `WordTokenizer`."""
    report("WordTokenizer", learners)


def create_dataset(learners: Callable[..., Any]) -> None:
    """Check a `create_dataset(sequence, window_size) -> x, y`."""
    report("create_dataset", learners)


def PositionalEncoding(learners: Callable[..., Any]) -> None:
    """Check a layer `PositionalEncoding(max_len, d_model)`."""
    report("PositionalEncoding", learners)


def transformer_block(learners: Callable[..., Any]) -> None:
    """Check a `transformer_block(embed_dim, num_heads, ff_dim, dropout)`, a function or a class."""
    report("transformer_block", learners)


def build_gpt_model(learners: Callable[..., Any]) -> None:
    """Check a `build_gpt_model(config) -> model`."""
    report("build_gpt_model", learners)


def train_model(learners: Callable[..., Any]) -> None:
    """Check a `train_model(model, x, y, epochs, batch_size) -> history`."""
    report("train_model", learners)


def save_gpt(learners: Callable[..., Any]) -> None:
    """Check a `save_gpt(folder, model, tokenizer)` by itself; `save_and_load` also reads back what it wrote."""
    report("save_gpt", learners)


def load_gpt(learners: Callable[..., Any], save_gpt: Callable[..., Any]) -> None:
    """Check a `load_gpt(folder) -> model, tokenizer` on what the same learner's `save_gpt` writes."""
    report("load_gpt", (save_gpt, learners))


def save_and_load(save_gpt: Callable[..., Any], load_gpt: Callable[..., Any]) -> None:
    """Check `save_gpt` and `load_gpt` together, in a fresh process too (a few seconds)."""
    report("save_gpt", save_gpt)
    report("load_gpt", (save_gpt, load_gpt))


def generate_text(learners: Callable[..., Any]) -> None:
    """Check a `generate_text(model, tokenizer, prompt, max_new_tokens, temperature, top_k, top_p, seed) -> str`."""
    report("generate_text", learners)
