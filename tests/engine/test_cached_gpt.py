"""CachedGPT and trace_activations: the same network as NumpyGPT, with a cache for each stream and its inside on record."""

import threading

import keras
import numpy as np
import pytest
import threadpoolctl
from helpers import random_weights, tiny_model
from test_numpy_gpt import CONFIGURATIONS, IDS

from minigpt import NumpyGPT
from minigpt.engine import cached_gpt
from minigpt.engine.cached_gpt import CachedGPT, on_one_thread, trace_activations
from minigpt.errors import MinigptError

by_values = {"argvalues": CONFIGURATIONS, "ids": lambda fields: "-".join(map(str, fields.values()))}


def blas_threads():
    return [library["num_threads"] for library in threadpoolctl.threadpool_info() if library["user_api"] == "blas"]


@pytest.fixture
def gpt():
    return NumpyGPT.from_keras(random_weights(tiny_model(num_layers=2)))


@pytest.mark.parametrize("fields", **by_values)
@pytest.mark.parametrize("more", [{}, {"scale_embedding": False, "key_dim": 5, "embed_dim": 15, "num_heads": 3}])
def test_it_agrees_with_the_plain_network(fields, more):
    gpt = NumpyGPT.from_keras(random_weights(tiny_model(num_layers=2, **fields, **more)))
    np.testing.assert_allclose(CachedGPT(gpt).read(IDS), gpt(IDS), atol=1e-6)
    stream = CachedGPT(gpt)
    for length in range(1, 9):
        np.testing.assert_allclose(stream.next_word(IDS[:length]), gpt(IDS[:length])[-1], atol=1e-6)


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_reading_on_with_the_cache_is_reading_the_whole(norm):
    gpt = NumpyGPT.from_keras(random_weights(tiny_model(norm=norm, num_layers=2)))
    whole = gpt(IDS)
    for cuts in ([1] * 8, [3, 5], [2, 1, 5], [7, 1]):
        stream, start, rows = CachedGPT(gpt), 0, []
        for size in cuts:
            rows.append(stream.read(IDS[start : start + size]))
            start += size
        np.testing.assert_allclose(np.concatenate(rows), whole, atol=1e-6)


def test_two_streams_over_one_network_do_not_disturb_each_other(gpt):
    first, second = CachedGPT(gpt), CachedGPT(gpt)
    other = IDS[::-1]
    for place in range(8):
        np.testing.assert_allclose(first.read(IDS[place : place + 1])[0], gpt(IDS)[place], atol=1e-6)
        np.testing.assert_allclose(second.read(other[place : place + 1])[0], gpt(other)[place], atol=1e-6)


def test_a_context_that_does_not_go_on_is_read_from_the_start(gpt):
    stream = CachedGPT(gpt)
    for context in (IDS[:4], IDS[:5], IDS[1:6], [7] * 7, IDS[:3], IDS[:3], [*IDS[:3], 9, 9]):
        np.testing.assert_allclose(stream.next_word(context), gpt(context)[-1], atol=1e-6)


def test_words_read_before_are_not_read_again(gpt, monkeypatch):
    stream, read = CachedGPT(gpt), []
    monkeypatch.setattr(cached_gpt, "softmax", lambda x, softmax=cached_gpt.softmax: (read.append(x.shape[1]), softmax(x))[1])
    for length in (5, 6, 8):
        stream.next_word(IDS[:length])
    assert read[::2] == [5, 1, 2], "queries in the first block"


@pytest.mark.parametrize("fields", **by_values)
def test_the_trace_holds_the_activations_of_keras(fields):
    model = random_weights(tiny_model(num_layers=2, **fields))
    gpt = NumpyGPT.from_keras(model)
    probabilities, trace = trace_activations(gpt, IDS)
    np.testing.assert_allclose(probabilities, gpt(IDS), atol=1e-6)
    inside = {name for name in trace if "/" in name and not name.endswith("attention_weights")}
    outside = {
        layer.name for layer in model.layers if layer.name not in ("word_ids",) and not layer.name.startswith("decoder_")
    }
    assert outside <= set(trace), f"the trace lacks {outside - set(trace)}"
    for name in outside:
        expected = keras.ops.convert_to_numpy(keras.Model(model.input, model.get_layer(name).output)(np.asarray([IDS])))[0]
        np.testing.assert_allclose(trace[name], expected, atol=1e-4, err_msg=name)
    block_layers = {"norm_1", "attention", "residual_1", "norm_2", "feed_forward_1", "feed_forward_2", "residual_2"}
    assert inside == {f"decoder_block_{n}/{layer}" for n in (1, 2) for layer in block_layers}
    words = trace["positional_encoding"][None]
    for number in (1, 2):
        block = model.get_layer(f"decoder_block_{number}")
        for layer in block_layers:
            upto = keras.Model(block.input, block.get_layer(layer).output)
            expected = keras.ops.convert_to_numpy(upto(words))[0]
            np.testing.assert_allclose(trace[f"decoder_block_{number}/{layer}"], expected, atol=1e-4, err_msg=layer)
        words = keras.ops.convert_to_numpy(block(words))


@pytest.mark.parametrize("causal", [True, False])
def test_the_attention_weights_are_those_of_keras(causal):
    model = random_weights(tiny_model(causal=causal))
    _, trace = trace_activations(NumpyGPT.from_keras(model), IDS)
    attention = model.get_layer("decoder_block_1").get_layer("attention")
    x = trace["decoder_block_1/norm_1"][None]
    _, expected = attention(x, x, use_causal_mask=causal, return_attention_scores=True)
    weights = trace["decoder_block_1/attention_weights"]
    assert weights.shape == (2, 8, 8)
    np.testing.assert_allclose(weights, keras.ops.convert_to_numpy(expected)[0], atol=1e-5)
    np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-5)
    assert (np.triu(weights, 1) == 0).all() == causal


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_one_trace_holds_the_traces_of_all_beginnings(norm):
    gpt = NumpyGPT.from_keras(random_weights(tiny_model(num_layers=2, norm=norm)))
    _, whole = trace_activations(gpt, IDS)
    for length in range(1, 8):
        _, beginning = trace_activations(gpt, IDS[:length])
        for name, activation in beginning.items():
            rows = whole[name][:, :length, :length] if name.endswith("weights") else whole[name][:length]
            np.testing.assert_allclose(activation, rows, atol=1e-6, err_msg=name)


def test_what_it_refuses(gpt):
    stream = CachedGPT(gpt)
    stream.read(range(12))
    with pytest.raises(MinigptError, match=r"13 ids .*max_seq_length=12"):
        stream.read([1])
    np.testing.assert_allclose(stream.next_word(range(3)), gpt(range(3))[-1], atol=1e-6)
    for wrong in (-1, 20):
        with pytest.raises(MinigptError, match=str(wrong)):
            CachedGPT(gpt).read([wrong])
    blind = CachedGPT(NumpyGPT.from_keras(tiny_model(causal=False)))
    blind.read([1, 2])
    with pytest.raises(MinigptError, match="causal"):
        blind.read([3])


def test_a_word_is_computed_on_one_thread_and_the_setting_is_given_back(gpt, monkeypatch):
    with threadpoolctl.threadpool_limits(2, "blas"):
        before, during = blas_threads(), []
        monkeypatch.setattr(
            cached_gpt, "linear", lambda *given, f=cached_gpt.linear: (during.append(blas_threads()), f(*given))[1]
        )
        CachedGPT(gpt).next_word(IDS)
        assert before and set(map(tuple, during)) == {(1,) * len(before)}
        assert blas_threads() == before
        monkeypatch.setattr(cached_gpt, "linear", lambda *given: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            CachedGPT(gpt).next_word(IDS)
        assert blas_threads() == before, "an error must not leave the limit behind"


def test_threads_that_overlap_give_the_setting_back():
    with threadpoolctl.threadpool_limits(2, "blas"):
        before = blas_threads()

        def work():
            for _ in range(200):
                on_one_thread(blas_threads)()

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert blas_threads() == before
