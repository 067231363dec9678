"""The console and the progress of work: no wrapped line in a terminal, one line in a log file, one output in a notebook."""

import os
import re
import sys

import pytest
from helpers import run_python

from minigpt.engine import console as console_module
from minigpt.engine.console import Bar, console, in_notebook, say, track
from minigpt.engine.progress import Progress

MEASURES = {"loss": 0.5, "accuracy": 0.75, "val_loss": 1.25, "val_accuracy": 0.5}


def epoch(bar, number=0, steps=4):
    bar.set_params({"epochs": 10, "steps": steps})
    bar.on_train_begin()
    bar.on_epoch_begin(number)
    for batch in range(steps or 1):
        bar.on_train_batch_end(batch, {"loss": 3.0 - batch, "accuracy": 0.1 * batch})
    bar.on_epoch_end(number, MEASURES)


@pytest.fixture
def terminal(monkeypatch):
    """Make stdout a terminal of some width that is redrawn at once."""

    def make(width):
        monkeypatch.setenv("COLUMNS", str(width))
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
        monkeypatch.setattr(console_module, "REDRAW_SECONDS", 0)

    return make


def screen(output, width):
    """What a terminal shows at the end, line by line, and every line that it has shown in between."""
    lines, shown, row, column = [""], [], 0, 0
    for text, number, command in re.findall(r"([^\x1b\r\n]+|\r|\n)|\x1b\[([?\d;]*)([A-Za-z])", output):
        if command == "A":
            row -= int(number or 1)
        elif command == "K":
            lines[row] = ""
        elif text == "\r":
            column = 0
        elif text == "\n":
            row, column = row + 1, 0
            lines += [""] * (row + 1 - len(lines))
        elif text:
            lines[row] = lines[row][:column].ljust(column) + text + lines[row][column + len(text) :]
            column += len(text)
            assert column <= width, f"wrapped at {width} columns: {lines[row]!r}"
            shown.append(lines[row])
    return [line.rstrip() for line in lines if line.strip()], shown


def test_a_log_file_gets_one_line_an_epoch(capsys):
    epoch(Progress())
    out = capsys.readouterr().out
    assert out.count("\n") == 1 and not {"\r", "\b", "\x1b"} & set(out)
    assert "epoch  1/10" in out and "loss 0.500" in out and "accuracy 75.0%" in out
    assert "validation loss 1.250" in out and "validation accuracy 50.0%" in out


def test_a_log_file_gets_one_line_for_a_finished_piece_of_work(capsys):
    assert list(track(iter("abc"), "letters", total=3)) == ["a", "b", "c"]
    for letter in track("abc", "letters"):
        if letter == "b":
            break
    first, second = capsys.readouterr().out.splitlines()
    assert first == "letters: 3 · 0 s" and second == "letters: 2 of 3 · 0 s"


@pytest.mark.parametrize("width", [40, 50, 80, 200])
def test_no_bar_wraps_in_a_terminal_of_any_width(width, terminal, capsys):
    terminal(width)
    epoch(Progress())
    for _ in track(range(1000), "a rather long description of the work"):
        pass
    lines, shown = screen(capsys.readouterr().out, width)
    text = " ".join(line.strip() for line in lines)
    assert "━" not in text, "the bar gives way to one line"
    assert "epoch  1/10 · loss 0.500 · accuracy 75.0% · validation loss 1.250 · validation accuracy 50.0%" in text
    bars = [line for line in shown if "━" in line]
    assert any("epoch  1/10" in bar and "2/4" in bar for bar in bars)
    assert width < 60 or any("loss 2.000 · accuracy 10.0%" in bar for bar in bars)


def test_a_terminal_can_be_left_in_the_middle(terminal, capsys):
    terminal(80)
    bar = Bar("work", 10)
    bar.update(3)  # then Ctrl-C
    out = capsys.readouterr().out
    assert out.rfind("\x1b[?25h") > out.rfind("\x1b[?25l"), "the cursor must not stay hidden"
    assert sys.stdout.__class__.__module__ != "rich.file_proxy"


def test_lines_are_printed_above_the_bar(terminal, capsys):
    terminal(60)
    bar = Bar("marking", 2)
    bar.update(0)
    bar.say(" 97.50  3.1 s  ada.py")
    bar.update(1)
    bar.finish("2 marked")
    lines, _ = screen(capsys.readouterr().out, 60)
    assert lines == [" 97.50  3.1 s  ada.py", "2 marked"]


def test_a_dumb_terminal_is_treated_like_a_log_file(terminal, monkeypatch, capsys):
    terminal(80)
    monkeypatch.setenv("TERM", "dumb")
    list(track("ab", "letters"))
    assert capsys.readouterr().out == "letters: 2 · 0 s\n"


def test_prose_folds_between_words_and_a_log_file_keeps_its_lines(terminal, capsys):
    sentence = "use --max-seq-length, or a longer text: " + "word " * 20
    say(sentence.strip())
    assert capsys.readouterr().out == sentence.strip() + "\n"
    terminal(40)
    say(sentence.strip(), indent=3)
    lines, _ = screen(capsys.readouterr().out, 40)
    assert " ".join(line.strip() for line in lines) == sentence.strip() and all(line[:3] == "   " for line in lines[1:])


def test_a_notebook_gets_one_output_that_is_updated(capsys, monkeypatch):
    display_module = pytest.importorskip("IPython.display")
    shown = []

    class Handle:
        def update(self, content, raw):
            shown[-1].append(content["text/plain"])

    def display(content, raw, display_id):
        assert list(content) == ["text/plain"]
        shown.append([content["text/plain"]])
        return Handle()

    monkeypatch.setattr(display_module, "display", display)
    monkeypatch.setattr(console_module, "in_notebook", lambda: True)
    monkeypatch.setattr(console_module, "REDRAW_SECONDS", 0)
    epoch(Progress())
    assert len(shown) == 1 and len(shown[0]) == 6, "one output, updated"
    assert "2/4" in shown[0][2] and "━" in shown[0][2] and "validation loss 1.250" in shown[0][-1]
    assert not {"\r", "\b", "\x1b", "\n"} & set("".join(shown[0]))
    assert capsys.readouterr().out == ""


@pytest.mark.slow
def test_a_saved_notebook_holds_the_last_line_of_each_epoch(tmp_path):
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    code = """
from helpers import tiny_model
import minigpt
minigpt.train_model(tiny_model(), *minigpt.create_dataset([1, 2, 3, 4] * 50, 12), epochs=2)
for _ in minigpt.engine.console.track(range(3), "counted"): pass"""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    path = os.pathsep.join([os.path.dirname(sys.modules["helpers"].__file__), *sys.path])
    nbclient.NotebookClient(notebook).execute(env={**os.environ, "PYTHONPATH": path})
    nbformat.write(notebook, tmp_path / "saved.ipynb")
    outputs = nbformat.read(tmp_path / "saved.ipynb", as_version=4).cells[0].outputs
    assert "widgets" not in notebook.metadata
    lines = [output.data for output in outputs if output.output_type == "display_data"]
    assert [list(data) for data in lines] == [["text/plain"]] * 3
    assert [data["text/plain"].split(" · ")[0] for data in lines] == ["epoch 1/2", "epoch 2/2", "counted: 3"]
    texts = "".join(output.get("text", "") for output in outputs) + "".join(data["text/plain"] for data in lines)
    assert not {"\r", "\b", "\x1b"} & set(texts) and "━" not in texts


def test_an_unknown_number_of_steps(capsys):
    epoch(Progress(), steps=None)
    assert "loss 0.500" in capsys.readouterr().out


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_any_text_can_be_written_in_any_encoding(encoding):
    code = """
import sys
from minigpt.engine.console import accept_any_text, say
accept_any_text()
print("✓ █ ── ━ ┃ ┡ → café … 塔")
print("→", file=sys.stderr)
say("✗ · a")
"""
    done = run_python(code, env={**os.environ, "PYTHONIOENCODING": encoding}, encoding=encoding)
    assert done.returncode == 0, done.stderr
    assert (
        done.stdout
        == {
            "ascii": "+ # -- - | + -> cafe ... ?\nx - a\n",
            "cp1252": "+ # -- - | + -> café … ?\nx · a\n",
            "utf-8": "✓ █ ── ━ ┃ ┡ → café … 塔\n✗ · a\n",
        }[encoding]
    )
    assert done.stderr == ("→\n" if encoding == "utf-8" else "->\n")


def test_this_is_no_notebook():
    assert not in_notebook()
    assert not console().is_jupyter
