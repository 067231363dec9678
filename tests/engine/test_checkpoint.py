"""Checkpoints: a training that was killed goes on to the same losses as an unbroken one."""

import json
import os
import shutil
import signal

import keras
import numpy as np
import pytest
from helpers import light_model, run_python, tiny_model

from minigpt import create_dataset, train_model
from minigpt.engine.checkpoint import discard, unfinished
from minigpt.engine.files import LOCK, locked
from minigpt.errors import TrainingError

EPOCHS = 4


def assert_same(history, expected):
    assert history.history.keys() == expected.history.keys()
    for name, values in expected.history.items():
        assert history.history[name] == pytest.approx(values, rel=1e-5), name


def train(folder, windows, epochs=EPOCHS, callbacks=(), fields=None, **options):
    keras.utils.set_random_seed(5)
    model = light_model() if fields is None else tiny_model(**fields)
    history = train_model(model, *windows, epochs=epochs, checkpoint=folder, callbacks=callbacks, progress=False, **options)
    return model, history


def assert_one_checkpoint(folder):
    """The folder holds progress.json, the weights that it names, and nothing else."""
    assert set(os.listdir(folder)) == {"progress.json", json.loads((folder / "progress.json").read_text())["weights"]}


class Interrupt(keras.callbacks.Callback):
    """A student presses Ctrl-C in the second step of the third epoch."""

    def on_train_batch_end(self, batch, logs=None):
        if self.model.optimizer.iterations > 2 * 6 + 1:
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def unbroken(small_windows, tmp_path_factory):
    return train(tmp_path_factory.mktemp("unbroken"), small_windows)


@pytest.mark.parametrize("broken_after", [1, 3])
def test_more_epochs_go_on_to_the_same_losses(tmp_path, small_windows, unbroken, broken_after):
    train(tmp_path, small_windows, epochs=broken_after)
    model, history = train(tmp_path, small_windows)
    assert_same(history, unbroken[1])
    assert history.epoch == [0, 1, 2, 3]
    for weight, expected in zip(model.get_weights(), unbroken[0].get_weights(), strict=True):
        np.testing.assert_allclose(weight, expected, atol=1e-5)


def test_a_checkpoint_changes_nothing_of_the_training(small_windows, unbroken):
    assert_same(train(None, small_windows)[1], unbroken[1])


@pytest.mark.slow
def test_an_interrupted_epoch_is_done_again(tmp_path, small_windows, unbroken):
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, small_windows, callbacks=[Interrupt()])
    assert json.loads((tmp_path / "progress.json").read_text())["epochs"] == 2
    assert_same(train(tmp_path, small_windows)[1], unbroken[1])


KILLED = """
import os, signal, sys
import keras, numpy as np
sys.path[:0] = [sys.argv[2], os.path.dirname(sys.argv[2])]
import test_checkpoint as t
import minigpt

class Kill(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if self.model.optimizer.iterations > 2 * 6 + 3:
            os.kill(os.getpid(), signal.SIGKILL)

windows = minigpt.create_dataset(np.random.default_rng(0).integers(1, 20, 200), 12)
t.train(sys.argv[1], windows, callbacks=[Kill()])
"""


@pytest.mark.slow
def test_a_kill_in_the_middle_of_an_epoch(tmp_path, small_windows, unbroken):
    done = run_python(KILLED, tmp_path, os.path.dirname(__file__))
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert json.loads((tmp_path / "progress.json").read_text())["epochs"] == 2
    assert_same(train(tmp_path, small_windows)[1], unbroken[1])


class Killed(BaseException):
    """Nothing catches it, as nothing catches a SIGKILL."""


@pytest.mark.parametrize("step", range(5))
@pytest.mark.slow
def test_a_kill_while_the_checkpoint_is_written(tmp_path, small_windows, unbroken, monkeypatch, step):
    train(tmp_path, small_windows, epochs=1)
    calls = iter(range(100))

    def killing(function):
        def call(*arguments, **options):
            if next(calls) == step:
                raise Killed
            return function(*arguments, **options)

        return call

    with monkeypatch.context() as patch:
        for owner, name in ((os, "replace"), (os, "fsync"), (keras.Model, "save_weights")):
            patch.setattr(owner, name, killing(getattr(owner, name)))
        with pytest.raises(Killed):
            train(tmp_path, small_windows)
    assert_same(train(tmp_path, small_windows)[1], unbroken[1])
    assert_one_checkpoint(tmp_path)


def test_a_finished_training_gives_its_weights_and_losses_again(tmp_path, small_windows):
    first, history = train(tmp_path, small_windows, epochs=2)
    again, same = train(tmp_path, small_windows, epochs=2)
    assert_same(same, history)
    for weight, expected in zip(again.get_weights(), first.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, expected)


@pytest.mark.slow
def test_an_exploded_training_leaves_the_last_good_epoch(tmp_path, small_windows):
    train(tmp_path, small_windows, epochs=1)

    class Explode(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            self.model.trainable_variables[0].assign(self.model.trainable_variables[0] * np.nan)

    with pytest.raises(TrainingError, match="loss is NaN"):
        train(tmp_path, small_windows, callbacks=[Explode()])
    model, history = train(tmp_path, small_windows, epochs=1)
    assert np.isfinite(history.history["loss"][0]) and np.isfinite(model.get_weights()[0]).all()


def test_the_learning_rate_that_is_given_is_the_one_that_is_used(tmp_path, small_windows):
    train(tmp_path, small_windows, epochs=1, learning_rate=1e-2)
    try:
        model, _ = train(tmp_path, small_windows, epochs=2, learning_rate=1e-4)
    except TrainingError:  # to call it another training is right too
        return
    assert float(model.optimizer.learning_rate) == pytest.approx(1e-4)


@pytest.fixture(scope="module")
def tiny_checkpoint(tmp_path_factory, small_windows):
    folder = tmp_path_factory.mktemp("tiny")
    train(folder, small_windows, epochs=1, fields={})
    return folder


OTHERS = {
    "another text": {"windows": create_dataset([1, 2, 3, 4] * 50, 12)},
    "another seed": {"seed": 9},
    "another batch size": {"batch_size": 16},
    "another width": {"fields": {"embed_dim": 32}},
    "another activation": {"fields": {"activation": "relu"}},
    "another mask": {"fields": {"causal": False}},
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS.keys())
def test_the_checkpoint_of_another_training_is_refused(tiny_checkpoint, small_windows, other):
    before = (tiny_checkpoint / "progress.json").read_bytes()
    with pytest.raises(TrainingError, match="another training"):  # one epoch is finished: nothing would be trained
        train(tiny_checkpoint, **{"windows": small_windows, "epochs": 1, "fields": {}, **other})
    assert (tiny_checkpoint / "progress.json").read_bytes() == before


@pytest.mark.parametrize("content", [b"{", b"[]", b"{}", b"\xff\xfe", b""])
def test_a_damaged_or_foreign_progress_file(tmp_path, small_windows, content):
    (tmp_path / "progress.json").write_bytes(content)
    with pytest.raises(TrainingError) as error:
        train(tmp_path, small_windows, epochs=1)
    assert str(tmp_path) in str(error.value)


def test_lost_or_truncated_weights(tmp_path, small_windows):
    train(tmp_path, small_windows, epochs=1)
    (weights,) = tmp_path.glob("*.weights.h5")
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(TrainingError, match="checkpoint"):
        train(tmp_path, small_windows)
    weights.unlink()
    with pytest.raises(TrainingError, match="checkpoint"):
        train(tmp_path, small_windows)


def test_a_file_in_place_of_the_folder(tmp_path, small_windows):
    (tmp_path / "taken").write_text("")
    with pytest.raises(TrainingError, match="another folder"):
        train(tmp_path / "taken", small_windows, epochs=1)


def test_only_what_minigpt_wrote_is_deleted(tmp_path, small_windows):
    mine = {name: name.encode() for name in ("thesis.weights.h5", "epoch_1.weights.h5", "minigpt_1.weights.h5", "notes.txt")}
    for name, content in mine.items():
        (tmp_path / name).write_bytes(content)
    train(tmp_path, small_windows, epochs=1)
    train(tmp_path, small_windows, epochs=3)
    discard(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == mine


def test_a_list_of_strangers_files_is_not_believed(tmp_path, small_windows):
    (tmp_path / "thesis.weights.h5").write_text("mine")
    folder = tmp_path / "checkpoint"
    train(folder, small_windows, epochs=1)
    progress = json.loads((folder / "progress.json").read_text())
    for name in ("../thesis.weights.h5", str(tmp_path / "thesis.weights.h5"), "notes.txt"):
        (folder / "progress.json").write_text(json.dumps({**progress, "files": [*progress["files"], name]}))
        discard(folder)
        assert unfinished(folder) is None and (folder / "progress.json").exists()
        with pytest.raises(TrainingError, match="does not write"):
            train(folder, small_windows)
    assert (tmp_path / "thesis.weights.h5").read_text() == "mine"


def test_a_checkpoint_is_found_and_discarded(tmp_path, small_windows):
    folder = tmp_path / "checkpoint"
    assert unfinished(folder) is None
    discard(folder)
    assert not folder.exists()
    train(folder / "dialogue", small_windows, epochs=1)
    train(folder / "story", small_windows, epochs=2)
    assert unfinished(folder / "story") == 2 and unfinished(folder) == 3
    discard(folder)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("content", ["{", "[]", '{"epochs": 3}', '{"epochs": true, "weights": "a", "training": 1}'])
def test_a_progress_file_of_another_program_stays(tmp_path, content):
    (tmp_path / "progress.json").write_text(content)
    assert unfinished(tmp_path) is None
    discard(tmp_path)
    assert (tmp_path / "progress.json").read_text() == content


def test_the_checkpoint_of_the_version_before_is_taken_over(tmp_path, small_windows, unbroken):
    train(tmp_path, small_windows, epochs=2)
    progress = json.loads((tmp_path / "progress.json").read_text())
    (tmp_path / progress["weights"]).rename(tmp_path / "epoch_2.weights.h5")
    del progress["files"]
    (tmp_path / "progress.json").write_text(json.dumps({**progress, "weights": "epoch_2.weights.h5"}))
    assert unfinished(tmp_path) == 2
    assert_same(train(tmp_path, small_windows)[1], unbroken[1])
    assert_one_checkpoint(tmp_path)


def test_a_link_is_told(tmp_path, small_windows):
    (tmp_path / "elsewhere").mkdir()
    for name, target in (("link", "elsewhere"), ("dangling", "nowhere")):
        (tmp_path / name).symlink_to(tmp_path / target)
        with pytest.raises(TrainingError, match=r"it is a link\): use another folder"):
            train(tmp_path / name, small_windows, epochs=1)
        discard(tmp_path / name)
    assert sorted(os.listdir(tmp_path)) == ["dangling", "elsewhere", "link"]


def test_a_second_training_into_the_folder_is_told_at_once(tmp_path, small_windows):
    class Second(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            assert (tmp_path / LOCK).exists()
            for second in (lambda: train(tmp_path, small_windows), lambda: discard(tmp_path)):
                with pytest.raises(TrainingError, match=f"another process is saving or training in {tmp_path}"):
                    second()

    train(tmp_path, small_windows, epochs=2, callbacks=[Second()])
    assert_one_checkpoint(tmp_path)


def test_the_folder_is_free_again_after_an_interruption(tmp_path, small_windows):
    with pytest.raises(KeyboardInterrupt) as held:  # a notebook holds on to the traceback, and so to all that is in it
        train(tmp_path, small_windows, callbacks=[Interrupt()])
    train(tmp_path, small_windows, epochs=3)
    assert_one_checkpoint(tmp_path)
    del held


def test_a_full_disk_is_told_and_the_epoch_before_is_kept(tmp_path, small_windows, monkeypatch, unbroken):
    train(tmp_path, small_windows, epochs=2)
    usage = shutil.disk_usage(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
        patch.setattr(keras.Model, "save_weights", lambda *_: pytest.fail("HDF5 would crash the process"))
        with pytest.raises(TrainingError, match=r"epoch 3 .*1 MB are needed.*goes on with epoch 3") as error:
            train(tmp_path, small_windows)
        assert "\n" not in str(error.value)
    assert unfinished(tmp_path) == 2
    assert_same(train(tmp_path, small_windows)[1], unbroken[1])


def test_a_training_that_finished_no_epoch_is_in_nobodys_way(tmp_path, small_windows, monkeypatch, unbroken):
    with monkeypatch.context() as patch:
        patch.setattr(keras.Model, "save_weights", killed)
        with pytest.raises(Killed):
            train(tmp_path, small_windows, seed=9)
    assert unfinished(tmp_path) is None
    assert_same(train(tmp_path, small_windows)[1], unbroken[1])
    assert_one_checkpoint(tmp_path)


def killed(*_, **__):
    raise Killed


SIGKILLED = """
import os, signal, sys
import keras, numpy as np
sys.path[:0] = [sys.argv[2], os.path.dirname(sys.argv[2])]
import test_checkpoint as t
import minigpt
write = keras.Model.save_weights

def killed(model, path):
    write(model, path)
    if model.optimizer.iterations > 2 * 6:
        os.truncate(path, 1000)
        os.kill(os.getpid(), signal.SIGKILL)

keras.Model.save_weights = killed
windows = minigpt.create_dataset(np.random.default_rng(0).integers(1, 20, 200), 12)
t.train(sys.argv[1], windows)
"""


@pytest.mark.slow
def test_a_real_kill_during_a_checkpoint(tmp_path, small_windows, unbroken):
    done = run_python(SIGKILLED, tmp_path, os.path.dirname(__file__))
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert len(list(tmp_path.glob("*.weights.h5"))) == 2 and unfinished(tmp_path) == 2
    with locked(tmp_path, "looking"):
        pass  # the system has released the lock of the killed process
    assert_same(train(tmp_path, small_windows)[1], unbroken[1])
    assert_one_checkpoint(tmp_path)
