"""The command: quick help, one line for each error, exit codes that mean something, nothing lost by Ctrl-C."""

import argparse
import os
import signal
import subprocess
import sys
import time

import pytest

import minigpt
from minigpt import cli
from minigpt.commands import doctor, train


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory, trained, tokenizer):
    return minigpt.save_gpt(tmp_path_factory.mktemp("runs") / "quick", trained, tokenizer)


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from minigpt.cli import build_parser; "
        "[build_parser([name]) for name in ('', 'demo', 'train', 'generate', 'summary', 'netron', 'doctor')]; "
        "print(sorted({'tensorflow', 'keras', 'numpy', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]", f"help answers within half a second only if these are not imported: {done.stdout}"


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main([command, "--help"])
    assert stop.value.code == 0
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
    ],
)
def test_a_fault_is_one_line_on_stderr_and_exit_code_1(arguments, part, run_folder, tmp_path, capsys):
    short = tmp_path / "short.txt"
    short.write_text("only four words here")
    names = {"run": run_folder, "here": tmp_path, "short": short}
    assert cli.main([argument.format(**names) for argument in arguments]) == cli.FAILED
    error = capsys.readouterr().err
    assert part in error
    assert len(error.strip().splitlines()) == 1, f"a student reads one line, not this: {error}"
    assert not (tmp_path / "out").exists(), "a command that failed at once has left a folder behind"


def test_summary_shows_blocks_and_parameters(run_folder, trained, capsys):
    assert cli.main(["summary", str(run_folder), "--blocks"]) == cli.OK
    out = capsys.readouterr().out
    for part in ("decoder_block_1", "attention", f"{trained.count_params():,}", "embed_dim=128"):
        assert part in out


def test_train_looks_first_and_then_trains_saves_and_speaks(tmp_path, capsys):
    text = tmp_path / "mine.txt"
    text.write_text("the cat sat on the mat and the dog sat on the log . " * 12)
    out = tmp_path / "run"
    sizes = ["--embed-dim", "16", "--num-heads", "2", "--num-layers", "1", "--max-seq-length", "8"]
    assert cli.main(["train", str(text), "--out", str(out), "--epochs", "2", *sizes]) == cli.OK
    printed = capsys.readouterr().out
    for part in ("different", "vocabulary", "windows", "epochs", "note: the text is short", "epoch 2/2", "it says", "saved in"):
        assert part in printed, f"`minigpt train` did not say {part!r}:\n{printed}"
    model, tokenizer = minigpt.load_gpt(out)
    assert model.get_layer("token_embedding").output_dim == 16
    assert tokenizer.decode(tokenizer.encode("the cat")) == "the cat"


def test_train_look_trains_nothing(tmp_path, capsys):
    assert cli.main(["train", str(minigpt.data_path()), "--out", str(tmp_path / "run"), "--look"]) == cli.OK
    assert "860 words" in capsys.readouterr().out
    assert not (tmp_path / "run").exists()


def test_train_warns_of_texts_that_teach_little():
    def warnings_for(text):
        tokenizer = minigpt.WordTokenizer(50).fit(text)
        sequence = tokenizer.encode(text)
        unknown = sequence.count(1) / len(sequence)
        return " ".join(train.text_warnings(text, tokenizer, sequence, unknown))

    assert "short" in warnings_for("one two three")
    assert "different words" in warnings_for("la " * 500)
    assert "outside the vocabulary" in warnings_for(" ".join(f"word{i}" for i in range(500)))
    assert "without spaces" in warnings_for("塔维亚在海边的小镇出生她的父亲修理渔船的发动机 " * 30)
    assert warnings_for(" ".join(f"word{i % 40}" for i in range(500))) == ""


@pytest.mark.slow
def test_ctrl_c_keeps_the_finished_epochs_and_leaves_no_half_file(tmp_path):
    out = tmp_path / "run"
    command = [sys.executable, "-m", "minigpt", "train", str(minigpt.data_path()), "--out", str(out), "--epochs", "50"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    give_up = time.monotonic() + 120
    while not (out / train.CHECKPOINT / "progress.json").exists() and process.poll() is None and time.monotonic() < give_up:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    printed, errors = process.communicate(timeout=120)
    assert process.returncode == cli.INTERRUPTED, errors
    assert "--resume" in printed
    assert "Traceback" not in errors
    assert not (out / "model.h5").exists()
    assert {path.suffix for path in (out / train.CHECKPOINT).iterdir() if "writing" not in path.name} <= {".json", ".h5"}


def test_exit_code_of_an_interrupt(monkeypatch, capsys):
    def interrupted(arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("minigpt.commands.doctor.run", interrupted)
    assert cli.main(["doctor"]) == cli.INTERRUPTED


def test_doctor_finds_nothing_wrong_here(capsys):
    assert doctor.run(argparse.Namespace()) == cli.OK, capsys.readouterr().out
    out = capsys.readouterr().out
    for name in ("Python", "TensorFlow", "Tokenizer", "HDF5", "Jupyter", "Netron", "cores", "memory", "GPU", "data"):
        assert name in out


@pytest.mark.parametrize(
    ("name", "replacement", "part"),
    [
        ("sys.version_info", (3, 9, 1), "3.10 to 3.13"),
        ("minigpt.commands.doctor.memory_gb", lambda: 0.5, "close other programs"),
        ("minigpt.show.netron_page.days_left", lambda folder: -1, "install --upgrade"),
    ],
)
def test_doctor_names_the_fix(name, replacement, part, monkeypatch):
    monkeypatch.setattr(name, replacement)
    fixes = " ".join(check().fix for check in (doctor.check_python, doctor.check_memory, doctor.check_netron))
    assert part in fixes


def test_doctor_survives_what_it_did_not_foresee():
    def check_bones():
        raise RuntimeError("broken\nin two")

    finding = doctor.examine(check_bones)
    assert finding.name == "bones"
    assert finding.fix
    assert "broken" in finding.found


@pytest.mark.slow
def test_a_closed_pipe_is_no_traceback(run_folder):
    command = f'"{sys.executable}" -m minigpt generate "{run_folder}" --max-new-tokens 2000 | head -c 3'
    done = subprocess.run(command, shell=True, capture_output=True, text=True, env=os.environ)
    assert len(done.stdout) == 3
    assert "Traceback" not in done.stderr, done.stderr
