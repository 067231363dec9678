"""A complete GPT in plain NumPy: the trained network of `model.py` once more, with nothing hidden.

It reads the weights of a Keras model and computes the same probabilities, word by word and fast, because it keeps the keys and
values of the words it has read (a key/value cache). Shapes: T words, D numbers a word, H heads of K numbers, V words in
the vocabulary. After Jay Mody's picoGPT, https://github.com/jaymody/picoGPT.
"""

import math
from dataclasses import dataclass

import keras
import numpy as np

from minigpt.config import GPTConfig
from minigpt.errors import GenerationError, SavedModelError
from minigpt.layers import sine_table
from minigpt.model import config_of


def softmax(x: np.ndarray) -> np.ndarray:  # (..., n) -> (..., n), each row sums to 1
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0)


def gelu(x: np.ndarray) -> np.ndarray:
    """x times the chance that a standard normal number is below x (Hendrycks and Gimpel, 2016)."""
    # NumPy has no erf; Abramowitz and Stegun, formula 7.1.26, is right to 1.5e-7.
    z = np.abs(x) / math.sqrt(2)
    t = 1 / (1 + 0.3275911 * z)
    poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    erf = np.sign(x) * (1 - poly * np.exp(-z * z))
    return 0.5 * x * (1 + erf)


ACTIVATIONS = {"gelu": gelu, "relu": relu}


@dataclass
class Linear:
    weight: np.ndarray  # (in, out)
    bias: np.ndarray  # (out,)

    def __call__(self, x: np.ndarray) -> np.ndarray:  # (T, in) -> (T, out)
        return x @ self.weight + self.bias


@dataclass
class LayerNorm:
    gamma: np.ndarray  # (D,)
    beta: np.ndarray  # (D,)
    epsilon: float

    def __call__(self, x: np.ndarray) -> np.ndarray:  # (T, D) -> (T, D), each row with mean beta and spread gamma
        x = x - x.mean(axis=-1, keepdims=True)
        return self.gamma * x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + self.epsilon) + self.beta


@dataclass
class Block:
    """One decoder block: `transformer_block` of model.py."""

    config: GPTConfig
    norm_1: LayerNorm
    query_key_value: Linear  # (D, 3 H K): the three projections side by side, one product instead of three
    output: Linear  # (H K, D)
    norm_2: LayerNorm
    feed_forward_1: Linear  # (D, ff_dim)
    feed_forward_2: Linear  # (ff_dim, D)

    def __call__(self, x, cache, seen, record):  # (T, D) -> (T, D)
        pre = self.config.norm == "pre"
        attended = self.attention(record("norm_1", self.norm_1(x)) if pre else x, cache, seen, record)
        x = record("residual_1", x + attended)
        if not pre:
            x = record("norm_1", self.norm_1(x))
        x2 = record("residual_2", x + self.feed_forward(record("norm_2", self.norm_2(x)) if pre else x, record))
        return x2 if pre else record("norm_2", self.norm_2(x2))

    def attention(self, x, cache, seen, record):  # (T, D) -> (T, D)
        heads, size = self.config.num_heads, self.config.key_dim
        qkv = self.query_key_value(x).reshape(len(x), 3, heads, size).transpose(1, 2, 0, 3)  # (3, H, T, K)
        cache[:, :, seen : seen + len(x)] = qkv[1:]
        query, (key, value) = qkv[0], cache[:, :, : seen + len(x)]  # (H, T, K), (H, S, K): S words, seen before and new

        scores = query @ key.transpose(0, 2, 1) / math.sqrt(size)  # (H, T, S)
        if self.config.causal and len(x) > 1:
            position = seen + np.arange(len(x))[:, None]
            scores = np.where(np.arange(key.shape[1]) <= position, scores, -np.inf)  # the mask: nothing from the future
        weights = record("attention_weights", softmax(scores))
        mixed = (weights @ value).transpose(1, 0, 2).reshape(len(x), heads * size)  # (T, H K)
        return record("attention", self.output(mixed))

    def feed_forward(self, x, record):  # (T, D) -> (T, ff_dim) -> (T, D)
        hidden = record("feed_forward_1", ACTIVATIONS[self.config.activation](self.feed_forward_1(x)))
        return record("feed_forward_2", self.feed_forward_2(hidden))


class NumpyGPT:
    """The network as a function of ids, with a memory of the words it has read.

    Make one from a Keras model with `NumpyGPT.from_keras(model)`.

    Example:
        >>> from minigpt.model import build_gpt_model
        >>> gpt = NumpyGPT.from_keras(build_gpt_model(GPTConfig.quick(vocab_size=50)))
        >>> gpt([3, 1, 4]).shape
        (3, 50)
    """

    def __init__(
        self, config: GPTConfig, embedding: np.ndarray, blocks: list[Block], final_norm: LayerNorm | None, next_word: Linear
    ) -> None:
        self.config, self.embedding, self.blocks = config, embedding, blocks
        self.final_norm, self.next_word = final_norm, next_word
        self.positions = sine_table(config.max_seq_length, config.embed_dim)  # (max_seq_length, D)
        self.forget()

    def forget(self) -> None:
        """Empty the cache: the next call starts a new sequence."""
        c = self.config
        self.seen = 0
        self.caches = [np.empty((2, c.num_heads, c.max_seq_length, c.key_dim), "float32") for _ in self.blocks]

    def __call__(self, ids, trace: dict[str, np.ndarray] | None = None) -> np.ndarray:  # (T,) -> (T, V)
        """Read a whole sequence.

        Args:
            ids: T word ids, at most `config.max_seq_length`.
            trace: a dict that is filled with every activation under its name in the Keras model, such as
                "decoder_block_1/attention" (T, D) or "decoder_block_1/attention_weights" (H, T, T).

        Returns:
            (T, V): at each position, the probability of each next word.
        """
        self.seen = 0
        return self.read(ids, trace)

    def read(self, ids, trace: dict[str, np.ndarray] | None = None) -> np.ndarray:  # (T,) -> (T, V)
        """Read on after the words that were read before, which cost nothing again: the same as reading all from the start.

        Only a causal network can: where words see the future, each new word changes all that came before it.
        """
        ids = np.asarray(ids)
        if not ids.size:
            raise GenerationError("there is no id to read: give at least one")
        if ids.min() < 0 or ids.max() >= self.config.vocab_size:
            wrong = ids.min() if ids.min() < 0 else ids.max()
            raise GenerationError(
                f"the id {wrong} is outside the vocabulary of the model, which is 0 to {self.config.vocab_size - 1}: "
                "use the tokenizer that the model was trained with"
            )
        if self.seen + len(ids) > self.config.max_seq_length:
            raise GenerationError(
                f"{self.seen + len(ids)} words do not fit max_seq_length={self.config.max_seq_length}: give fewer"
            )
        if self.seen and not self.config.causal:
            raise GenerationError("a network without a causal mask cannot read on: give it the whole sequence")

        def record(name, activation):
            if trace is not None:
                trace[name] = activation
            return activation

        scale = math.sqrt(self.config.embed_dim) if self.config.scale_embedding else 1.0
        x = record("token_embedding", self.embedding[ids])  # (T, D)
        x = record("positional_encoding", x * np.float32(scale) + self.positions[self.seen : self.seen + len(ids)])
        for number, (block, cache) in enumerate(zip(self.blocks, self.caches, strict=True), start=1):
            x = block(x, cache, self.seen, lambda name, value, n=number: record(f"decoder_block_{n}/{name}", value))
        self.seen += len(ids)
        if self.final_norm:
            x = record("final_norm", self.final_norm(x))
        return record("next_word", softmax(self.next_word(x)))

    def say(self, x: np.ndarray) -> np.ndarray:  # (T, D) -> (T, V)
        """The words that the network would say next if it stopped here, after some block."""
        return softmax(self.next_word(self.final_norm(x) if self.final_norm else x))

    @classmethod
    def from_keras(cls, model: keras.Model) -> "NumpyGPT":
        """Read the weights of a model that `build_gpt_model` has built.

        Raises:
            SavedModelError: it is some other model.
        """
        config = config_of(model)
        if config is None:
            raise SavedModelError("this model was not built by build_gpt_model, so its weights cannot be read by name")

        def norm(layer) -> LayerNorm:
            gamma, beta = layer.get_weights()
            return LayerNorm(gamma, beta, layer.epsilon)

        def block(layers) -> Block:
            q, q_bias, k, k_bias, v, v_bias, out, out_bias = layers.get_layer("attention").get_weights()
            weight = np.concatenate([w.reshape(config.embed_dim, -1) for w in (q, k, v)], axis=1)  # (D, 3 H K)
            bias = np.concatenate([b.ravel() for b in (q_bias, k_bias, v_bias)])
            return Block(
                config,
                norm(layers.get_layer("norm_1")),
                Linear(weight, bias),
                Linear(out.reshape(-1, config.embed_dim), out_bias),
                norm(layers.get_layer("norm_2")),
                Linear(*layers.get_layer("feed_forward_1").get_weights()),
                Linear(*layers.get_layer("feed_forward_2").get_weights()),
            )

        return cls(
            config,
            model.get_layer("token_embedding").get_weights()[0],
            [block(model.get_layer(f"decoder_block_{number}")) for number in range(1, config.num_layers + 1)],
            norm(model.get_layer("final_norm")) if config.norm == "pre" else None,
            Linear(*model.get_layer("next_word").get_weights()),
        )
