"""generate_text and stream_text: with our models, a learner's models and a learner's tokenizers."""

import warnings

import keras
import numpy as np
import pytest
import threadpoolctl
from helpers import TINY, WORDS, random_weights, tiny_model
from keras import layers

from minigpt import (
    GPTConfig,
    NumpyGPT,
    PositionalEncoding,
    SampleText,
    WordTokenizer,
    create_dataset,
    generate_text,
    stream_text,
    train_model,
)
from minigpt.engine.cached_gpt import CachedGPT
from minigpt.engine.next_word import context_start, fast_copy, next_word_function
from minigpt.errors import GenerationError, MinigptError
from minigpt.layers import sine_table

V = TINY["vocab_size"]


class LearnersTokenizer:
    """What a learner may hand in: encode and decode, and nothing else."""

    def __init__(self):
        self.known = ["<PAD>", "<OOV>", *WORDS.split()]
        self.ids = {word: number for number, word in enumerate(self.known)}

    def encode(self, text):
        return [self.ids.get(word, 1) for word in text.split()]

    def decode(self, ids):
        return " ".join(self.known[word_id] for word_id in ids if word_id)


class StrictTokenizer(LearnersTokenizer):
    """A learner's tokenizer that has no word for the padding, as the index_word of Keras."""

    def decode(self, ids):
        return " ".join({number: word for word, number in self.ids.items() if number}[word_id] for word_id in ids)


def model_that_loves(*loved, size=V, seen=None):
    """A plain function as a model: at each position the loved ids are likeliest, the first the most."""

    def model(ids):
        ids = np.asarray(ids)
        if seen is not None:
            seen.append(ids[0].tolist())
        out = np.full((*ids.shape, size), 0.01 / size)
        for rank, word_id in enumerate(loved, start=1):
            out[..., word_id] = 10.0**-rank
        return out / out.sum(-1, keepdims=True)

    return model


def counts_up(ids):
    """A plain function as a model: it says the word whose id is one more than the last word's."""
    ids = np.asarray(ids)
    return np.eye(V)[np.where(ids + 1 < V, ids + 1, 2)]


@pytest.mark.parametrize("prompt", ["Tavia Brankwell was born", "her first company", "At sixteen she won"])
def test_the_greedy_continuation_of_a_phrase_is_the_text(trained, tokenizer, sequence, prompt):
    said = generate_text(trained, tokenizer, prompt, max_new_tokens=20, temperature=0)
    words = tokenizer.encode(said)
    assert any(words == sequence[i : i + len(words)] for i in range(len(sequence))), said


def test_the_trained_model_knows_the_text(trained_run):
    assert trained_run[1].history["accuracy"][-1] > 0.95


def test_seeds(trained, tokenizer):
    def say(seed):
        return generate_text(trained, tokenizer, "she", 15, temperature=1.5, seed=seed)

    assert say(1) == say(1)
    assert len({say(seed) for seed in range(5)}) > 1
    assert len({say(None) for _ in range(5)}) > 1


def test_top_k_1_a_tiny_top_p_and_temperature_0_are_greedy(trained, tokenizer):
    greedy = generate_text(trained, tokenizer, "the school", 12, temperature=0)
    assert generate_text(trained, tokenizer, "the school", 12, temperature=2.0, top_k=1, seed=3) == greedy
    assert generate_text(trained, tokenizer, "the school", 12, temperature=2.0, top_p=1e-9, seed=3) == greedy


def test_top_k_1_is_greedy_from_the_first_word_on(trained, tokenizer):
    assert len({generate_text(trained, tokenizer, "", 3, top_k=1, seed=seed) for seed in range(8)}) == 1


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("temperature", [0, 1.0])
def test_the_fast_path_says_what_keras_says(small_tokenizer, causal, temperature):
    model = random_weights(tiny_model(causal=causal, num_layers=2), seed=2)

    def slow(ids):
        return model(ids, training=False)

    slow.max_seq_length = 12
    options = {"max_new_tokens": 30, "temperature": temperature, "seed": 5}
    fast = generate_text(model, small_tokenizer, "w1 w2 w3", **options)
    assert fast == generate_text(slow, small_tokenizer, "w1 w2 w3", **options)
    assert fast == generate_text(NumpyGPT.from_keras(model), small_tokenizer, "w1 w2 w3", **options)
    assert isinstance(next_word_function(model)([2, 3]), np.ndarray)


def test_far_past_the_window_it_neither_freezes_nor_repeats_the_prompt(trained, tokenizer):
    said = generate_text(trained, tokenizer, "who is tavia", 100, temperature=0.7, seed=0, include_prompt=False).split()
    assert len(said) == 100
    assert len(set(said[64:])) > 15, f"after two windows it says only {set(said[64:])}"
    assert " ".join(said[-40:]) not in " ".join(said[:-40])


def test_past_the_window_each_word_depends_on_what_was_just_said(small_tokenizer):
    seen = []
    model = model_that_loves(2, 3, 4, seen=seen)
    model.max_seq_length = 5
    said = generate_text(model, small_tokenizer, "w5 w6 w7", 40, seed=1, include_prompt=False)
    ids = small_tokenizer.encode("w5 w6 w7") + small_tokenizer.encode(said)
    assert [len(context) for context in seen] == [3, 4] + [5] * 38
    assert all(context == ids[: 3 + step][-5:] for step, context in enumerate(seen)), (
        "the window must end with the last word said"
    )
    assert generate_text(counts_up, small_tokenizer, "w0", 30, temperature=0).split()[:18] == WORDS.split()


def test_the_fast_path_slides_as_well(small_tokenizer):
    model = random_weights(tiny_model(), seed=3)
    said = generate_text(model, small_tokenizer, "w1", 40, temperature=0)
    ids = small_tokenizer.encode(said)
    for position in (5, 12, 13, 25, 40):
        out = keras.ops.convert_to_numpy(model(np.asarray([ids[:position][-12:]]), training=False))[0, -1]
        assert ids[position] == 2 + out[2:].argmax(), f"word {position}"


def test_the_window_slides_by_an_eighth_and_keeps_the_last_words():
    for window in (1, 5, 12, 16, 32, 100):
        step, before = max(1, window // 8), 0
        for length in range(1, 4 * window):
            start = context_start(length, window)
            assert length - window <= start < length
            assert start in (before, before + step), "the window slides by one step or not at all"
            assert length <= window or length - start > window - step
            before = start
    assert context_start(1000, 0) == 0


@pytest.mark.parametrize("causal", [True, False])
def test_far_past_a_large_window_every_way_reads_the_same_words(small_tokenizer, causal):
    model = random_weights(tiny_model(max_seq_length=32, causal=causal), seed=4)
    seen = []

    def slow(ids):
        seen.append(len(ids[0]))
        return model(ids, training=False)

    slow.max_seq_length = 32
    expected = generate_text(slow, small_tokenizer, "w1 w2 w3", 80, seed=5)
    assert seen[:31] == [*range(3, 33), 29] and set(seen[30:]) == {29, 30, 31, 32}
    assert generate_text(model, small_tokenizer, "w1 w2 w3", 80, seed=5) == expected
    assert generate_text(NumpyGPT.from_keras(model), small_tokenizer, "w1 w2 w3", 80, seed=5) == expected


@pytest.mark.parametrize("words", [20, 40, 57])
def test_to_stop_and_go_on_makes_no_difference(small_tokenizer, words):
    model = random_weights(tiny_model(max_seq_length=32), seed=4)
    whole = generate_text(model, small_tokenizer, "w1 w2 w3", 80, temperature=0)
    first = generate_text(model, small_tokenizer, "w1 w2 w3", words, temperature=0)
    assert generate_text(model, small_tokenizer, first, 80 - words, temperature=0) == whole


def test_past_the_window_most_words_are_read_from_the_cache(small_tokenizer, monkeypatch):
    read = []
    real = CachedGPT._read
    monkeypatch.setattr(CachedGPT, "_read", lambda self, ids, trace=None: (read.append(len(ids)), real(self, ids, trace))[1])
    generate_text(tiny_model(max_seq_length=32), small_tokenizer, "w1", 100, seed=0)
    assert read[:32] == [1] * 32
    assert read[32:] == [29, 1, 1, 1] * 17, "a word past the window costs at most 3 times one within it"


def test_two_streams_over_one_network_do_not_disturb_each_other(small_tokenizer):
    gpt = NumpyGPT.from_keras(random_weights(tiny_model(num_layers=2), seed=2))
    prompts = ("w1 w2 w3", "w9 w8 w7")
    expected = [generate_text(gpt, small_tokenizer, prompt, 30, seed=1, include_prompt=False) for prompt in prompts]
    streams = [stream_text(gpt, small_tokenizer, prompt, 30, seed=1) for prompt in prompts]
    together = list(zip(*streams, strict=True))
    assert ["".join(pieces).strip() for pieces in zip(*together, strict=True)] == expected


def test_a_model_changed_after_its_first_words_is_asked_again(small_tokenizer):
    from minigpt.beyond.lora import use_lora

    model = random_weights(tiny_model(), seed=3)
    generate_text(model, small_tokenizer, "w1", 3, seed=0)
    assert fast_copy(model) is not None
    use_lora(model, rank=2)
    random_weights(model, seed=7)
    expected = keras.ops.convert_to_numpy(model(np.asarray([[3, 4, 5]]), training=False))[0, -1]
    np.testing.assert_allclose(next_word_function(model)([3, 4, 5]), expected, atol=1e-5)


def test_a_stream_that_is_abandoned_leaves_the_threads_of_blas_alone(small_tokenizer):
    model = tiny_model()
    with threadpoolctl.threadpool_limits(2, "blas"):
        before = threadpoolctl.threadpool_info()
        stream = stream_text(model, small_tokenizer, "w1", 10, seed=0)
        next(stream)
        assert threadpoolctl.threadpool_info() == before, "between two words"
        del stream
        assert threadpoolctl.threadpool_info() == before


@pytest.mark.parametrize("length", [None, 12])
def test_a_keras_model_of_ones_own(small_tokenizer, length):
    keras.utils.set_random_seed(0)
    words = keras.Input((length,), dtype="int32")
    x = PositionalEncoding(12, 8)(layers.Embedding(V, 8)(words))
    model = keras.Model(words, layers.Dense(V, activation="softmax")(x))
    said = generate_text(model, small_tokenizer, "w1 w2", 30, temperature=0, include_prompt=False).split()
    assert len(said) == 30
    ids = small_tokenizer.encode("w1 w2 " + " ".join(said))
    for position in (2, 7, 12, 20):
        context = ids[:position][-12:]
        last = len(context) - 1
        padded = context + [0] * (12 - len(context)) if length else context
        out = keras.ops.convert_to_numpy(model(np.asarray([padded])))[0, last]
        assert ids[position] == 2 + out[2:].argmax(), f"word {position}"


class OwnPositions(layers.Layer):
    """A learner's layer; it keeps only its table, and its arguments for get_config."""

    def __init__(self, max_len, d_model, **kwargs):
        super().__init__(**kwargs)
        self.table = sine_table(max_len, d_model)
        self.arguments = {"max_len": max_len, "d_model": d_model}

    def call(self, x):
        return x + keras.ops.convert_to_tensor(self.table)[: keras.ops.shape(x)[1]]

    def get_config(self):
        return {**super().get_config(), **self.arguments}


@pytest.mark.parametrize("nested", [False, True])
def test_the_window_of_a_learners_model_is_found(small_tokenizer, nested):
    words = keras.Input((None,), dtype="int32")
    inner = keras.Model(words, OwnPositions(12, 8)(layers.Embedding(V, 8)(words)))
    ids = keras.Input((None,), dtype="int32")
    model = keras.Model(
        ids, layers.Dense(V, activation="softmax")(inner(ids) if nested else inner.layers[2](inner.layers[1](ids)))
    )
    assert len(generate_text(model, small_tokenizer, "w1", 30, seed=0).split()) == 31


def test_a_subclassed_model(small_tokenizer):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.words, self.next_word = layers.Embedding(V, 8), layers.Dense(V, activation="softmax")

        def call(self, ids):
            return self.next_word(self.words(ids))

    assert len(generate_text(Own(), small_tokenizer, "w1", 5, seed=0).split()) == 6


def test_a_plain_function_may_give_lists(small_tokenizer):
    assert generate_text(lambda ids: counts_up(ids).tolist(), small_tokenizer, "w3", 3, temperature=0) == "w3 w4 w5 w6"


@pytest.mark.parametrize("make", [LearnersTokenizer, StrictTokenizer])
@pytest.mark.parametrize("prompt", ["w1 w2", ""])
def test_a_learners_tokenizer(make, prompt):
    said = generate_text(model_that_loves(0, 1, 5), make(), prompt, 20, seed=0, include_prompt=False).split()
    assert len(said) == 20 and set(said) <= set(WORDS.split()), f"neither padding nor <OOV> is a word to say: {said}"


def test_a_learners_tokenizer_that_is_the_one_of_keras():
    from tensorflow.keras.preprocessing.text import Tokenizer

    class Own(Tokenizer):
        def encode(self, text):
            return self.texts_to_sequences([text])[0]

        def decode(self, ids):
            return self.sequences_to_texts([list(ids)])[0]

    tokenizer = Own(oov_token="<OOV>")
    tokenizer.fit_on_texts([WORDS])
    for prompt in ("w1", ""):
        said = generate_text(model_that_loves(1, 0, 5), tokenizer, prompt, 10, seed=0, include_prompt=False).split()
        assert len(said) == 10 and "<OOV>" not in said


@pytest.mark.parametrize("temperature", [0, 1.0])
def test_padding_oov_and_ids_without_a_word_are_never_said(small_tokenizer, temperature):
    model = model_that_loves(0, 1, 25, 29, 7, size=30)
    for prompt in ("w1", "", "zork"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            said = generate_text(model, small_tokenizer, prompt, 20, temperature, seed=0, include_prompt=False).split()
        assert len(said) == 20 and set(said) <= set(WORDS.split())
    big = random_weights(tiny_model(vocab_size=30))
    assert set(generate_text(big, small_tokenizer, "w1", 30, 2.0, seed=0).split()) <= set(WORDS.split())


def test_a_model_smaller_than_the_tokenizer_is_a_clear_error(small_tokenizer):
    small = keras.Sequential([keras.Input((None,)), layers.Embedding(10, 4), layers.Dense(10, activation="softmax")])
    for model in (tiny_model(vocab_size=10), small):
        with pytest.raises(MinigptError):
            generate_text(model, small_tokenizer, "w16 w17", 3)


def test_unknown_words_are_named_in_a_warning(small_tokenizer):
    seen = []
    with pytest.warns(UserWarning, match="'zork', 'blip'") as caught:
        said = generate_text(model_that_loves(5, seen=seen), small_tokenizer, "zork w1 blip zork", 1)
    assert seen[0] == [1, 3, 1, 1] and said.startswith("zork w1 blip zork w")
    assert caught[0].filename == __file__, "the warning should point to the learner's line"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        generate_text(model_that_loves(5), small_tokenizer, "w1 W2!", 1)


def test_an_empty_prompt(trained, tokenizer):
    for prompt in ("", "   ", "?!"):
        said = generate_text(trained, tokenizer, prompt, 10, seed=0)
        assert said.startswith(prompt) and len(tokenizer.encode(said)) == 10
    assert generate_text(trained, tokenizer, "", 0) == ""
    assert len({generate_text(trained, tokenizer, "", 1, seed=seed) for seed in range(20)}) > 5, "the first word is drawn"


def test_a_prompt_longer_than_the_window_keeps_its_end(trained, tokenizer, text):
    long, end = " ".join(text.split()[:300]), " ".join(text.split()[268:300])
    said = generate_text(trained, tokenizer, long, 10, temperature=0, include_prompt=False)
    assert said == generate_text(trained, tokenizer, end, 10, temperature=0, include_prompt=False)


def test_with_and_without_the_prompt(trained, tokenizer):
    whole = generate_text(trained, tokenizer, "Who is she", 8, temperature=0)
    new = generate_text(trained, tokenizer, "Who is she", 8, temperature=0, include_prompt=False)
    assert whole == f"Who is she {new}" and len(new.split()) == 8
    assert generate_text(trained, tokenizer, "who is ", 1, temperature=0).count("  ") == 0
    assert generate_text(trained, tokenizer, "who is", 0) == "who is"
    assert generate_text(trained, tokenizer, "who is", 0, include_prompt=False) == ""


@pytest.mark.parametrize("prompt", ["she", "", "she "])
def test_the_pieces_of_the_stream_join_to_the_text(trained, tokenizer, prompt):
    pieces = list(stream_text(trained, tokenizer, prompt, 12, 1.0, top_k=50, top_p=0.9, seed=4))
    assert len(pieces) == 12
    assert prompt + "".join(pieces) == generate_text(trained, tokenizer, prompt, 12, 1.0, top_k=50, top_p=0.9, seed=4)


def test_pieces_come_one_by_one(small_tokenizer):
    seen = []
    stream = stream_text(model_that_loves(5, seen=seen), small_tokenizer, "w1", 10)
    next(stream), next(stream)
    assert len(seen) == 2, "a stream must not run ahead of its reader"


def test_pieces_with_punctuation_read_as_sentences():
    tokenizer = WordTokenizer(keep_punctuation=True).fit('She said: "Yes, I do." He left!')
    sequence = tokenizer.encode('She said: "Yes, I do." He left!')

    def recites(ids):
        return np.eye(tokenizer.vocab_size)[[sequence[1 : 1 + len(ids[0])]]]

    assert generate_text(recites, tokenizer, "She", len(sequence) - 1, 0) == 'She said: "Yes, I do." He left!'


@pytest.mark.parametrize(
    "setting",
    [
        {"temperature": -1},
        {"temperature": None},
        {"top_k": 0},
        {"top_k": -1},
        {"top_p": 0},
        {"top_p": 1.5},
        {"max_new_tokens": -1},
        {"max_new_tokens": 2.5},
        {"seed": -1},
        {"seed": "x"},
    ],
    ids=str,
)
def test_a_bad_setting_is_named_before_anything_is_predicted(small_tokenizer, setting):
    for function in (generate_text, stream_text):
        with pytest.raises(GenerationError, match=f"{next(iter(setting))}="):
            function(model_that_loves(5), small_tokenizer, "w1", **setting)


def says_in_one_line(message, *arguments, **options):
    for function in (generate_text, stream_text):
        with pytest.raises(GenerationError, match=message) as error:
            list(function(*arguments, **options))
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("prompt", [None, b"w1", 3, [2, 3], ["w1"], np.array([2])], ids=repr)
def test_a_prompt_that_is_no_text_is_named(small_tokenizer, prompt):
    says_in_one_line(f"the prompt is of type {type(prompt).__name__}: give a text", counts_up, small_tokenizer, prompt)


@pytest.mark.parametrize("tokenizer", [None, "w1", {"w1": 2}, tiny_model, object()], ids=lambda given: type(given).__name__)
def test_a_tokenizer_that_is_none_is_named(tokenizer):
    says_in_one_line(r"has no method (en|de)code.*give a fitted WordTokenizer", counts_up, tokenizer, "w1")


@pytest.mark.parametrize("encoded", [None, ["w1"], [[2, 3]], 5], ids=repr)
def test_a_tokenizer_that_encodes_to_something_else_is_named(encoded):
    class Wrong(LearnersTokenizer):
        def encode(self, text):
            return encoded

    says_in_one_line(r"must return a list of ids", counts_up, Wrong(), "w1")


@pytest.mark.parametrize("make", [np.array, lambda ids: np.array(ids, "float32"), tuple, keras.ops.convert_to_tensor])
def test_a_tokenizer_may_encode_to_any_row_of_numbers(make):
    class Own(LearnersTokenizer):
        def encode(self, text):
            return make(super().encode(text))

    assert generate_text(counts_up, Own(), "w3", 3, temperature=0) == "w3 w4 w5 w6"


@pytest.mark.parametrize("temperature", [0, 1.0])
@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        (np.linspace(-3, 8, V), r"go from -3 to 8 and sum to 50, but probabilities .* activation=.softmax."),
        (np.full(V, 0.5), r"sum to 10,"),  # sigmoid
        (np.zeros(V), r"sum to 0,"),
        (np.full(V, np.nan), r"predicts NaN.* smaller learning_rate"),
        (np.full(V, np.inf), r"sum to inf,"),
        (np.eye(V)[1], r"every word of the vocabulary the probability 0"),  # everything on <OOV>
    ],
)
def test_a_model_that_predicts_no_probabilities_is_named(small_tokenizer, outputs, message, temperature):
    def model(ids):
        return np.tile(outputs, (1, len(ids[0]), 1))

    says_in_one_line(message, model, small_tokenizer, "w1", 3, temperature)


def test_a_model_in_half_precision_is_accepted(small_tokenizer):
    p = np.random.default_rng(0).dirichlet(np.ones(V)).astype("float16")
    assert len(generate_text(lambda ids: np.tile(p, (1, len(ids[0]), 1)), small_tokenizer, "w1", 3).split()) == 4


@pytest.mark.parametrize("model", [None, "model.h5", 7])
def test_a_model_that_is_none_is_named(small_tokenizer, model):
    says_in_one_line(r"is no model: give a keras.Model", model, small_tokenizer, "w1")


@pytest.mark.parametrize("shape", [(1, V), (V,), (1, 1, V), (2, 2, V)])
def test_a_model_that_returns_another_shape_is_named(small_tokenizer, shape):
    model = lambda ids: np.full(shape, 1 / V)  # noqa: E731
    says_in_one_line(r"shape \(1, 2\) the model returns the shape .*must return probabilities", model, small_tokenizer, "w1 w2")


def test_a_text_of_one_repeated_word():
    tokenizer = WordTokenizer().fit("word " * 50)
    model = tiny_model(vocab_size=tokenizer.vocab_size)
    history = train_model(model, *create_dataset(tokenizer.encode("word " * 50), 12), epochs=1)
    assert np.isfinite(history.history["loss"][0])
    assert generate_text(model, tokenizer, "word", 5, seed=0) == "word word word word word word"


def named_like_ours(
    norm=lambda name: layers.LayerNormalization(epsilon=1e-6, name=name), window=None, more_layers=False, twice=False
):
    """A model with the layer names of ours, wired in some other way."""
    width = 16
    ids = keras.Input((None,), dtype="int32", name="word_ids")
    x = layers.Embedding(V, width, name="token_embedding")(ids)
    x = PositionalEncoding(12, width, True, name="positional_encoding")(x)
    words = keras.Input((None, width))
    n = norm("norm_1")(words)
    attention = layers.MultiHeadAttention(2, 8, name="attention")
    if window:  # each word sees the last few only
        order = np.arange(12)
        mask = (order[:, None] - order) < window
        cut = layers.Lambda(
            lambda t: keras.ops.convert_to_tensor(mask)[None, : keras.ops.shape(t)[1], : keras.ops.shape(t)[1]]
        )(n)
        a = attention(n, n, attention_mask=cut, use_causal_mask=True)
    else:
        a = attention(n, n, use_causal_mask=True)
    a = layers.Dropout(0.0, name="dropout_1")(a)
    r = layers.Add(name="residual_1")([words, a])
    f = layers.Dense(32, activation="gelu", name="feed_forward_1")(norm("norm_2")(r))
    if more_layers:
        f = layers.Dense(24, name="between")(f)
    f = layers.Dense(width, name="feed_forward_2")(f)
    r2 = layers.Add(name="residual_2")([r, r, f] if twice else [r, f])
    x = keras.Model(words, r2, name="decoder_block_1")(x)
    x = layers.LayerNormalization(epsilon=1e-6, name="final_norm")(x)
    model = keras.Model(ids, layers.Dense(V, activation="softmax", name="next_word")(x))
    model.gpt_config = GPTConfig(**TINY)  # and it even claims to be ours
    return model


@pytest.mark.parametrize(
    "wiring",
    [
        {"twice": True},
        {"more_layers": True},
        {"norm": lambda name: layers.BatchNormalization(name=name)},
        {"norm": lambda name: layers.UnitNormalization(name=name)},
        {"window": 6},
    ],
    ids=["other sums", "one more layer", "batch norm", "unit norm", "local attention"],
)
def test_a_model_with_our_names_but_other_wiring_is_called_itself(small_tokenizer, wiring):
    model = random_weights(named_like_ours(**wiring), seed=1)
    assert fast_copy(model) is None
    ids = [3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    expected = keras.ops.convert_to_numpy(model(np.asarray([ids]), training=False))[0, -1]
    np.testing.assert_allclose(next_word_function(model)(ids), expected, atol=1e-5)
    assert len(generate_text(model, small_tokenizer, "w1", 20, seed=0).split()) == 21


def test_hear_it_learn_to_speak(small_tokenizer, small_windows):
    heard = []
    sample = SampleText(small_tokenizer, "w1 w2", max_new_tokens=4, every=2, say=heard.append)
    train_model(tiny_model(), *small_windows, epochs=4, callbacks=[sample], progress=False)
    assert [line.strip()[:13] for line in heard] == ["after epoch 2", "after epoch 4"]
    assert all("w1 w2" in line and len(line.split("says: ")[1].split()) == 6 for line in heard)
