"""What the model computed while it answered: at each word, what else it might have said and which words it attended to."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np

from minigpt.engine.cached_gpt import trace_activations
from minigpt.engine.inputs import never_said
from minigpt.engine.next_word import context_start
from minigpt.numpy_gpt import NumpyGPT


@dataclass
class AnswerWord:
    """One word of an answer, and what the model computed just before it."""

    word: str
    context: str  # the text that the model had read
    read: list[str]  # the words of that text, as far as they fit into the window
    attention: np.ndarray  # (L, H, T): how much each head of each layer attends to each of these T words
    next_words: list[tuple[str, float]]  # the likeliest next words, with their probabilities


def look_inside(gpt: NumpyGPT, tokenizer: Any, prompt: str, pieces: Sequence[str], top: int = 8) -> list[AnswerWord]:
    """Find out what the model computed before each word of an answer.

    A causal network computes every position of a text in one pass, each as if the text ended there. So the whole answer is
    read once, as long as it fits into the window; past it, each word needs a pass of its own, and so it does without the mask.

    Args:
        gpt: the network, from `fast_copy`.
        tokenizer: the tokenizer of the model.
        prompt: what the model read first, from `prompt_for`.
        pieces: the answer, from `stream_answer`.
        top: how many of the likeliest words to name.

    Returns:
        An `AnswerWord` for each piece, except for a first piece with nothing before it.
    """
    attention_names = [f"decoder_block_{layer}/attention_weights" for layer in range(1, gpt.config.num_layers + 1)]
    contexts = list(accumulate(pieces, initial=prompt))[:-1]  # what stood before each piece
    read: list[int] = []
    words = []
    for piece, context in zip(reversed(pieces), reversed(contexts), strict=True):  # the longest text first
        ids = list(tokenizer.encode(context))
        ids = ids[context_start(len(ids), gpt.config.max_seq_length) :]
        if not ids:
            continue
        if not gpt.config.causal or read[: len(ids)] != ids:
            read = ids
            probabilities, activations = trace_activations(gpt, ids)  # (T, V), by the name of the layer
        last = len(ids) - 1
        p = np.where(never_said(tokenizer, probabilities.shape[-1]), 0.0, probabilities[last])  # (V,)
        words.append(
            AnswerWord(
                piece.strip(),
                context,
                [tokenizer.decode([word_id]) for word_id in ids],
                np.stack([activations[name][:, last, : len(ids)] for name in attention_names]),
                [(tokenizer.decode([i]), float(p[i])) for i in np.argsort(-p, kind="stable")[:top].tolist()],
            )
        )
    return words[::-1]
