"""A complete GPT in plain NumPy: the network of model.py once more, with nothing hidden.

Shapes: T words, D numbers a word (embed_dim), H heads of K numbers (key_dim), F numbers inside the feed-forward (ff_dim),
V words in the vocabulary. After Jay Mody's picoGPT, https://github.com/jaymody/picoGPT.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from minigpt.config import GPTConfig
from minigpt.engine.inputs import check_ids
from minigpt.errors import SavedModelError
from minigpt.layers import sine_table
from minigpt.model import config_of


def softmax(x):  # (..., n) -> (..., n), each row sums to 1
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def gelu(x):  # (T, F) -> (T, F), x times the chance that a standard normal number is below x
    z = abs(x) / 2**0.5  # NumPy has no erf: Abramowitz and Stegun, formula 7.1.26, is right to 1.5e-7
    t = 1 / (1 + 0.3275911 * z)
    poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return 0.5 * x * (1 + np.sign(x) * (1 - poly * np.exp(-z * z)))


ACTIVATIONS = {"gelu": gelu, "relu": lambda x: np.maximum(x, 0)}


def layer_norm(x, gamma, beta):  # (T, D), (D,), (D,) -> (T, D)
    x = x - x.mean(axis=-1, keepdims=True)
    return gamma * x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + 1e-6) + beta


def linear(x, weight, bias):  # (T, in), (in, out), (out,) -> (T, out)
    return x @ weight + bias


def feed_forward(x, activation, layer_1, layer_2):  # (T, D) -> (T, F) -> (T, D)
    return linear(ACTIVATIONS[activation](linear(x, *layer_1)), *layer_2)


def split_heads(x, weight, bias):  # (T, D), (D, H, K), (H, K) -> (H, T, K)
    return (np.tensordot(x, weight, axes=1) + bias).transpose(1, 0, 2)


def attend(query, key, value, mask):  # (H, T, K), (H, T, K), (H, T, K), (T, T) -> (H, T, K)
    scores = query @ key.transpose(0, 2, 1) / key.shape[-1] ** 0.5  # (H, T, T)
    return softmax(np.where(mask, scores, -np.inf)) @ value


def self_attention(x, mask, q, q_bias, k, k_bias, v, v_bias, output, output_bias):  # (T, D) -> (T, D)
    mixed = attend(split_heads(x, q, q_bias), split_heads(x, k, k_bias), split_heads(x, v, v_bias), mask)
    return np.tensordot(mixed.transpose(1, 0, 2), output, axes=2) + output_bias  # (T, H, K), (H, K, D) -> (T, D)


def decoder_block(x, mask, config, norm_1, attention, norm_2, feed_forward_1, feed_forward_2):  # (T, D) -> (T, D)
    if config.norm == "pre":
        x = x + self_attention(layer_norm(x, *norm_1), mask, *attention)
        return x + feed_forward(layer_norm(x, *norm_2), config.activation, feed_forward_1, feed_forward_2)
    x = layer_norm(x + self_attention(x, mask, *attention), *norm_1)
    return layer_norm(x + feed_forward(x, config.activation, feed_forward_1, feed_forward_2), *norm_2)


@dataclass(eq=False)
class NumpyGPT:
    """The network as a function of word ids; `NumpyGPT.from_keras(model)` reads the weights of `build_gpt_model`."""

    config: GPTConfig
    weights: dict[str, Any]  # by the names of the Keras layers

    def __call__(self, ids):  # (T,) -> (T, V), at each position the probability of each next word
        ids, config = check_ids(ids, self.config), self.config
        scale = config.embed_dim**0.5 if config.scale_embedding else 1.0
        x = self.weights["token_embedding"][0][ids] * scale + sine_table(len(ids), config.embed_dim)  # (T, D)
        mask = np.tri(len(x), dtype=bool) if config.causal else True  # (T, T): no word sees those after it
        for number in range(1, config.num_layers + 1):
            x = decoder_block(x, mask, config, **self.weights[f"decoder_block_{number}"])
        return self.next_word(x)

    def next_word(self, x):  # (T, D) -> (T, V)
        x = layer_norm(x, *self.weights["final_norm"]) if self.config.norm == "pre" else x
        return softmax(linear(x, *self.weights["next_word"]))

    @classmethod
    def from_keras(cls, model) -> "NumpyGPT":
        if (config := config_of(model)) is None:
            raise SavedModelError("this model was not built by build_gpt_model, so its weights cannot be read by name")
        return cls(config, weights_by_name(model))


def weights_by_name(model):  # a decoder block is a model with layers of its own
    layers = [layer for layer in model.layers if layer.weights]
    return {x.name: weights_by_name(x) if hasattr(x, "layers") else x.get_weights() for x in layers}
