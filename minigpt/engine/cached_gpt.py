"""The network of numpy_gpt.py once more: fast, by a key/value cache and on one thread; and with its inside on record."""

import functools
import threading
from collections.abc import Callable, Sequence
from weakref import WeakKeyDictionary

import numpy as np
from threadpoolctl import ThreadpoolController

from minigpt.engine.inputs import check_ids
from minigpt.errors import GenerationError
from minigpt.layers import sine_table
from minigpt.numpy_gpt import ACTIVATIONS, NumpyGPT, layer_norm, linear, softmax

_one_at_a_time = threading.Lock()  # the limit is the whole process's: of two that overlap, the last would restore the other's
_blas = functools.cache(lambda: ThreadpoolController().select(user_api="blas"))


def on_one_thread(function: Callable) -> Callable:
    """Decorate a function, so that NumPy multiplies on one thread inside it, and afterwards on as many as before.

    On a busy computer, two threads wait for each other at every product, and a word takes ten times as long or more. On an
    idle one, they would save a tenth (quick model) to a quarter (lecture) of the time.
    """

    @functools.wraps(function)
    def limited(*arguments):
        with _one_at_a_time, _blas().limit(limits=1):
            return function(*arguments)

    return limited


class CachedGPT:
    """A `NumpyGPT` that reads one stream of words and keeps their keys and values, so that each word is read only once.

    The network is shared and never changed: any number of streams can read with it.
    """

    def __init__(self, gpt: NumpyGPT) -> None:
        c = gpt.config
        self.gpt, (self.positions, self.blocks) = gpt, _prepared(gpt)
        self.ids: list[int] = []  # those that were read
        self.cache = np.empty((c.num_layers, 2, c.num_heads, c.max_seq_length, c.key_dim), "float32")  # keys and values

    @on_one_thread
    def read(self, ids: Sequence[int]) -> np.ndarray:  # (T,) -> (T, V)
        """Read on after the words read before: the same as reading all of them from the start."""
        return self.gpt.next_word(self._read(ids))

    @on_one_thread
    def next_word(self, context: Sequence[int]) -> np.ndarray:  # (T,) -> (V,)
        """The probabilities of the word after a context; where it begins with the words read before, these cost nothing."""
        seen = len(self.ids)
        if not (self.gpt.config.causal and seen < len(context) and self.ids == list(context[:seen])):
            self.ids, seen = [], 0
        return self.gpt.next_word(self._read(context[seen:])[-1:])[0]

    def _read(self, ids: Sequence[int], trace: dict[str, np.ndarray] | None = None) -> np.ndarray:  # (T,) -> (T, D)
        config, seen = self.gpt.config, len(self.ids)
        if seen and not config.causal:  # a new word would change everything before it
            raise GenerationError("a network without a causal mask cannot read on: give it the whole text at once")
        every_id = check_ids([*self.ids, *ids], config)
        words = self.gpt.weights["token_embedding"][0][every_id[seen:]]  # (T, D)
        scale = config.embed_dim**0.5 if config.scale_embedding else 1.0
        x = words * scale + self.positions[seen : len(every_id)]
        if trace is not None:
            trace.update(token_embedding=words, positional_encoding=x)
        for number, (block, cache) in enumerate(zip(self.blocks, self.cache, strict=True), 1):
            inside: dict[str, np.ndarray] = {}
            x = self._block(x, cache, inside, *block)
            if trace is not None:
                trace.update({f"decoder_block_{number}/{name}": activation for name, activation in inside.items()})
        self.ids = every_id.tolist()
        return x

    def _block(self, x, cache, inside, norm_1, query_key_value, output, norm_2, feed_forward_1, feed_forward_2):
        def feed_forward(x):  # (T, D) -> (T, F) -> (T, D)
            inside["feed_forward_1"] = ACTIVATIONS[self.gpt.config.activation](linear(x, *feed_forward_1))
            inside["feed_forward_2"] = linear(inside["feed_forward_1"], *feed_forward_2)
            return inside["feed_forward_2"]

        if self.gpt.config.norm == "pre":
            inside["norm_1"] = layer_norm(x, *norm_1)
            x = inside["residual_1"] = x + self._attention(inside["norm_1"], cache, inside, query_key_value, output)
            inside["norm_2"] = layer_norm(x, *norm_2)
            x = inside["residual_2"] = x + feed_forward(inside["norm_2"])
        else:
            inside["residual_1"] = x + self._attention(x, cache, inside, query_key_value, output)
            x = inside["norm_1"] = layer_norm(inside["residual_1"], *norm_1)
            inside["residual_2"] = x + feed_forward(x)
            x = inside["norm_2"] = layer_norm(inside["residual_2"], *norm_2)
        return x

    def _attention(self, x, cache, inside, query_key_value, output):  # (T, D) -> (T, D)
        seen, now = len(self.ids), len(self.ids) + len(x)
        _, heads, _, size = cache.shape
        qkv = linear(x, *query_key_value).reshape(len(x), 3, heads, size).transpose(1, 2, 0, 3)  # (3, H, T, K)
        cache[:, :, seen:now] = qkv[1:]
        keys, values = cache[:, :, :now]  # (H, S, K), of all S words that were read
        scores = qkv[0] @ keys.transpose(0, 2, 1) / size**0.5  # (H, T, S)
        if self.gpt.config.causal and len(x) > 1:
            scores = np.where(np.tri(len(x), now, seen, dtype=bool), scores, -np.inf)
        inside["attention_weights"] = softmax(scores)
        mixed = (inside["attention_weights"] @ values).transpose(1, 0, 2).reshape(len(x), -1)  # (T, H K)
        inside["attention"] = linear(mixed, *output)
        return inside["attention"]


@on_one_thread
def trace_activations(gpt: NumpyGPT, ids: Sequence[int]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Read a text of at most `max_seq_length` words once, and keep everything that happens inside.

    In a causal network, the first t rows are what they would be if only the first t words had been read.

    Returns:
        The probabilities (T, V), as from `gpt(ids)`, and every activation by the name of its layer in the Keras model, in the
        order of the computation: "decoder_block_1/attention" (T, D), "decoder_block_1/attention_weights" (H, T, T), …
    """
    trace: dict[str, np.ndarray] = {}
    x = CachedGPT(gpt)._read(ids, trace)
    if gpt.config.norm == "pre":
        trace["final_norm"] = layer_norm(x, *gpt.weights["final_norm"])
    trace["next_word"] = gpt.next_word(x)
    return trace["next_word"], trace


_prepared_before: WeakKeyDictionary[NumpyGPT, tuple] = WeakKeyDictionary()  # for networks still in use


def _prepared(gpt: NumpyGPT) -> tuple[np.ndarray, list[tuple]]:
    """The positions, and the weights of each block as they are multiplied fastest with a single word.

    Query, key and value are one product instead of three. A product that makes its input narrower is up to twice as fast
    column by column.
    """

    def block(norm_1, attention, norm_2, feed_forward_1, feed_forward_2):
        *qkv, output, output_bias = attention  # (D, H, K), (H, K) three times, (H, K, D), (D,)
        weight = np.hstack([matrix.reshape(len(matrix), -1) for matrix in qkv[::2]])  # (D, 3 H K)
        query_key_value = weight, np.hstack([bias.ravel() for bias in qkv[1::2]])
        output = np.asfortranarray(output.reshape(-1, len(weight))), output_bias  # (H K, D)
        feed_forward_2 = np.asfortranarray(feed_forward_2[0]), feed_forward_2[1]
        return norm_1, query_key_value, output, norm_2, feed_forward_1, feed_forward_2

    if gpt not in _prepared_before:
        blocks = [block(**gpt.weights[f"decoder_block_{number}"]) for number in range(1, gpt.config.num_layers + 1)]
        _prepared_before[gpt] = sine_table(gpt.config.max_seq_length, gpt.config.embed_dim), blocks
    return _prepared_before[gpt]
