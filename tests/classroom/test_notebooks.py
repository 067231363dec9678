"""The notebooks: one source, the complete and the live version of it, and what a class does with them."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from minigpt.classroom.notebooks import build
from minigpt.classroom.notebooks import run as notebook_run
from minigpt.classroom.notebooks.build import (
    NotebookError,
    blanks_of,
    live_problems,
    make_live,
    notebooks_folder,
    read_source,
    source_problems,
    strip_outputs,
    with_text,
)
from minigpt.classroom.notebooks.run import clean_outputs, output_problems, run_notebook, stops_at_blank
from minigpt.commands import lab
from minigpt.commands import notebooks as notebooks_command
from minigpt.errors import ConfigError
from minigpt.show.figures import STAGES, pipeline, words_over_ids

pytest.importorskip("jupytext")

SOURCES = build.find_notebooks(notebooks_folder() / "source", "[0-9][0-9]_*.py", [])
MOST_CELLS, MOST_LINES, LONGEST_LINE = 25, 18, 100

TOY = '''# %% [markdown] minutes=2 teach="Say hello."
# # 42 · A toy
# **Time:** about 5 minutes in class.

# %% minutes=1
TEXT = None  # or your own file

import os

# %% minutes=2
def double(number):
    """Twice the number."""
    # Hint: use the star.
    ### BEGIN SOLUTION: return twice the number
    return number * 2  # twice
    ### END SOLUTION


print(double(21), os.listdir(), os.getcwd())
'''


@pytest.fixture
def toy(tmp_path):
    """The complete notebook of TOY, not yet run."""
    path = tmp_path / "42_toy.py"
    path.write_text(TOY, encoding="utf-8")
    return read_source(path)


@pytest.fixture
def toy_folder(tmp_path, monkeypatch):
    """A folder of notebooks with one source, in place of those of the class."""
    for name in ("source", "live"):
        (tmp_path / "book" / name).mkdir(parents=True)
    (tmp_path / "book" / "source" / "42_toy.py").write_text(TOY, encoding="utf-8")
    monkeypatch.setattr(build, "notebooks_folder", lambda: tmp_path / "book")
    return tmp_path / "book"


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def filled_in(live, complete):
    """The cells of a live notebook with the solutions in its blanks."""
    sources = [cell.source for cell in live.cells]
    for blank in blanks_of(complete):
        sources = [source.replace(blank.empty, blank.solution) for source in sources]
    return sources


def without_markers(complete):
    """The cells of a complete notebook without the lines around its solutions."""
    return [re.sub(r"(?m)^ *### (BEGIN SOLUTION: .*\n|END SOLUTION *$\n?)", "", cell.source) for cell in complete.cells]


# The notebooks of the class


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_what_is_committed_matches_its_source(source):
    complete = read_source(source)
    assert not source_problems(complete)
    folder = notebooks_folder()
    committed = nbformat.read(folder / f"{source.stem}.ipynb", as_version=4)
    live = nbformat.read(folder / "live" / f"{source.stem}.ipynb", as_version=4)
    remedy = f"type: minigpt notebooks build {source.stem[:2]}"
    assert strip_outputs(committed) == complete, remedy
    assert live == make_live(complete), remedy
    assert list(map(str.rstrip, filled_in(live, complete))) == list(map(str.rstrip, without_markers(complete)))
    assert not output_problems(committed)
    assert not live_problems(live, committed)
    nbformat.validate(committed)
    nbformat.validate(live)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_cells_are_few_and_short(source):
    notebook = read_source(source)
    assert len(notebook.cells) <= MOST_CELLS
    for cell in code_cells(notebook):
        lines = [line for line in cell.source.split("\n") if not re.match(r"\s*(#|import |from |$)", line)]
        assert len(lines) <= MOST_LINES, f"{len(lines)} lines of code in the cell that begins with {lines[0]!r}"
        assert max(map(len, cell.source.split("\n"))) <= LONGEST_LINE, f"a line is too wide for a screen: {lines[0]!r}"


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_every_cell_has_its_minutes(source):
    order = read_source(source).metadata["minigpt"]["running_order"]
    assert all(step["minutes"] > 0 and step["what"] for step in order), [step for step in order if not step["minutes"]]
    assert sum(bool(step["teach"]) for step in order) >= 3, "the instructor gets at least three notes"


# From the source to the two notebooks


def test_the_same_source_gives_the_same_notebook(toy, tmp_path):
    again = read_source(tmp_path / "42_toy.py")
    assert nbformat.writes(toy) == nbformat.writes(again)


def test_ids_follow_from_the_content_and_differ():
    cells = [nbformat.v4.new_code_cell(source) for source in ("a", "b", "a")]
    first = nbformat.v4.new_notebook(cells=cells[:2])
    both = nbformat.v4.new_notebook(cells=cells)
    build.set_ids(first)
    before = [cell.id for cell in first.cells]
    build.set_ids(both)
    ids = [cell.id for cell in both.cells]
    assert ids[:2] == before, "a cell keeps its id when another one is added after it"
    assert len(set(ids)) == 3, "the same cell twice needs two ids"


def test_the_running_order_is_in_the_metadata_and_not_in_the_cells(toy):
    plan = toy.metadata["minigpt"]
    assert plan["minutes"] == 5
    assert plan["running_order"][0] == {"cell": 1, "minutes": 2, "what": "42 · A toy", "teach": "Say hello."}
    assert all(not cell.metadata for cell in toy.cells)


def test_a_blank_says_what_to_write(toy):
    live = make_live(toy)
    assert "number * 2" not in json.dumps(live)
    assert live.cells[2].source.split("\n")[2:5] == [
        "    # Hint: use the star.",
        "    # YOUR CODE HERE (blank 1), in place of the next line",
        '    raise NotImplementedError("blank 1: return twice the number")',
    ]
    (blank,) = blanks_of(toy)
    assert (blank.name, blank.solution.strip()) == ("double", "return number * 2  # twice")


def test_the_solutions_filled_back_in_give_the_complete_notebook(toy):
    live = make_live(toy)
    assert filled_in(live, toy) == without_markers(toy) and "return number * 2" in without_markers(toy)[2]
    assert [cell.id for cell in live.cells] == [cell.id for cell in toy.cells]
    assert live_problems(live, toy) == []


def test_a_blank_is_named_for_the_definition_it_is_in():
    source = "class A:\n    def f(self):\n        # h\n        ### BEGIN SOLUTION: x\n        1\n        ### END SOLUTION\n\n\n"
    source += "def g():\n    # h\n    ### BEGIN SOLUTION: y\n    2\n    ### END SOLUTION\n\n\n"
    source += "# h\n### BEGIN SOLUTION: z\n3\n### END SOLUTION"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    assert [blank.name for blank in blanks_of(notebook)] == ["A.f", "g", ""]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (
            lambda live: live.cells[0].update(source="It is\nreturn number * 2  # twice\nof course."),
            "shows a line of the solution",
        ),
        (lambda live: live.cells[1].update(source=live.cells[1].source + "\nx = 1"), "differs from the complete one"),
        (lambda live: live.cells[2].update(source="def double("), "does not parse"),
        (
            lambda live: live.cells[1].update(outputs=[nbformat.v4.new_output("stream", text="hello")]),
            "differs from the complete one",
        ),
    ],
    ids=["solution shown", "other code", "syntax", "outputs"],
)
def test_a_damaged_live_notebook_is_found(toy, change, complaint):
    live = make_live(toy)
    change(live)
    assert any(complaint in problem for problem in live_problems(live, toy)), live_problems(live, toy)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (": return twice the number", "", "not between '### BEGIN SOLUTION: what to write'"),
        ("    ### END SOLUTION\n", "", "not between '### BEGIN SOLUTION: what to write'"),
        ("    # Hint: use the star.\n", "    number = number\n", "'# Hint: …' is missing"),
        ("TEXT = None  # or your own file\n\n", "", "must begin with 'TEXT = None'"),
        ("about 5 minutes", "about 50 minutes", "about 5 minutes in class"),
        ("return number * 2  # twice", "return number *", "does not parse"),
    ],
)
def test_a_mistake_in_a_source_is_found(tmp_path, old, new, complaint):
    assert old in TOY
    path = tmp_path / "42_toy.py"
    path.write_text(TOY.replace(old, new), encoding="utf-8")
    problems = source_problems(read_source(path))
    assert any(complaint in problem for problem in problems), problems


def test_one_line_switches_to_another_text(toy):
    assert code_cells(with_text(toy, Path("my story.txt")))[0].source.startswith("TEXT = 'my story.txt'  # or")


# Outputs


def with_output(output):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x", execution_count=1, outputs=[output])])


def test_outputs_are_cleaned():
    notebook = with_output(nbformat.v4.new_output("stream", text="\x1b[31mred\x1b[0m\b\rin /tmp/folder/a.txt and /tmp/folder"))
    notebook.cells[0].outputs.append(nbformat.v4.new_output("display_data", {"application/vnd.jupyter.widget-view+json": {}}))
    notebook.metadata["widgets"] = {"state": {}}
    clean_outputs(notebook, "/tmp/folder")
    assert [output.text for output in notebook.cells[0].outputs] == ["red\nin a.txt and ."]
    assert "widgets" not in notebook.metadata
    assert output_problems(notebook) == []


@pytest.mark.parametrize(
    ("output", "complaint"),
    [
        (nbformat.v4.new_output("stream", name="stderr", text="DeprecationWarning"), "writes a warning"),
        (nbformat.v4.new_output("error", ename="ValueError", evalue="no", traceback=[]), "ends in an error"),
        (nbformat.v4.new_output("stream", text="a\rb"), "control characters"),
        (nbformat.v4.new_output("execute_result", {"text/plain": f"{sys.prefix}/lib/x"}), "a path of this machine"),
        (nbformat.v4.new_output("stream", text=str(Path.home() / "x")), "a path of this machine"),
    ],
)
def test_what_does_not_belong_in_an_output_is_found(output, complaint):
    notebook = with_output(output)
    assert any(complaint in problem for problem in output_problems(notebook)), output_problems(notebook)


def test_a_cell_that_was_not_run_is_found(toy):
    assert "cell 2 was not run" in output_problems(toy)


def test_a_notebook_runs_alone_in_an_empty_folder(toy):
    seconds = run_notebook(toy)
    assert toy.cells[2].outputs[0].text == "42 [] .\n", "an empty folder, whose name is not shown"
    assert len(seconds) == 3
    assert output_problems(toy) == []


def test_a_live_notebook_stops_at_its_first_blank(toy):
    live = make_live(toy)
    assert stops_at_blank(live, blanks_of(toy)[0].message) == ""
    toy.cells[2].source = "open('none.txt')"
    assert "cell 3 failed: FileNotFoundError" in stops_at_blank(toy, "blank 1: return twice the number")


# The commands


@pytest.mark.slow
def test_build_writes_all_or_nothing(toy_folder, capsys):
    second = toy_folder / "source" / "43_second.py"
    second.write_text(TOY.replace("double(21)", "1 / 0"), encoding="utf-8")
    with pytest.raises(NotebookError, match=r"43_second\.py: cell 3 failed: ZeroDivisionError"):
        notebooks_command.build([])
    assert not list(toy_folder.rglob("*.ipynb"))

    second.unlink()
    assert notebooks_command.build([]) == 0
    written = {path: path.read_bytes() for path in toy_folder.rglob("*.ipynb")}
    assert sorted(path.parent.name for path in written) == ["book", "live"]
    assert notebooks_command.build(["42"]) == 0
    assert {path: path.read_bytes() for path in written} == written, "built twice, the same files"

    assert notebooks_command.check([]) == 0


def test_check_finds_a_notebook_that_differs_from_its_source(toy_folder, monkeypatch, capsys):
    monkeypatch.setattr(notebook_run, "run_notebook", lambda notebook: [0.0] * len(notebook.cells))
    monkeypatch.setattr(notebook_run, "output_problems", lambda notebook: [])
    monkeypatch.setattr(notebook_run, "stops_at_blank", lambda live, message: "")
    assert notebooks_command.build(["42"]) == 0
    assert notebooks_command.check(["42"]) == 0
    (toy_folder / "source" / "42_toy.py").write_text(TOY.replace("# twice", "# doubled"), encoding="utf-8")
    capsys.readouterr()
    assert notebooks_command.check(["42"]) == 1
    assert "differs from its source: type minigpt notebooks build 42" in capsys.readouterr().out


def test_check_names_a_notebook_that_was_never_built(toy_folder, capsys):
    assert notebooks_command.check([]) == 1
    assert "was never built" in capsys.readouterr().out


def test_an_unknown_number_is_an_error(toy_folder):
    with pytest.raises(NotebookError, match="no notebook 77: the numbers are 42"):
        notebooks_command.check(["77"])


def test_an_installed_package_has_no_sources_and_says_so(toy_folder):
    (toy_folder / "source" / "42_toy.py").unlink()
    with pytest.raises(NotebookError, match="come with the repository"):
        notebooks_command.build([])


def test_reveal_prints_the_solution_of_a_blank(capsys):
    assert notebooks_command.reveal("03", "create_dataset") == 0
    by_name = capsys.readouterr().out
    assert "for start in range(len(sequence) - window_size):" in by_name
    assert "SOLUTION" not in by_name
    assert notebooks_command.reveal("3", "1") == 0
    assert capsys.readouterr().out == by_name
    with pytest.raises(NotebookError, match=r"no blank 99: its blanks are 1 \(create_dataset\)"):
        notebooks_command.reveal("03", "99")


def test_plan_prints_the_running_order(capsys):
    assert notebooks_command.plan("03") == 0
    lines = capsys.readouterr().out.split("\n")
    assert re.match(r" +2 min  cell  1  03 · Windows$", lines[0])
    assert re.match(r" +\d+ min  together$", lines[-2])


def test_students_and_instructors_need_no_jupytext(tmp_path):
    code = (
        "import sys; sys.modules['jupytext'] = None\n"
        "from pathlib import Path\n"
        "from minigpt.commands import lab, notebooks\n"
        "lab.fill_folder(Path('mine'), complete=True); notebooks.reveal('03', None)\n"
        "try: notebooks.build([])\n"
        "except ValueError as error: print(error)\n"
        "print('tensorflow' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert 'jupytext, which is not installed: type  python -m pip install -e ".[dev]"' in run.stdout
    assert run.stdout.endswith("False\n"), "neither needs TensorFlow, so both answer at once"


@pytest.mark.parametrize("tool", ["jupytext", "nbformat", "nbclient"])
def test_a_missing_tool_is_one_sentence_that_says_what_to_type(toy, tmp_path, monkeypatch, tool):
    monkeypatch.setitem(sys.modules, tool, None)
    uses = {"jupytext": lambda: read_source(tmp_path / "42_toy.py"), "nbformat": lambda: notebooks_command.plan("03")}
    with pytest.raises(NotebookError) as caught:
        uses.get(tool, lambda: run_notebook(toy))()
    assert str(caught.value).startswith(f"this needs {tool}, which is not installed: type  python -m pip install -e")
    assert "\n" not in str(caught.value)


def test_lab_copies_what_is_missing_and_never_overwrites(tmp_path):
    folder = tmp_path / "my folder"
    copied, kept = lab.fill_folder(folder)
    assert folder / "03_windows.ipynb" in copied
    assert folder / "data" / "data.txt" in copied
    assert not kept
    (folder / "03_windows.ipynb").write_text("my work")
    (folder / "data" / "data.txt").unlink()
    copied, kept = lab.fill_folder(folder, complete=True)
    assert (folder / "03_windows.ipynb").read_text() == "my work"
    assert folder / "data" / "data.txt" in copied
    assert folder / "complete" / "03_windows.ipynb" in copied
    assert "raise NotImplementedError" in (folder / "02_tokenizer.ipynb").read_text("utf-8")
    assert "raise NotImplementedError" not in (folder / "complete" / "02_tokenizer.ipynb").read_text("utf-8")


def test_lab_names_a_folder_that_is_a_file(tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(NotebookError, match="cannot be filled"):
        lab.fill_folder(tmp_path / "taken")


def test_lab_opens_jupyterlab_at_the_first_notebook(tmp_path):
    lab.fill_folder(tmp_path)
    command = lab.lab_command_line(tmp_path, no_browser=True)
    assert command[1:4] == ["-m", "jupyterlab", str(tmp_path / "00_the_whole_story.ipynb")]
    assert "--no-browser" in command
    assert "--no-browser" not in lab.lab_command_line(tmp_path, no_browser=False)
    if hasattr(os, "geteuid"):
        assert ("--allow-root" in command) == (os.geteuid() == 0)


# The figures


@pytest.mark.parametrize("stage", range(len(STAGES) + 1))
def test_the_figure_marks_the_current_stage(stage):
    texts = pipeline(stage).axes[0].texts
    bold = [text.get_text() for text in texts if text.get_weight() == "bold"]
    assert (STAGES[stage - 1][0] in bold) if stage else not any(name in bold for name, _ in STAGES)
    assert ("You are here" in bold) == bool(stage)


def test_there_is_no_stage_after_the_last_one():
    with pytest.raises(ConfigError, match="stage=11: use the number of a notebook, 0 to 10"):
        pipeline(11)


def test_words_are_above_their_ids():
    texts = [text.get_text() for text in words_over_ids(["the", "cat"], [2, 1], unknown_id=1).axes[0].texts]
    assert texts == ["the", "2", "cat", "1"]
