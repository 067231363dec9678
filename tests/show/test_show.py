"""The pictures: each says what it shows, reads well, and shows once in a notebook."""

import itertools
from fractions import Fraction

import keras
import matplotlib
import numpy as np
import pytest
from matplotlib.text import Text

from minigpt import GPTConfig, NumpyGPT, WordTokenizer, build_gpt_model, create_dataset, data_path, read_text, show
from minigpt.baseline import Baselines, baselines
from minigpt.engine.cached_gpt import CachedGPT, trace_activations
from minigpt.errors import GenerationError, MinigptError, ShowError

STORY = read_text(data_path())
TOKENIZER = WordTokenizer().fit(STORY)
IDS = TOKENIZER.encode(STORY)
PHRASE = "tavia brankwell was born in the small town of"
LEVELS = baselines(IDS, TOKENIZER.vocab_size)
SIXTY = " ".join(STORY.split()[:60])


def tiny_model(**changes) -> keras.Model:
    sizes = {"max_seq_length": 24, "embed_dim": 16, "num_heads": 4, "ff_dim": 32, "num_layers": 2, **changes}
    return build_gpt_model(GPTConfig(TOKENIZER.vocab_size, **sizes))


@pytest.fixture(scope="module")
def model() -> keras.Model:
    keras.utils.set_random_seed(0)
    return tiny_model()


def one_run(epochs: int = 6) -> dict[str, list[float]]:
    losses = [5.0 / epoch for epoch in range(1, epochs + 1)]
    rates = [1 - 1 / (epoch + 1) for epoch in range(1, epochs + 1)]
    return {"loss": losses, "accuracy": rates, "val_loss": [7.0 + x for x in rates], "val_accuracy": [x / 5 for x in rates]}


def learners_model(ids: np.ndarray) -> np.ndarray:  # (1, T) -> (1, T, V); "story" always says the ids 2, 3, 4 with 60, 30, 10 %
    probabilities = np.zeros((*ids.shape, TOKENIZER.vocab_size))
    probabilities[..., 2:5] = 0.6, 0.3, 0.1
    return probabilities


PICTURES = {
    "frequencies": lambda model: show.plot_word_frequencies(TOKENIZER),
    "frequencies of 40": lambda model: show.plot_word_frequencies(TOKENIZER, top=40),
    "windows": lambda model: show.plot_windows(*create_dataset(IDS, 32), TOKENIZER),
    "windows of ids": lambda model: show.plot_windows(*create_dataset(range(10), 4), rows=2),
    "positions": lambda model: show.plot_positional_encoding(),
    "positions of my own": lambda model: show.plot_positional_encoding(np.eye(5)[None]),
    "mask": lambda model: show.plot_causal_mask(PHRASE),
    "mask of 100": lambda model: show.plot_causal_mask(100),
    "attention": lambda model: show.plot_attention(model, TOKENIZER, PHRASE, layer=2, head=4),
    "attention of one word": lambda model: show.plot_attention(model, TOKENIZER, "tavia"),
    "attention of a long text": lambda model: show.plot_attention(model, TOKENIZER, SIXTY),
    "all heads": lambda model: show.plot_attention(model, TOKENIZER, PHRASE, head=None),
    "all heads on a long text": lambda model: show.plot_attention(model, TOKENIZER, SIXTY, head=None),
    "training": lambda model: show.plot_training(one_run(), LEVELS),
    "training of an epoch": lambda model: show.plot_training({"loss": [4.0]}),
    "levels near each other": lambda model: show.plot_training(one_run(), Baselines(2.0, 1.95, 1.9)),
    "runs": lambda model: show.plot_training({"lecture": one_run(3), "quick": one_run(9), "mine": {"loss": [3, 2]}}, LEVELS),
    "next words": lambda model: show.plot_next_words(model, TOKENIZER, PHRASE),
    "next words, odd numbers": lambda model: show.plot_next_words(
        model, TOKENIZER, PHRASE, temperature=Fraction(1, 2), top_k=np.int8(3), top_p=Fraction(1, 3)
    ),
    "next words, filtered": lambda model: show.plot_next_words(model, TOKENIZER, SIXTY, temperature=0.5, top_k=8, top_p=0.3),
    "map": lambda model: show.plot_word_map(model, TOKENIZER),
    "map of 300": lambda model: show.plot_word_map(model, TOKENIZER, 300),
    "parameters": lambda model: show.plot_parameters(GPTConfig.quick(385)),
    "parameters of the lecture": lambda model: show.plot_parameters(GPTConfig.lecture()),
    "parameters by layers": lambda model: show.plot_parameters_by_layers(GPTConfig.lecture()),
}


def drawn_texts(figure, monkeypatch) -> list[Text]:
    """Every text that appears when the figure is drawn (a tick outside the picture has a text too, but is not drawn)."""
    texts: list[Text] = []
    draw = Text.draw

    def record(text, renderer, *rest, **options):
        if text.get_visible() and text.get_text():
            texts.append(text)
        return draw(text, renderer, *rest, **options)

    monkeypatch.setattr(Text, "draw", record)
    figure._repr_png_()
    return list(dict.fromkeys(texts))


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_reads_well(name, model, monkeypatch):
    figure = PICTURES[name](model)
    assert isinstance(figure, matplotlib.figure.Figure)
    assert figure.get_figwidth() == 8, "a notebook is about 8 inches wide"
    texts = drawn_texts(figure, monkeypatch)
    assert min(text.get_fontsize() for text in texts) >= 9
    boxes = [(text.get_text(), Text.get_window_extent(text)) for text in texts]  # of the words, without leader lines
    width, height = figure.canvas.get_width_height()
    for text, box in boxes:
        inside = box.x0 > -1 and box.y0 > -1 and box.x1 < width + 1 and box.y1 < height + 1
        assert inside, f"{text!r} is cut off at the edge"
    for (text, a), (other, b) in itertools.combinations(boxes, 2):
        across, up = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        assert across <= 1 or up <= 1, f"{text!r} overlaps {other!r}"
    titles = [axes.get_title() for axes in figure.axes] + [figure.get_suptitle()]
    assert any(titles), "no title says what one sees"
    labelled_together = bool(figure.get_supxlabel() and figure.get_supylabel())
    for axes in figure.axes:
        if axes.axison and not labelled_together and axes.get_label() != "<colorbar>":
            assert axes.get_xlabel(), "the x-axis has no label"
            assert axes.get_ylabel() or axes.get_yticklabels()[0].get_text(), "the y-axis has neither label nor names"


def test_no_picture_is_known_to_pyplot(model):
    import matplotlib.pyplot as plt

    for name in ("frequencies", "mask", "training"):
        PICTURES[name](model)._repr_png_()
    assert plt.get_fignums() == [], "pyplot would show it a second time"


def test_the_style_of_the_notebook_is_left_alone():
    before = dict(matplotlib.rcParams)
    show.plot_causal_mask(3)
    assert dict(matplotlib.rcParams) == before


def test_frequencies_name_the_most_frequent_words_and_their_counts():
    bars, ranking = show.plot_word_frequencies(WordTokenizer().fit("a b a c a b $1 $2"), top=2).axes
    assert [label.get_text() for label in bars.get_yticklabels()] == ["a", "b"]
    assert [bar.get_width() for bar in bars.patches] == [3, 2]
    assert ranking.get_xscale() == ranking.get_yscale() == "log"
    assert ranking.lines[1].get_ydata().tolist() == [3, 2, 1, 1, 1]


@pytest.mark.filterwarnings("ignore:Glyph")  # matplotlib names the signs that no font on this computer has
def test_words_of_any_script_and_dollar_signs_can_be_drawn():
    tokenizer = WordTokenizer(keep_punctuation=True).fit("दो शब्द costs $ 5 \\frac $ _ ^ 你好 🙂")
    figure = show.plot_word_frequencies(tokenizer)
    assert figure._repr_png_().startswith(b"\x89PNG")
    assert "$" in [label.get_text() for label in figure.axes[0].get_yticklabels()]


def test_windows_put_x_over_y_one_word_later():
    figure = show.plot_windows(*create_dataset(TOKENIZER.encode("her first company made lamps"), 3), TOKENIZER, rows=1)
    words = [text.get_text() for text in figure.axes[0].texts if not text.get_text().startswith(("x[", "y["))]
    assert words == ["her", "first", "company", "first", "company", "made"]
    places = [text.get_position() for text in figure.axes[0].texts if text.get_text() == "first"]
    assert places[0][0] == places[1][0] + 1, "y shows 'first' one column before x"


def test_positions_are_the_table_of_the_layer_or_my_own():
    from minigpt.layers import sine_table

    drawn = show.plot_positional_encoding(20, 8).axes[0].images[0].get_array()
    np.testing.assert_array_equal(drawn, sine_table(20, 8))
    drawn = show.plot_positional_encoding(np.ones((1, 4, 6))).axes[0].images[0].get_array()
    assert drawn.shape == (4, 6)


def test_the_mask_hides_the_future_and_nothing_else():
    drawn = show.plot_causal_mask("who is tavia").axes[0].images[0].get_array()
    np.testing.assert_array_equal(drawn, [[1, 0, 0], [1, 1, 0], [1, 1, 1]])


def test_attention_shows_the_weights_of_the_layer_and_head_asked_for(model):
    figure = show.plot_attention(model, TOKENIZER, PHRASE, layer=2, head=3)
    _, inside = trace_activations(NumpyGPT.from_keras(model), TOKENIZER.encode(PHRASE))
    shown = figure.axes[0].images[0].get_array()
    np.testing.assert_allclose(shown, 100 * inside["decoder_block_2/attention_weights"][2])
    np.testing.assert_allclose(shown.sum(axis=1), 100, rtol=1e-5)
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == PHRASE.split()
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == PHRASE.split()
    assert "decoder_block_2, head 3" in figure.axes[0].get_title()


def test_attention_reads_the_end_of_a_text_longer_than_the_window(model):
    figure = show.plot_attention(model, TOKENIZER, SIXTY)
    assert figure.axes[0].images[0].get_array().shape == (24, 24)
    assert figure.axes[0].get_yticklabels()[-1].get_text() == TOKENIZER.tokenize(SIXTY)[-1]


def test_training_accepts_a_history_its_dict_and_several_by_name():
    history = keras.callbacks.History()
    history.history = one_run()
    for given in (history, one_run()):
        lines = show.plot_training(given).axes[0].lines
        assert [line.get_label() for line in lines] == ["training", "validation"]
        assert lines[0].get_xdata().tolist() == [1, 2, 3, 4, 5, 6]
    lines = show.plot_training({"a": history, "b": {"loss": [1.0]}}).axes[0].lines
    assert [line.get_label() for line in lines] == ["a, training", "a, validation", "b, training"]
    looks = [(line.get_linestyle(), line.get_marker()) for line in lines]
    assert len(set(looks)) == len(looks), "without colour the lines must differ too"


def test_training_draws_the_three_baselines_at_their_losses():
    axes = show.plot_training(one_run(), LEVELS).axes[0]
    levels = sorted(line.get_ydata()[0] for line in axes.lines if line.get_linestyle() == ":")
    assert levels == sorted(LEVELS)
    texts = " ".join(text.get_text() for text in axes.texts)
    for name, loss in LEVELS._asdict().items():
        assert f"{name} {loss:.2f}" in texts


def bars_by_word(axes) -> dict[str, tuple[float, bool]]:
    """The width of the bar of each word, and whether it is pale."""
    names = [label.get_text() for label in axes.get_yticklabels()]
    bars = sorted(axes.patches, key=lambda bar: bar.get_y())
    return {name: (bar.get_width(), bool(bar.get_hatch())) for name, bar in zip(names, bars, strict=True)}


def test_next_words_shows_what_is_drawn_and_what_is_ruled_out():
    first, second, third = TOKENIZER.words[2:5]
    shown = bars_by_word(show.plot_next_words(learners_model, TOKENIZER, "tavia", top_k=2).axes[0])
    assert shown[first] == (pytest.approx(100 * 6 / 9), False)
    assert shown[second] == (pytest.approx(100 * 3 / 9), False)
    assert shown[third] == (pytest.approx(10), True)
    shown = bars_by_word(show.plot_next_words(learners_model, TOKENIZER, "tavia", temperature=0).axes[0])
    assert [pale for _, pale in shown.values()] == [False, True, True]
    assert len(bars_by_word(show.plot_next_words(learners_model, TOKENIZER, "tavia", top=2).axes[0])) == 2


def test_next_words_agree_with_the_model(model):
    shown = bars_by_word(show.plot_next_words(model, TOKENIZER, PHRASE, top=3).axes[0])
    p = np.asarray(model(np.array([TOKENIZER.encode(PHRASE)])))[0, -1].astype("float64")
    p[[0, 1]] = 0  # padding and <OOV> are never said
    for place, (width, _) in zip(np.argsort(-p), shown.values(), strict=False):
        assert width == pytest.approx(100 * p[place] / p.sum(), rel=1e-3)


def test_without_a_prompt_the_first_word_is_as_likely_as_it_is_frequent():
    shown = bars_by_word(show.plot_next_words(learners_model, TOKENIZER, "", top=2).axes[0])
    assert [width for width, _ in shown.values()] == [
        pytest.approx(100 * count / 860) for count in sorted(TOKENIZER.word_counts.values())[:-3:-1]
    ]


def test_unknown_words_are_named():
    with pytest.warns(UserWarning, match="'zebra'"):
        show.plot_next_words(learners_model, TOKENIZER, "tavia zebra")


def test_the_map_shows_the_words_asked_for(model):
    figure = show.plot_word_map(model, TOKENIZER, ["tavia", "harbor", "school", "tavia"])
    assert {text.get_text() for text in figure.axes[0].texts} == {"tavia", "harbor", "school"}


def test_two_principal_components_keep_the_distances_of_points_in_a_plane():
    rng = np.random.default_rng(0)
    plane = rng.normal(size=(10, 2))
    turned = plane @ np.linalg.qr(rng.normal(size=(5, 2)))[0].T + 7  # the plane, lying anywhere in five dimensions
    from minigpt.show.word_map import principal_components

    points, shares = principal_components(turned)
    assert shares.sum() == pytest.approx(1)
    distances = [np.linalg.norm(p[:, None] - p[None], axis=-1) for p in (plane, points)]
    np.testing.assert_allclose(*distances, atol=1e-9)


def parameters_of(model: keras.Model) -> dict[str, int]:
    """Count what Keras built, under the names of `count_parameters`."""
    counts = dict.fromkeys(("token_embedding", "positional_encoding", "attention", "feed_forward", "norms", "next_word"), 0)
    for layer in model.layers:
        if layer.name.startswith("decoder_block_"):
            for inner in layer.layers:
                part = {"a": "attention", "f": "feed_forward", "n": "norms"}.get(inner.name[0])  # the others have none
                if part:
                    counts[part] += inner.count_params()
        elif layer.name == "final_norm":
            counts["norms"] += layer.count_params()
        elif layer.name in counts:
            counts[layer.name] += layer.count_params()
    assert sum(counts.values()) == model.count_params()
    return counts


@pytest.mark.parametrize("changes", [{}, {"norm": "post"}, {"key_dim": 7, "num_layers": 3}])
def test_the_formulas_count_what_keras_builds(changes):
    config = GPTConfig(50, **{"max_seq_length": 8, "embed_dim": 16, "num_heads": 4, "ff_dim": 24, **changes})
    assert show.count_parameters(config) == parameters_of(build_gpt_model(config))


def test_the_parameters_of_the_class():
    lecture = GPTConfig.lecture()
    assert sum(show.count_parameters(lecture).values()) == 13_085_576
    assert "13,085,576 parameters (49.9 MB" in show.plot_parameters(lecture).axes[0].get_title()
    axes = show.plot_parameters_by_layers(lecture).axes[0]
    tops = [max(bar.get_y() + bar.get_height() for bar in axes.patches if bar.get_x() < x < bar.get_x() + 1) for x in range(5)]
    assert tops[0] == 13_085_576
    assert tops[-1] == 255_058_824
    assert lecture.num_layers == 4, "the config given must be left as it was"


def test_mistakes_are_named(model):
    attention = show.plot_attention
    cases = [
        (lambda: attention(model, TOKENIZER, PHRASE, layer=3), "layer=3: this model has the layers 1 to 2"),
        (lambda: attention(model, TOKENIZER, PHRASE, head=0), "head=0: this model has the heads 1 to 4"),
        (lambda: attention(learners_model, TOKENIZER, PHRASE), "give a model of minigpt.build_gpt_model"),
        (lambda: show.trace(learners_model, TOKENIZER, PHRASE), "give a model of minigpt.build_gpt_model"),
        (lambda: show.trace(model, TOKENIZER, " "), "has no words"),
        (lambda: show.plot_next_words(lambda ids: np.full((*ids.shape, 9), np.nan), TOKENIZER, "tavia"), "predicts NaN"),
        (lambda: show.plot_next_words(model, TOKENIZER, "tavia", top_p=2), "top_p=2"),
        (lambda: show.plot_word_map(model, TOKENIZER, ["tavia", "zebra", "harbor"]), "'zebra'"),
        (lambda: show.plot_word_map(model, TOKENIZER, ["tavia"]), "at least three"),
        (lambda: show.plot_word_map(learners_model, TOKENIZER), "no Embedding layer"),
        (lambda: show.plot_word_frequencies("text"), "give a WordTokenizer"),
        (lambda: show.plot_windows(np.ones((2, 3)), np.ones((2, 4))), "x has the shape (2, 3) and y (2, 4)"),
        (lambda: show.plot_positional_encoding(np.ones(3)), "(3,)"),
        (lambda: show.plot_positional_encoding(0), "max_len=0"),
        (lambda: show.plot_causal_mask(""), "number of words=0"),
        (lambda: show.plot_training({}), "there is no history"),
        (lambda: show.plot_training({"first": [1, 2]}), "named 'first'"),
        (lambda: show.plot_training(None), "has no loss"),
        (lambda: show.plot_parameters_by_layers(GPTConfig(9), [0]), "num_layers=0"),
    ]
    for call, message in cases:
        with pytest.raises(MinigptError) as caught:
            call()
        assert message in str(caught.value)
        assert "\n" not in str(caught.value)
    assert issubclass(ShowError, MinigptError) and not issubclass(GenerationError, ShowError)


def test_a_model_wired_otherwise_under_our_names_is_not_shown_wrongly(model):
    other = keras.Model(model.input, 0.5 * model.output)  # our layers, and then one that is not ours
    other.gpt_config = model.gpt_config  # and it even claims to be ours
    for look in (show.plot_attention, show.trace):
        with pytest.raises(ShowError, match="cannot be read"):
            look(other, TOKENIZER, PHRASE)


def test_a_text_is_read_once(model, monkeypatch):
    show.trace(model, TOKENIZER, PHRASE)  # by now the copy has been compared with the model
    read, real = [], CachedGPT._read
    monkeypatch.setattr(CachedGPT, "_read", lambda self, ids, trace=None: (read.append(len(ids)), real(self, ids, trace))[1])
    show.trace(model, TOKENIZER, PHRASE)
    show.plot_attention(model, TOKENIZER, PHRASE, head=None)
    assert read == [9, 9]


def test_the_map_says_how_many_words_had_no_room():
    figure = show.plot_word_map(tiny_model(), TOKENIZER, 380)
    axes = figure.axes[0]
    left_out = 380 - len(axes.texts)
    assert left_out > 0 and f"{left_out} crowded dots are not named" in axes.get_xlabel()
    assert len(axes.lines[0].get_xdata()) == 380, "the dots of all words are drawn"
