"""One mistake costs points once: `build_gpt_model` may also be checked with the package's block and positions."""

import contextlib
import itertools
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

import keras

from minigpt.classroom.checks.machinery import run

PARTS = {"transformer_block", "PositionalEncoding"}
Build = Callable[[Any], Any]


@contextlib.contextmanager
def reference_parts(function: Callable[..., Any]) -> Iterator[None]:
    """While this lasts, the student's function finds the package's block and positions instead of the student's own."""
    from minigpt.layers import PositionalEncoding
    from minigpt.model import transformer_block

    numbers = itertools.count(1)

    def named_block(*sizes: Any, **options: Any) -> keras.Model:
        return transformer_block(*sizes, **{"name": f"decoder_block_{next(numbers)}", **options})

    reference = {"transformer_block": named_block, "PositionalEncoding": PositionalEncoding}
    names: dict[str, Any] = getattr(function, "__globals__", {})
    own = {name: names[name] for name in reference if name in names}
    names.update({name: reference[name] for name in own})
    try:
        yield
    finally:
        names.update(own)


def check(name: str, what: str) -> Callable[[Callable[[Build], None]], Callable[[Build], None]]:
    """Register a check of `build_gpt_model` that passes with the student's own parts or with the package's.

    So a mistake in the student's block costs points there, and not a second time here.
    """

    def register(function: Callable[[Build], None]) -> Callable[[Build], None]:
        @wraps(function)
        def with_either(build_gpt_model: Build) -> None:
            try:
                function(build_gpt_model)
            except Exception as first:
                if not PARTS & getattr(build_gpt_model, "__globals__", {}).keys():
                    raise
                with reference_parts(build_gpt_model), contextlib.suppress(Exception):
                    function(build_gpt_model)
                    return
                raise first

        return run.check("build_gpt_model", name, what)(with_either)

    return register
