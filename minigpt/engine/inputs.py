"""What users hand in to be generated with, checked before it is used: ids, a prompt, a tokenizer, the outputs of a model."""

from typing import Any

import numpy as np

from minigpt.errors import GenerationError


def check_ids(ids: Any, config: Any) -> np.ndarray:  # (T,) -> (T,)
    """The ids as an array; a GenerationError unless the network can read them."""
    ids = np.asarray(ids)
    if ids.ndim != 1 or (ids.size and ids.dtype.kind not in "iu"):
        raise GenerationError(f"the ids have the shape {ids.shape} and type {ids.dtype}: give a list of whole numbers")
    lowest, highest = (ids.min(), ids.max()) if ids.size else (0, 0)
    if not 0 < len(ids) <= config.max_seq_length or lowest < 0 or highest >= config.vocab_size:
        raise GenerationError(
            f"{len(ids)} ids from {lowest} to {highest}: this model reads 1 to max_seq_length={config.max_seq_length} ids, "
            f"each from 0 to {config.vocab_size - 1}; use the tokenizer that it was trained with"
        )
    return ids


def encode_prompt(tokenizer: Any, prompt: Any) -> list[int]:
    """The ids of a prompt, or a GenerationError unless it is a text and the tokenizer can encode and decode."""
    for method in ("encode", "decode"):
        if not callable(getattr(tokenizer, method, None)):
            given = f"this {type(tokenizer).__name__} has no method {method}, so it is no tokenizer"
            raise GenerationError(f"{given}: give a fitted WordTokenizer, or any object with encode and decode")
    if not isinstance(prompt, str):
        raise GenerationError(
            f'the prompt is of type {type(prompt).__name__}: give a text, such as "who is" '
            "(bytes.decode() and tokenizer.decode(ids) make one)"
        )
    ids = tokenizer.encode(prompt)
    try:
        return [int(word_id) for word_id in ids]
    except (TypeError, ValueError) as error:
        raise GenerationError(f"tokenizer.encode({prompt!r}) returned {ids!r}: it must return a list of ids") from error


def check_probabilities(probabilities: Any) -> np.ndarray:  # (V,) -> (V,)
    """The probabilities of the next word as float64, or a GenerationError unless they are probabilities."""
    p = np.asarray(probabilities, dtype="float64")
    total = p.sum()
    if np.isnan(total):
        raise GenerationError(
            "the model predicts NaN: its training has exploded; build it again and train it with a smaller learning_rate"
        )
    if p.min() < 0 or not 0.95 < total < 1.05:  # a network in half precision does not hit 1 exactly
        raise GenerationError(
            f"the outputs of the model for the next word go from {p.min():.3g} to {p.max():.3g} and sum to {total:.3g}, but "
            'probabilities are needed, which sum to 1: end the model with layers.Dense(vocab_size, activation="softmax")'
        )
    return p


def never_said(tokenizer: Any, vocab_size: int) -> np.ndarray:  # -> bool (V,)
    """Which ids are no word: padding, `<OOV>`, and ids of the model past the vocabulary of the tokenizer."""
    silent = np.zeros(vocab_size, dtype=bool)
    special = getattr(tokenizer, "special_ids", None)
    if special is None:  # some other tokenizer: its first two ids are no words if they do not read like words
        special = [word_id for word_id in range(min(2, vocab_size)) if _reads_like_none(tokenizer, word_id)]
    silent[list(special)] = True
    silent[getattr(tokenizer, "vocab_size", vocab_size) :] = True
    return silent


def _reads_like_none(tokenizer: Any, word_id: int) -> bool:
    try:
        return tokenizer.decode([word_id]).strip() in ("", "<OOV>", getattr(tokenizer, "oov_token", None))
    except Exception:  # a student's tokenizer may have no word for padding
        return True
