"""Checks of what a student builds: one function for each public name, which prints what it verified or says what is wrong.

    from minigpt.classroom import checks
    checks.create_dataset(my_create_dataset)

A failure has four lines: what was expected, what the check got, the likely mistake, the notebook to reread. A grader runs
the same checks one by one with `run_checks`, which raises nothing. Each check runs in a private folder, deleted afterwards.
"""

import importlib
from collections.abc import Callable
from typing import Any

from minigpt.classroom.checks.machinery.messages import CheckFailed
from minigpt.classroom.checks.machinery.run import CHECKS, Check, Result, print_or_raise, run_check, run_checks

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


def read_text(student_object: Callable[..., Any]) -> None:
    """Check a `read_text(path) -> str`."""
    print_or_raise("read_text", student_object)


def WordTokenizer(student_object: type) -> None:
    """Check a class `WordTokenizer`."""
    print_or_raise("WordTokenizer", student_object)


def create_dataset(student_object: Callable[..., Any]) -> None:
    """Check a `create_dataset(sequence, window_size) -> x, y`."""
    print_or_raise("create_dataset", student_object)


def PositionalEncoding(student_object: Callable[..., Any]) -> None:
    """Check a layer `PositionalEncoding(max_len, d_model)`."""
    print_or_raise("PositionalEncoding", student_object)


def transformer_block(student_object: Callable[..., Any]) -> None:
    """Check a `transformer_block(embed_dim, num_heads, ff_dim, dropout)`, a function or a class."""
    print_or_raise("transformer_block", student_object)


def build_gpt_model(student_object: Callable[..., Any]) -> None:
    """Check a `build_gpt_model(config) -> model`."""
    print_or_raise("build_gpt_model", student_object)


def train_model(student_object: Callable[..., Any]) -> None:
    """Check a `train_model(model, x, y, epochs, batch_size) -> history`."""
    print_or_raise("train_model", student_object)


def save_gpt(student_object: Callable[..., Any]) -> None:
    """Check a `save_gpt(folder, model, tokenizer)` by itself; `save_and_load` also reads back what it wrote."""
    print_or_raise("save_gpt", student_object)


def load_gpt(student_object: Callable[..., Any], save_gpt: Callable[..., Any]) -> None:
    """Check a `load_gpt(folder) -> model, tokenizer` on what the same student's `save_gpt` writes."""
    print_or_raise("load_gpt", (save_gpt, student_object))


def save_and_load(save_gpt: Callable[..., Any], load_gpt: Callable[..., Any]) -> None:
    """Check `save_gpt` and `load_gpt` together, in a fresh process too (a few seconds)."""
    print_or_raise("save_gpt", save_gpt)
    print_or_raise("load_gpt", (save_gpt, load_gpt))


def generate_text(student_object: Callable[..., Any]) -> None:
    """Check a `generate_text(model, tokenizer, prompt, max_new_tokens, temperature, top_k, top_p, seed) -> str`."""
    print_or_raise("generate_text", student_object)
