"""What is shown while or after a training: the trace of a sentence, the live curve, and how a notebook shows them."""

import json

import numpy as np
import pytest

from minigpt import GPTConfig, WordTokenizer, baselines, build_gpt_model, create_dataset, show, train_model
from minigpt.numpy_gpt import NumpyGPT
from minigpt.show import live

TEXT = "her first company made lamps and her second company is a school <b> of $ words"
TOKENIZER = WordTokenizer(keep_punctuation=True).fit(TEXT)


def tiny_model(norm: str = "pre"):
    return build_gpt_model(GPTConfig(TOKENIZER.vocab_size, 8, embed_dim=16, num_heads=2, ff_dim=24, num_layers=2, norm=norm))


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_the_trace_names_every_step_and_ends_at_the_answer(norm):
    model = tiny_model(norm)
    trace = show.trace(model, TOKENIZER, "her first company", top=2)
    assert trace.words == ["her", "first", "company"]
    assert [row.name for row in trace.rows] == list(trace.activations)
    assert trace.rows[0].name == "token_embedding" and trace.rows[-1].name == "next_word"
    for row in trace.rows:
        activation = trace.activations[row.name]
        assert row.shape == activation.shape
        assert row.size == pytest.approx(float(np.sqrt((activation.astype("float64") ** 2).mean())))
    said = {row.name: row.says for row in trace.rows if row.says}
    ends = ("residual_1", "residual_2") if norm == "pre" else ("norm_1", "norm_2")
    blocks = [f"decoder_block_{number}/{end}" for number in (1, 2) for end in ends]
    assert list(said) == ["positional_encoding", *blocks, "next_word"]
    assert [word for word, _ in said[blocks[-1]]] == [word for word, _ in said["next_word"]], "the last block has the answer"

    expected = np.asarray(model(np.array([TOKENIZER.encode("her first company")])))[0, -1].copy()
    expected[list(TOKENIZER.special_ids)] = 0
    likeliest = np.argsort(-expected)[:2]
    assert [word for word, _ in said["next_word"]] == [TOKENIZER.words[word_id] for word_id in likeliest]
    assert [chance for _, chance in said["next_word"]] == pytest.approx(expected[likeliest].tolist(), rel=1e-3)


def test_the_trace_prints_as_a_table():
    trace = show.trace(tiny_model(), TOKENIZER, "her first company")
    lines = repr(trace).splitlines()
    assert "3 words through the network: her first company" in lines[0]
    assert len(lines) == len(trace.rows) + 2
    shapes_end = {
        line.index(shape) + len(shape) for line, shape in zip(lines[2:], (r.cells()[1] for r in trace.rows), strict=True)
    }
    assert len(shapes_end) == 1, "the column of shapes is not aligned"


def test_the_trace_escapes_its_words_for_the_notebook():
    trace = show.trace(NumpyGPT.from_keras(tiny_model()), TOKENIZER, "school <b> of", top=99)
    page = trace._repr_html_()
    assert "&lt;b&gt;" in page and "<b>" not in page
    assert page.count("<tr>") == page.count("</tr>") == 1 + len(trace.rows)


class Shown:
    """Stands for IPython.display.display, and for the handle that it returns."""

    def __init__(self) -> None:
        self.displays, self.updates = [], []

    def __call__(self, figure, display_id):
        assert display_id is True
        self.displays.append(figure)
        return self

    def update(self, figure) -> None:
        self.updates.append(figure)


@pytest.fixture
def shown(monkeypatch) -> Shown:
    """Makes LiveCurve believe that it is in a notebook."""
    recorder = Shown()
    monkeypatch.setattr("IPython.display.display", recorder)
    monkeypatch.setattr(live, "in_notebook", lambda: True)
    return recorder


def end_epochs(curve: show.LiveCurve, *epochs: int) -> None:
    """What Keras calls in a training of these epochs."""
    curve.on_train_begin()
    for epoch in epochs:
        curve.on_epoch_end(epoch, {"loss": 1.0, "accuracy": 0.5})


def test_the_live_curve_is_one_picture_that_is_updated_after_each_epoch(shown):
    curve = show.LiveCurve(baselines(TOKENIZER.encode(TEXT)))
    x, y = create_dataset(TOKENIZER.encode(TEXT), 4)
    model = tiny_model()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], run_eagerly=True)  # no time to compile
    train_model(model, x, y, epochs=3, progress=False, callbacks=[curve])
    assert (len(shown.displays), len(shown.updates)) == (1, 2)
    assert shown.updates[-1].axes[0].lines[0].get_xdata().tolist() == [1, 2, 3]
    end_epochs(curve, 0, 1)
    assert len(shown.displays) == 2, "a second training must get a picture of its own"


def test_the_live_curve_goes_on_counting_after_a_checkpoint(shown):
    end_epochs(show.LiveCurve(), 4, 5)
    assert shown.updates[-1].axes[0].lines[0].get_xdata().tolist() == [5, 6]


def test_the_live_curve_is_silent_outside_a_notebook(capsys):
    end_epochs(show.LiveCurve(), 0, 1)
    assert capsys.readouterr().out == ""


def test_a_curve_that_cannot_be_drawn_does_not_end_the_training(shown, capsys):
    end_epochs(show.LiveCurve(baselines="nonsense"), 0)
    assert "the training goes on" in capsys.readouterr().err


@pytest.mark.slow
def test_a_notebook_shows_each_picture_once_and_keeps_the_last_curve_only():
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    sources = [
        "%matplotlib inline\nimport matplotlib.pyplot\nfrom minigpt import show\nshow.plot_causal_mask(3)",
        "kept = show.plot_causal_mask(3)",
        "curve = show.LiveCurve()\ncurve.on_train_begin()\nfor e in range(3): curve.on_epoch_end(e, {'loss': 1.0})",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    kinds = [[sorted(output.get("data", output)) for output in cell.outputs] for cell in notebook.cells]
    picture = ["image/png", "text/plain"]
    assert kinds == [[picture], [], [picture]], json.dumps(kinds)
