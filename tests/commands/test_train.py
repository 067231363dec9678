"""`minigpt train`: a text or a dialogue; every option works or is refused; what was interrupted is offered, never deleted."""

import signal
import subprocess
import sys
import time

import pytest

import minigpt
from minigpt import cli
from minigpt.chat import fine_tuning, hold_out_phrasings, read_dialogue
from minigpt.chat.saved_runs import read_about
from minigpt.commands import train
from minigpt.engine.checkpoint import unfinished

TEXT = "the cat sat on the mat and the dog sat on the log . " * 12
SIZES = ["--embed-dim", "16", "--num-heads", "2", "--num-layers", "1", "--ff-dim", "32", "--max-seq-length", "8"]
STORY = "Ada lives in a red house by the sea. It is old. " * 3
QUESTIONS = "Q: Where does Ada live?\nQ: In what house does Ada live?\nA: Ada lives in a red house.\n"


@pytest.fixture
def files(tmp_path):
    """A text, a story and its questions; and a folder for the run that is not there yet."""
    for name, text in (("text.txt", TEXT), ("story.txt", STORY), ("questions.txt", QUESTIONS)):
        (tmp_path / name).write_text(text)
    return tmp_path


def run(files, *words):
    """`minigpt train` into files/run."""
    return cli.main(["train", "--out", str(files / "run"), *map(str, words)])


def assistant(files, *words):
    """`minigpt train --dialogue` of the small story, with a small model."""
    sizes = [*SIZES[:-1], "32"]
    return run(files, files / "story.txt", "--dialogue", "--questions", files / "questions.txt", *sizes, *words)


@pytest.fixture
def eagerly():
    """Without graphs: one step is not worth the seconds that it takes to make one."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture
def interrupted(files, eagerly, monkeypatch, capsys):
    """The files, after Ctrl-C in the second epoch of a training."""

    def stop(self, epoch, logs=None):
        if epoch == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(minigpt.SampleText, "on_epoch_begin", stop)
        assert run(files, files / "text.txt", "--epochs", 3, *SIZES) == cli.INTERRUPTED
    assert "--resume" in capsys.readouterr().out
    return files


def test_train_looks_first_and_then_trains_saves_and_speaks(tmp_path, capsys):
    text = tmp_path / "mine.txt"
    text.write_text(TEXT)
    out = tmp_path / "run"
    assert cli.main(["train", str(text), "--out", str(out), "--epochs", "2", *SIZES]) == cli.OK
    printed = capsys.readouterr().out
    for part in ("different", "vocabulary", "windows", "epochs", "note: the text is short", "epoch 2/2", "it says", "saved in"):
        assert part in printed, f"`minigpt train` did not say {part!r}:\n{printed}"
    assert not (out / train.CHECKPOINT).exists(), "the training is done: nothing is left to go on with"
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
    while not unfinished(out / train.CHECKPOINT) and process.poll() is None and time.monotonic() < give_up:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    printed, errors = process.communicate(timeout=120)
    assert process.returncode == cli.INTERRUPTED, errors
    assert "--resume" in printed
    assert "Traceback" not in errors
    assert not (out / "model.h5").exists()
    assert {path.suffix for path in (out / train.CHECKPOINT).iterdir() if "writing" not in path.name} <= {".json", ".h5"}


def test_look_works_for_a_dialogue_too(files, capsys):
    assert assistant(files, "--look", "--batch-size", 1) == cli.OK
    output = capsys.readouterr().out
    assert "1 answers, 2 questions to train on" in output and "model: 1 layers, 16 wide" in output
    assert not (files / "run").exists()


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (["--dialogue", "--validation-split", 0], "--validation-split cannot be used with --dialogue"),
        (["--dialogue", "--num-words", 9], "--num-words cannot be used with --dialogue"),
        (["--dialogue", "--keep-punctuation"], "--keep-punctuation cannot be used with --dialogue"),
        (["--dialogue", "--prompt", ""], "--prompt cannot be used with --dialogue"),
        (["--dialogue", "--preset", "lecture"], "--preset lecture cannot be used with --dialogue"),
        (
            ["--dialogue", "--max-seq-length", 20],
            "--max-seq-length 20 is too small: the longest question with its answer has 29",
        ),
        (["text.txt", "--questions", "q.txt"], "--questions is for an assistant: add --dialogue"),
        (["text.txt", "--lora-rank", 2], "--lora-rank is for an assistant: add --dialogue"),
        (["text.txt", "--dialogue"], "--questions FILE"),
    ],
)
def test_an_option_that_would_change_nothing_is_refused_by_name(words, option, files, capsys):
    assert run(files, *words, "--look") == cli.FAILED
    error = capsys.readouterr().err
    assert option in error and len(error.splitlines()) == 1
    assert not (files / "run").exists()


def test_the_presets_and_sizes_work_for_a_dialogue(files, capsys):
    for words, shape in (
        ([], "2 layers, 128 wide"),
        (["--preset", "quick", "--num-layers", 3], "3 layers, 128 wide"),
        (["--preset", "class"], "4 layers, 256 wide"),
    ):
        assert run(files, "--dialogue", "--look", *words) == cli.OK
        assert shape in capsys.readouterr().out


def test_an_interrupted_training_is_offered_and_resumed(interrupted, capsys):
    weights = [path.read_bytes() for path in sorted((interrupted / "run" / "checkpoint").glob("*.h5"))]
    assert run(interrupted, interrupted / "text.txt", "--epochs", 3, *SIZES) == cli.FAILED
    error = capsys.readouterr().err
    assert "interrupted after 1 epoch:" in error and "--resume" in error and "--restart" in error
    assert len(error.splitlines()) == 1
    assert weights == [path.read_bytes() for path in sorted((interrupted / "run" / "checkpoint").glob("*.h5"))]

    assert run(interrupted, interrupted / "text.txt", "--epochs", 3, *SIZES, "--resume") == cli.OK
    output = capsys.readouterr().out
    assert "going on after epoch 1" in output and "epoch 1/3" not in output and "epoch 3/3" in output
    assert not (interrupted / "run" / "checkpoint").exists()


def test_restart_begins_anew_and_deletes_nothing_of_the_users(interrupted, capsys):
    thesis = interrupted / "run" / "checkpoint" / "thesis.txt"
    thesis.write_text("three years of work")
    mine = thesis.with_name("mine.h5")
    mine.write_text("weights of mine")
    assert run(interrupted, interrupted / "text.txt", "--epochs", 1, *SIZES, "--restart") == cli.OK
    assert "epoch 1/1" in capsys.readouterr().out
    assert thesis.read_text() == "three years of work" and mine.read_text() == "weights of mine"
    assert sorted(path.name for path in thesis.parent.iterdir()) == ["mine.h5", "thesis.txt"]


def test_resume_without_anything_to_resume_says_so(files, eagerly, capsys):
    assert run(files, files / "text.txt", "--epochs", 1, *SIZES, "--resume") == cli.OK
    assert "holds no interrupted training" in capsys.readouterr().out


def test_a_checkpoint_that_is_a_file_is_told(files, capsys):
    (files / "run").mkdir()
    (files / "run" / "checkpoint").write_text("mine")
    assert run(files, files / "text.txt", "--epochs", 1, *SIZES) == cli.FAILED
    assert "checkpoint is a file or a link" in capsys.readouterr().err
    assert (files / "run" / "checkpoint").read_text() == "mine"


LOCK = """
import sys, time
from minigpt.engine.files import locked
with locked(sys.argv[1], "training"):
    print("locked", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("train_it", [lambda files: run(files, files / "text.txt", *SIZES), assistant])
def test_the_second_training_into_a_folder_is_told(train_it, files, capsys):
    first = subprocess.Popen([sys.executable, "-c", LOCK, files / "run" / "checkpoint"], stdout=subprocess.PIPE, text=True)
    try:
        assert first.stdout.readline() == "locked\n"
        assert train_it(files) == cli.FAILED
        error = capsys.readouterr().err
        assert "another process is" in error and len(error.splitlines()) == 1
    finally:
        first.kill()
        first.communicate()


def test_a_story_and_questions_of_ones_own_become_a_run(files, eagerly, capsys):
    assert assistant(files, "--epochs", 1, "--batch-size", 1, "--learning-rate", 0.001) == cli.OK
    output = capsys.readouterr().out
    assert "epoch 1/1" in output and "exact answers, new phrasings" in output and f"minigpt chat {files / 'run'}" in output
    assert "2 steps an epoch" in output, "two questions, one a batch"
    model, tokenizer = minigpt.load_gpt(files / "run")
    assert model.get_layer("token_embedding").output_dim == 16
    assert tokenizer.unknown_words("sea <user> where") == []
    assert read_about(files / "run")["examples"] == ["Where does Ada live?"]
    assert not (files / "run" / "checkpoint").exists(), "the training is done: nothing is left to go on with"


def test_batch_size_and_learning_rate_reach_both_parts_of_a_dialogue(files, monkeypatch):
    given = []
    for name in ("train_model", "fine_tune"):
        monkeypatch.setattr(
            fine_tuning, name, lambda *args, **options: given.append((options["batch_size"], options["learning_rate"]))
        )
    facts = hold_out_phrasings(read_dialogue(files / "questions.txt"))
    fine_tuning.train_dialogue(STORY, facts, batch_size=5, learning_rate=0.5, progress=False)
    assert given == [(5, 0.5), (5, 0.5)]


def test_a_badly_formed_line_stops_it_before_anything_is_trained(files, capsys):
    (files / "questions.txt").write_text(QUESTIONS + "\nWhere?\n")
    assert assistant(files) == cli.FAILED
    assert "line 5" in capsys.readouterr().err
    assert not (files / "run").exists()
