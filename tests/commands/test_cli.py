"""The command: quick help, one line for each error, exit codes that mean something, nothing lost by Ctrl-C."""

import argparse
import os
import subprocess
import sys

import pytest

import minigpt
from minigpt import cli
from minigpt.commands import doctor


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory, trained, tokenizer):
    return minigpt.save_gpt(tmp_path_factory.mktemp("runs") / "quick", trained, tokenizer)


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from minigpt.cli import COMMANDS, build_overview, build_parser; "
        "build_overview(); [build_parser(name) for name in COMMANDS]; "
        "print(sorted({'tensorflow', 'keras', 'numpy', 'matplotlib', 'rich', 'streamlit'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]", f"help answers within half a second only if these are not imported: {done.stdout}"


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_has_help(command, capsys):
    assert cli.main([command, "--help"]) == cli.OK
    assert f"minigpt {command}" in capsys.readouterr().out


def test_no_command_shows_help_and_is_a_usage_error(capsys):
    assert cli.main([]) == cli.USAGE
    assert "minigpt demo" in capsys.readouterr().out


def test_generate_prints_the_text_word_for_word(run_folder, trained, tokenizer, capsys):
    prompt = "tavia brankwell was born in"
    assert cli.main(["generate", str(run_folder), prompt, "--temperature", "0", "--max-new-tokens", "5"]) == cli.OK
    expected = minigpt.generate_text(trained, tokenizer, prompt, max_new_tokens=5, temperature=0)
    assert capsys.readouterr().out.strip() == expected


def test_generate_names_unknown_words_in_a_note(run_folder, capsys):
    assert cli.main(["generate", str(run_folder), "zebra who", "--only-new", "--max-new-tokens", "3", "--seed", "1"]) == cli.OK
    captured = capsys.readouterr()
    assert "zebra" in captured.err
    assert "zebra" not in captured.out
    assert len(captured.out.split()) == 3


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["generate", "no/such/run", "x"], "no/such/run"),
        (["generate", "{run}", "x", "--top-k", "0"], "top_k=0"),
        (["generate", "{run}", "x", "--temperature", "-1"], "temperature=-1"),
        (["summary", "{here}"], "is not a saved GPT"),
        (["train", "no_text.txt", "--out", "{here}/out"], "no_text.txt"),
        (["train", "{short}", "--out", "{here}/out"], "--max-seq-length"),
        (["train", "{text}", "--out", "{short}"], "short.txt"),  # a folder cannot be made where a file is
        (["train", "{text}", "--out", "{here}/out", "--learning-rate", "-1"], "learning_rate=-1"),
        (["demo", "--out", "{short}"], "short.txt"),
        (["lab", "{short}", "--no-browser"], "short.txt"),
    ],
)
def test_a_fault_is_one_line_on_stderr_and_exit_code_1(arguments, part, run_folder, tmp_path, capsys):
    short = tmp_path / "short.txt"
    short.write_text("only four words here")
    names = {"run": run_folder, "here": tmp_path, "short": short, "text": minigpt.data_path()}
    assert cli.main([argument.format(**names) for argument in arguments]) == cli.FAILED
    error = capsys.readouterr().err
    assert part in error
    assert len(error.strip().splitlines()) == 1, f"a student reads one line, not this: {error}"
    assert not (tmp_path / "out").exists(), "a command that failed at once has left a folder behind"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["trian"], "there is no command trian: did you mean train?"),
        (["train", "--epcohs", "3"], "there is no option --epcohs: did you mean --epochs?"),
        (["train", "x.txt", "--uot=runs/x"], "there is no option --uot: did you mean --out?"),
        (["train", "x.txt", "--out", "r", "--preset", "quik"], "there is no --preset quik: did you mean quick?"),
        (["notebooks", "biuld"], "there is no action biuld: did you mean build?"),
        (["notebooks", "check", "--txet", "x"], "there is no option --txet: did you mean --text?"),
        (["--verison"], "there is no option --verison: did you mean --version?"),
        (["qqq"], "there is no command qqq ("),
        (["chat", "r", "--port", "99999"], "99999 is too large: use a whole number from 1 to 65535"),
        (["netron", "r", "--port", "x"], "'x' is not a whole number: use a whole number from 1 to 65535"),
        (["train", "x.txt", "--out", "r", "--epochs", "0"], "0 is too small: use a whole number from 1 up"),
        (["train", "x.txt", "--out", "r", "--batch-size", "0"], "0 is too small"),
        (["train", "x.txt", "--out", "r", "--seed", "-1"], "-1 is too small"),
        (["train", "x.txt"], "--out"),
    ],
)
def test_a_mistyped_word_is_answered_in_one_line_with_what_was_probably_meant(arguments, sentence, capsys):
    assert cli.main(arguments) == cli.USAGE
    captured = capsys.readouterr()
    assert sentence in captured.err and captured.out == ""
    assert len(captured.err.splitlines()) == 1, f"a student reads one line, not this: {captured.err}"
    assert "--help shows all there is" in captured.err


def test_options_may_be_shortened_and_stand_before_the_prompt(run_folder, capsys):
    assert cli.main(["generate", str(run_folder), "--max-new=1", "--temp", "0", "-- who is"]) == cli.OK
    assert capsys.readouterr().out.startswith("-- who is")


def test_a_full_disk_behind_the_output_is_one_line():
    if not os.path.exists("/dev/full"):
        pytest.skip("needs /dev/full")
    for arguments in (["--help"], ["train", str(minigpt.data_path()), "--out", "x", "--look"]):
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        with open("/dev/full", "w") as full:
            command = [sys.executable, "-m", "minigpt", *arguments]
            done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, env=environment)
        assert done.returncode == cli.FAILED and "the output cannot be used" in done.stderr
        assert len(done.stderr.splitlines()) == 1, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_no_command_dies_of_an_old_encoding(encoding, tmp_path):
    """Output redirected on Windows is cp1252, which has no block, no arrow and no check mark."""
    text = tmp_path / "mine.txt"
    text.write_text("der Kater saß auf der Matte – und die Ente am Fluß … " * 20, "utf-8")
    (tmp_path / "homework.py").write_text("def read_text(path):\n    return open(path, encoding='utf-8').read()\n")
    sizes = ["--embed-dim", "16", "--num-heads", "2", "--num-layers", "1", "--max-seq-length", "8"]
    commands = [["train", text, "--out", tmp_path / "run", "--epochs", 1, *sizes], ["summary", tmp_path / "run"], ["doctor"]]
    if sys.platform != "win32":
        commands.append(["grade", tmp_path / "homework.py"])
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    for words in commands:
        command = [sys.executable, "-m", "minigpt", *map(str, words)]
        done = subprocess.run(command, capture_output=True, env=environment)
        assert done.returncode == cli.OK and done.stdout, (words, done.stderr)
        assert b"Traceback" not in done.stderr, (words, done.stderr)


def test_summary_shows_blocks_and_parameters(run_folder, trained, capsys):
    assert cli.main(["summary", str(run_folder), "--blocks"]) == cli.OK
    out = capsys.readouterr().out
    for part in ("decoder_block_1", "attention", f"{trained.count_params():,}", "embed_dim=128"):
        assert part in out


def test_exit_code_of_an_interrupt(monkeypatch, capsys):
    def interrupted(arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("minigpt.commands.doctor.run", interrupted)
    assert cli.main(["doctor"]) == cli.INTERRUPTED


def test_doctor_finds_nothing_wrong_here(capsys):
    assert doctor.run(argparse.Namespace()) == cli.OK, capsys.readouterr().out
    out = capsys.readouterr().out
    for name in (
        "Python",
        "TensorFlow",
        "Tokenizer",
        "HDF5",
        "Jupyter",
        "Netron",
        "Streamlit",
        "cores",
        "memory",
        "GPU",
        "data",
    ):
        assert name in out


@pytest.mark.parametrize(
    ("name", "replacement", "part"),
    [
        ("sys.version_info", (3, 9, 1), "3.10 to 3.13"),
        ("psutil.virtual_memory", lambda: argparse.Namespace(available=0.5e9), "close other programs"),
        ("minigpt.show.netron_page.days_left", lambda folder: -1, "install --upgrade"),
    ],
)
def test_doctor_names_the_fix(name, replacement, part, monkeypatch):
    monkeypatch.setattr(name, replacement)
    checks = (doctor.check_python, doctor.check_computer, doctor.check_netron, doctor.check_streamlit)
    fixes = " ".join(check().fix for check in checks)
    assert part in fixes


def test_doctor_remarks_that_streamlit_is_missing_but_that_is_no_fault(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    finding = doctor.check_streamlit()
    assert "minigpt chat" in finding.found and '-e ".[chat]"' in finding.fix and not finding.essential


def test_doctor_survives_what_it_did_not_foresee():
    def check_bones():
        raise RuntimeError("broken\nin two")

    finding = doctor.examine(check_bones)
    assert finding.name == "bones"
    assert "the folder with README.md" in finding.fix
    assert "broken" in finding.found


@pytest.mark.slow
def test_a_closed_pipe_is_no_traceback(run_folder):
    command = f'"{sys.executable}" -m minigpt generate "{run_folder}" --max-new-tokens 2000 | head -c 3'
    done = subprocess.run(command, shell=True, capture_output=True, text=True, env=os.environ)
    assert len(done.stdout) == 3
    assert "Traceback" not in done.stderr, done.stderr
