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

_STAGES = "text tokenizer dataset layers attention block model training saving loading generation sampling"
for _stage in _STAGES.split():  # importing a stage registers its checks; CHECKS keeps this order, that of the class
    importlib.import_module(f"{__name__}.{_stage}")

__all__ = ["CHECKS", "Check", "CheckFailed", "Result", "run_check", "run_checks"]  # and the functions below


def _checks_of(name: str, contract: str) -> Callable[[Any], None]:
    def check(student_object: Any) -> None:
        print_or_raise(name, student_object)

    check.__name__ = check.__qualname__ = name
    check.__doc__ = f"Check {contract}."
    return check


read_text = _checks_of("read_text", "a `read_text(path) -> str`")
WordTokenizer = _checks_of("WordTokenizer", "a class `WordTokenizer`")
create_dataset = _checks_of("create_dataset", "a `create_dataset(sequence, window_size) -> x, y`")
PositionalEncoding = _checks_of("PositionalEncoding", "a layer `PositionalEncoding(max_len, d_model)`")
transformer_block = _checks_of(
    "transformer_block", "a `transformer_block(embed_dim, num_heads, ff_dim, dropout)`, function or class"
)
build_gpt_model = _checks_of("build_gpt_model", "a `build_gpt_model(config) -> model`")
train_model = _checks_of("train_model", "a `train_model(model, x, y, epochs, batch_size) -> history`")
save_gpt = _checks_of("save_gpt", "a `save_gpt(folder, model, tokenizer)` by itself; `save_and_load` also reads its files back")
generate_text = _checks_of("generate_text", "a `generate_text(model, tokenizer, prompt, max_new_tokens, …) -> str`")


def load_gpt(student_object: Callable[..., Any], save_gpt: Callable[..., Any]) -> None:
    """Check a `load_gpt(folder) -> model, tokenizer` on what the same student's `save_gpt` writes."""
    print_or_raise("load_gpt", (save_gpt, student_object))


def save_and_load(save_gpt: Callable[..., Any], load_gpt: Callable[..., Any]) -> None:
    """Check `save_gpt` and `load_gpt` together, in a fresh process too (a few seconds)."""
    print_or_raise("save_gpt", save_gpt)
    print_or_raise("load_gpt", (save_gpt, load_gpt))
