"""The figures of the notebooks on the network say what they should."""

import numpy as np
import pytest

from minigpt import GPTConfig, build_gpt_model
from minigpt.show import figures_model


def texts(figure):
    """Everything that is written inside the axes."""
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_tables_show_every_number_and_the_mask():
    scores = np.array([[1.0, -np.inf], [-0.5, 2.25]])
    written = texts(figures_model.tables({"scores": scores}, ["the", "cat"], ["the", "cat"]))
    assert written == ["1", "−∞", "−0.50", "2.25"]


def test_tables_name_the_columns_of_square_matrices_only():
    figure = figures_model.tables({"words": np.ones((2, 3)), "scores": np.ones((2, 2))}, ["the", "cat"], ["the", "cat"])
    named = [[label.get_text() for label in axes.get_xticklabels()] for axes in figure.axes]
    assert named == [[], ["the", "cat"]]


def test_bars_say_which_words_are_ruled_out():
    figure = figures_model.bars({"all": [0.7, 0.298, 0.002], "top_k 1": [1, 0, 0]}, ["the", "a", "an"])
    assert texts(figure) == ["70", "30", "<1", "100", "out", "out"]


def test_bars_share_one_scale():
    figure = figures_model.bars({"a": [0.1, 0.9], "b": [0.5, 0.5]}, ["x", "y"])
    first, second = (axes.get_xlim() for axes in figure.axes)
    assert first == second
    assert first[1] > 90


@pytest.mark.parametrize("name", ["token_embedding", "positional_encoding", "final_norm"])
def test_the_picture_of_the_paper_has_the_names_of_the_model(name):
    model = build_gpt_model(GPTConfig.quick(20))
    assert model.get_layer(name)
    assert name in texts(figures_model.paper())


def test_the_picture_of_the_paper_names_every_layer_of_a_block():
    block = build_gpt_model(GPTConfig.quick(20)).get_layer("decoder_block_1")
    written = " ".join(texts(figures_model.paper()))
    layers = [layer.name for layer in block.layers if layer.name != "words" and not layer.name.startswith("dropout")]
    assert [name for name in layers if name not in written] == []
