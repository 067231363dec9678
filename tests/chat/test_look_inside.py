"""The look inside an answer: one pass of the network, and the same numbers as if it had read each beginning by itself."""

import numpy as np
import pytest
from helpers import random_weights, tiny_model

from minigpt.chat.look_inside import look_inside
from minigpt.engine.cached_gpt import trace_activations
from minigpt.engine.inputs import never_said
from minigpt.engine.next_word import context_start
from minigpt.numpy_gpt import NumpyGPT

PIECES = [" w3", " w4", " w5", " w6"]


def network(**fields):
    return NumpyGPT.from_keras(random_weights(tiny_model(num_layers=2, **fields)))


@pytest.fixture
def passes(monkeypatch):
    """The ids of each pass through the network."""
    passes = []

    def counting(gpt, ids):
        passes.append(list(ids))
        return trace_activations(gpt, ids)

    monkeypatch.setattr("minigpt.chat.look_inside.trace_activations", counting)
    return passes


def test_an_answer_within_the_window_is_read_once(passes, small_tokenizer):
    words = look_inside(network(), small_tokenizer, "w1 w2", PIECES)
    assert [word.word for word in words] == ["w3", "w4", "w5", "w6"]
    assert passes == [small_tokenizer.encode("w1 w2 w3 w4 w5")]


@pytest.mark.parametrize("fields", [{}, {"causal": False}, {"norm": "post"}, {"max_seq_length": 4}], ids=str)
def test_it_shows_what_the_network_computes_from_each_beginning(small_tokenizer, fields):
    gpt = network(**fields)
    for number, word in enumerate(look_inside(gpt, small_tokenizer, "w1 w2", PIECES)):
        assert word.context == "w1 w2" + "".join(PIECES[:number])
        ids = small_tokenizer.encode(word.context)
        ids = ids[context_start(len(ids), gpt.config.max_seq_length) :]
        assert word.read == [small_tokenizer.decode([word_id]) for word_id in ids]
        probabilities, activations = trace_activations(gpt, ids)
        p = probabilities[-1].copy()
        p[never_said(small_tokenizer, len(p))] = 0
        assert [name for name, _ in word.next_words] == [small_tokenizer.decode([i]) for i in np.argsort(-p)[:8]]
        np.testing.assert_allclose([chance for _, chance in word.next_words], np.sort(p)[::-1][:8], rtol=1e-4)
        for layer in (1, 2):
            expected = activations[f"decoder_block_{layer}/attention_weights"][:, -1]
            np.testing.assert_allclose(word.attention[layer - 1], expected, rtol=1e-4, atol=1e-6)


def test_past_the_window_only_the_words_out_of_reach_are_read_anew(passes, small_tokenizer):
    look_inside(network(max_seq_length=4), small_tokenizer, "w1 w2", PIECES)
    assert passes == [small_tokenizer.encode("w2 w3 w4 w5"), small_tokenizer.encode("w1 w2 w3 w4")]


def test_nothing_is_before_the_first_word_after_an_empty_prompt(small_tokenizer):
    words = look_inside(network(), small_tokenizer, "", ["w3", " w4"])
    assert [word.word for word in words] == ["w4"]
