"""What went on inside while an answer was said: for each word, what could have come, and which words were looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigpt.engine.cached_gpt import trace_activations
from minigpt.generation import never_said
from minigpt.numpy_gpt import NumpyGPT


@dataclass
class SaidWord:
    """One word of an answer, seen from inside."""

    word: str
    next_words: list[tuple[str, float]]  # the likeliest words at this place and their probabilities
    before: list[str]  # the words that the model could look at
    attention: np.ndarray  # (L, H, T): how much each head of each layer looks at each of them
    prompt: str  # what the model had read, as a text


def look_inside(gpt: NumpyGPT, tokenizer: Any, prompt: str, said: Sequence[str], top: int = 8) -> list[SaidWord]:
    """Read an answer again, and note for each of its words what the model had in mind before it.

    Args:
        gpt: the network, from `NumpyGPT.from_keras`.
        tokenizer: of the model.
        prompt: what the model read first, from `prompt_for`.
        said: the pieces of the answer, from `stream_answer`.
        top: how many words to name.

    Returns:
        A `SaidWord` for each piece. The first word of an answer to an empty prompt has nothing before it and is left out.
    """
    window = gpt.config.max_seq_length
    words = []
    for number, piece in enumerate(said):
        text = prompt + "".join(said[:number])
        ids = list(tokenizer.encode(text))[-window:]
        if not ids:
            continue
        every_probability, trace = trace_activations(gpt, ids)
        probabilities = every_probability[-1]  # (V,)
        probabilities = np.where(never_said(tokenizer, len(probabilities)), 0.0, probabilities)
        likeliest = np.argsort(-probabilities, kind="stable")[:top]
        attention = np.stack(
            [trace[f"decoder_block_{layer}/attention_weights"][:, -1] for layer in range(1, gpt.config.num_layers + 1)]
        )  # (L, H, T): the row of the last word read
        words.append(
            SaidWord(
                piece.strip(),
                [(tokenizer.decode([word_id]), float(probabilities[word_id])) for word_id in likeliest.tolist()],
                [tokenizer.decode([word_id]) for word_id in ids],
                attention,
                text,
            )
        )
    return words
