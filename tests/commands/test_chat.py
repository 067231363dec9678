"""`minigpt chat`: the page's command, the talk in the terminal, the folders of runs."""

import argparse
import contextlib
import importlib.util
import io
import os
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from helpers import WORDS, run_python, tiny_model

from minigpt.chat import Fact, dialogue_tokenizer, find_runs, save_dialogue
from minigpt.chat.saved_runs import read_about
from minigpt.commands import chat as command
from minigpt.errors import MinigptError, SavedModelError

FACTS = [Fact(["Who is she?"], "She is Ada."), Fact(["Who is the king?"], "The story does not say.")]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """An untrained run with the words of a dialogue: it says something, and stops."""
    tokenizer = dialogue_tokenizer("", FACTS)
    folder = tmp_path_factory.mktemp("runs") / "ada"
    return save_dialogue(folder, tiny_model(vocab_size=tokenizer.vocab_size), tokenizer, FACTS)


def chat(*words):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(list(map(str, words))))


def type_in(monkeypatch, text):
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def test_the_terminal_answers_each_line_and_ends_at_an_empty_one(run, monkeypatch, capsys):
    type_in(monkeypatch, "Who is she?\nWho is Zanzibar?\n\nWho is the king?\n")
    assert chat(run, "--terminal", "--max-new-tokens", 5) == 0
    output = capsys.readouterr().out
    assert output.count("gpt: ") == 2, "two questions stand before the empty line"
    assert "For example: Who is she?" in output and "(words it does not know: 'zanzibar')" in output


def test_the_terminal_ends_with_its_input(run, monkeypatch, capsys):
    type_in(monkeypatch, "Who is she?")
    assert chat(run, "--terminal", "--max-new-tokens", 2) == 0
    assert capsys.readouterr().out.endswith("\n")


def test_the_terminal_says_that_a_plain_run_continues(tmp_path, monkeypatch, capsys):
    import minigpt

    minigpt.save_gpt(tmp_path / "plain", tiny_model(), minigpt.WordTokenizer().fit(WORDS))
    type_in(monkeypatch, "w1 w2\n")
    assert chat(tmp_path / "plain", "--terminal", "--max-new-tokens", 3) == 0
    output = capsys.readouterr().out
    assert "continues your words" in output
    assert len(output.split("gpt: ")[1].split("\n")[0].split()) == 3


def test_a_folder_without_a_run_is_told_in_one_line(tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(SavedModelError, match="there is no saved model") as caught:
            chat(folder)
        assert "\n" not in str(caught.value) and "minigpt train --dialogue" in str(caught.value)


def test_without_streamlit_it_says_what_to_type(run, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MinigptError) as caught:
        chat(run)
    sentence = str(caught.value)
    assert 'pip install -e ".[chat]"' in sentence and "the folder with README.md" in sentence
    assert 'pip install "streamlit>=' in sentence, "who has a wheel only has no such folder"
    assert "--terminal" in sentence and "\n" not in sentence


def test_the_page_is_for_this_computer_only_and_sends_nothing(run, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(sys, "argv", ["minigpt"])
    started = []
    monkeypatch.setattr(command.runpy, "run_module", lambda name, **options: started.append([name, *sys.argv[1:]]))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert chat(run, "--port", port) == 0
    assert chat(run, "--no-browser") == 0
    words, without_browser = started
    assert words[:3] == ["streamlit", "run", str(command.PAGE)] and command.PAGE.is_file()
    for option in ("--server.address=127.0.0.1", "--server.showEmailPrompt=false", "--browser.gatherUsageStats=false"):
        assert option in words
    assert f"--server.port={port}" in words and words[-2:] == ["--", str(run)]
    assert "--server.headless=false" in words and "--server.headless=true" in without_browser, "false opens the browser"


def test_a_port_in_use_is_told_in_one_line(run):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(MinigptError, match=f"port {port} cannot be used .*: give another --port") as caught:
            chat(run, "--port", port)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_the_page_is_served(run):
    pytest.importorskip("streamlit")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [sys.executable, "-m", "minigpt", "chat", str(run), "--no-browser", "--port", str(port)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        give_up = time.monotonic() + 60
        while time.monotonic() < give_up and process.poll() is None:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health") as page:
                assert page.read() == b"ok"
                return
            time.sleep(0.1)
        pytest.fail(f"no page within a minute: {process.communicate()[0] if process.poll() is not None else ''}")
    finally:
        process.kill()
        process.communicate()


def test_neither_the_package_nor_the_command_starts_tensorflow_or_streamlit():
    heavy = "('tensorflow', 'keras', 'streamlit')"
    code = f"import sys, minigpt.commands.chat; print([name for name in {heavy} if name in sys.modules])"
    finished = run_python(code)
    assert finished.stdout.strip() == "[]", finished.stdout + finished.stderr


def test_runs_are_found_in_a_folder_the_newest_first(tmp_path):
    for age, name in enumerate((".minigpt.unfinished", "new", "old")):  # the first is what a killed save leaves
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.h5").touch()
        os.utime(tmp_path / name / "model.h5", (1_000_000 - age, 1_000_000 - age))
    (tmp_path / "notes").mkdir()
    assert [path.name for path in find_runs(tmp_path)] == ["new", "old"]
    assert [path.name for path in find_runs(tmp_path / "old")] == ["old"]


def test_a_run_says_what_one_can_ask_it(run):
    assert read_about(run)["examples"] == ["Who is she?"], "questions without an answer are no examples"


@pytest.mark.parametrize("content", [None, "{", "[]", "\xff"])
def test_a_run_without_a_readable_description_can_be_talked_to(tmp_path, content):
    if content is not None:
        (tmp_path / "chat.json").write_bytes(content.encode("latin-1"))
    assert read_about(tmp_path) == {}
