"""The progress line: one line an epoch in a log file, a growing line in a terminal, one updated output in a notebook."""

import sys

import pytest

from minigpt.engine import progress
from minigpt.engine.progress import Progress, StatusLine, in_notebook


def epoch(bar, number=0, steps=4):
    bar.set_params({"epochs": 10, "steps": steps})
    bar.on_train_begin()
    bar.on_epoch_begin(number)
    for batch in range(steps):
        bar.on_train_batch_end(batch, {"loss": 3.0 - batch, "accuracy": 0.1 * batch})
    bar.on_epoch_end(number, {"loss": 0.5, "accuracy": 0.75, "val_loss": 1.25, "val_accuracy": 0.5})


def test_a_log_file_gets_one_line_an_epoch(capsys):
    epoch(Progress())
    out = capsys.readouterr().out
    assert out.count("\n") == 1 and not {"\r", "\b", "\x1b"} & set(out)
    assert "epoch  1/10" in out and "loss 0.500" in out and "accuracy 75.0%" in out
    assert "validation loss 1.250" in out and "validation accuracy 50.0%" in out


def test_a_terminal_gets_a_line_that_grows(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(progress, "REDRAW_SECONDS", 0)
    epoch(Progress())
    out = capsys.readouterr().out
    assert out.count("\n") == 1 and out.count("\r") == 5
    assert "2/4" in out and "s left" in out
    lines = out.rstrip("\n").split("\r")[1:]
    assert [line.count("█") for line in lines] == [6, 12, 18, 24, 24]


def test_a_shorter_line_covers_a_longer_one(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    line = StatusLine()
    line.show("a long line")
    line.show("short", final=True)
    assert capsys.readouterr().out == "\ra long line\rshort      \n"


def test_a_notebook_gets_one_output_that_is_updated(capsys, monkeypatch):
    display_module = pytest.importorskip("IPython.display")
    shown = []

    class Handle:
        def update(self, content, raw):
            shown[-1].append(content["text/plain"])

    def display(content, raw, display_id):
        shown.append([content["text/plain"]])
        return Handle()

    monkeypatch.setattr(display_module, "display", display)
    monkeypatch.setattr(progress, "in_notebook", lambda: True)
    monkeypatch.setattr(progress, "REDRAW_SECONDS", 0)
    epoch(Progress())
    assert len(shown) == 1 and len(shown[0]) == 5, "one output, updated"
    assert not {"\r", "\b", "\x1b"} & set("".join(shown[0]))
    assert capsys.readouterr().out == ""


def test_an_unknown_number_of_steps(capsys):
    bar = Progress()
    bar.set_params({"epochs": 1, "steps": None})
    bar.on_train_begin()
    bar.on_epoch_begin(0)
    bar.on_train_batch_end(0, {"loss": 1.0})
    bar.on_epoch_end(0, {"loss": 1.0})
    assert "loss 1.000" in capsys.readouterr().out


def test_this_is_no_notebook():
    assert not in_notebook()
