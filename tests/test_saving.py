"""save_gpt and load_gpt: all or nothing, the same in a fresh process, and a clear word about what is no saved GPT."""

import json
import os
import shutil
import signal

import keras
import numpy as np
import pytest
from helpers import TINY, WORDS, random_weights, run_python, tiny_model
from keras import layers

import minigpt
from minigpt import GPTConfig, WordTokenizer, load_gpt, save_gpt, train_model
from minigpt.errors import SavedModelError

FILES = {"model.h5", "tokenizer.json", "tokenizer.pkl", "config.json"}
IDS = np.array([[3, 1, 4, 1, 5]])


def answers(model):
    return keras.ops.convert_to_numpy(model(IDS, training=False))


@pytest.fixture(scope="module")
def models():
    """An old model and a new one."""
    return random_weights(tiny_model(), 1), random_weights(tiny_model(), 2)


@pytest.fixture(scope="module")
def saved_once(tmp_path_factory, models, small_tokenizer):
    return save_gpt(tmp_path_factory.mktemp("saved") / "run", models[0], small_tokenizer)


@pytest.fixture
def run(tmp_path, saved_once):
    """A folder with the old model, to be damaged."""
    return shutil.copytree(saved_once, tmp_path / "run")


def test_the_folder_has_these_files_and_no_others(run, models):
    assert set(os.listdir(run)) == FILES
    saved = json.loads((run / "config.json").read_text())
    assert GPTConfig(**saved["config"]) == GPTConfig(**TINY)
    assert {"minigpt", "keras", "tensorflow", "python"} <= set(saved["versions"])
    assert saved["versions"]["minigpt"] == minigpt.__version__


def test_the_optimizer_is_left_out(tmp_path, small_tokenizer, small_windows):
    model = tiny_model()
    save_gpt(tmp_path / "before", model, small_tokenizer)
    train_model(model, *small_windows, epochs=1, progress=False)
    save_gpt(tmp_path / "after", model, small_tokenizer)
    sizes = [(tmp_path / name / "model.h5").stat().st_size for name in ("before", "after")]
    assert sizes[1] < 1.2 * sizes[0]


def test_it_comes_back_and_trains_on(run, models, small_windows):
    model, tokenizer = load_gpt(str(run))
    np.testing.assert_allclose(answers(model), answers(models[0]), atol=1e-6)
    assert tokenizer.encode("w1 w2 zork") == [3, 4, 1]
    history = train_model(model, *small_windows, epochs=1, progress=False)
    assert np.isfinite(history.history["loss"][0])


FRESH = """
import sys
import numpy as np
run, expected, order = sys.argv[1], np.load(sys.argv[2]), sys.argv[3]
if order == "minigpt first":
    import minigpt
    from keras.models import load_model
else:
    import keras
    import minigpt
    from tensorflow.keras.models import load_model
ids = np.array([[3, 1, 4, 1, 5]])
plain = load_model(run + "/model.h5")
np.testing.assert_allclose(np.asarray(plain(ids)), expected, atol=1e-6)
model, tokenizer = minigpt.load_gpt(run)
np.testing.assert_allclose(np.asarray(model(ids)), expected, atol=1e-6)
assert minigpt.generate_text(model, tokenizer, "w1", 3, temperature=0) == sys.argv[4]
if order == "minigpt first":
    x, y = minigpt.create_dataset([2, 3, 4, 5] * 8, 6)
    assert len(minigpt.train_model(model, x, y, epochs=1, progress=False).history["loss"]) == 1
print("fine")
"""


@pytest.mark.parametrize("order", ["minigpt first", "keras first"])
def test_a_fresh_process_gives_the_same_probabilities(tmp_path, saved_once, models, small_tokenizer, order):
    np.save(tmp_path / "expected.npy", answers(models[0]))
    said = minigpt.generate_text(models[0], small_tokenizer, "w1", 3, temperature=0)
    done = run_python(FRESH, saved_once, tmp_path / "expected.npy", order, said)
    assert done.stdout.strip() == "fine", done.stderr


def test_other_files_are_left_alone(run, models, small_tokenizer):
    (run / "notes.txt").write_text("mine")
    (run / "sub").mkdir()
    save_gpt(run, models[1], small_tokenizer)
    assert set(os.listdir(run)) == FILES | {"notes.txt", "sub"}
    np.testing.assert_allclose(answers(load_gpt(run)[0]), answers(models[1]), atol=1e-6)


class Killed(BaseException):
    """Nothing catches it, as nothing catches a SIGKILL."""


def step_by_step(monkeypatch, step, error):
    """Make the step-th of the calls that touch the disk fail with `error`."""
    calls = iter(range(1000))

    def failing(function):
        def call(*arguments, **options):
            if next(calls) == step:
                raise error
            return function(*arguments, **options)

        return call

    import pathlib

    for owner, name in (
        (os, "replace"),
        (os, "fsync"),
        (keras.Model, "save"),
        (pathlib.Path, "rename"),
        (pathlib.Path, "mkdir"),
        (pathlib.Path, "write_bytes"),
        (pathlib.Path, "write_text"),
        (pathlib.Path, "rmdir"),
    ):
        monkeypatch.setattr(owner, name, failing(getattr(owner, name)))


@pytest.mark.parametrize(
    "error", [Killed(), KeyboardInterrupt(), OSError(28, "No space left on device")], ids=lambda e: type(e).__name__
)
@pytest.mark.slow
def test_a_save_that_is_cut_off_at_any_step_leaves_one_whole_model(run, models, small_tokenizer, monkeypatch, error):
    (run / "notes.txt").write_text("mine")
    new_tokenizer = WordTokenizer().fit(" ".join(reversed(WORDS.split())))
    original = shutil.copytree(run, run.parent / "original")
    outcomes = []
    for step in range(60):
        shutil.rmtree(run)
        shutil.copytree(original, run)
        with monkeypatch.context() as patch:
            step_by_step(patch, step, error)
            try:
                save_gpt(run, models[1], new_tokenizer)
                break
            except (Killed, KeyboardInterrupt, SavedModelError) as raised:
                assert "\n" not in str(raised)
        model, tokenizer = load_gpt(run)
        first_word = tokenizer.words[2]
        is_new = first_word == new_tokenizer.words[2]
        np.testing.assert_allclose(answers(model), answers(models[is_new]), atol=1e-6, err_msg=f"mixed after step {step}")
        assert (run / "notes.txt").read_text() == "mine"
        if not isinstance(error, Killed):
            assert set(os.listdir(run)) == FILES | {"notes.txt"}, f"half files after step {step}"
        outcomes.append(is_new)
    else:
        pytest.fail("the save never got through")
    assert outcomes == sorted(outcomes) and not outcomes[0] and len(outcomes) > 8, outcomes
    save_gpt(run, models[1], new_tokenizer)
    assert set(os.listdir(run)) == FILES | {"notes.txt"}, "a later save clears away what a killed one has left"


SIGKILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
from helpers import WORDS, random_weights, tiny_model
import minigpt
model, tokenizer = random_weights(tiny_model(), 2), minigpt.WordTokenizer().fit(WORDS)
real = os.replace

def replace(source, target):
    real(source, target)
    os.kill(os.getpid(), signal.SIGKILL)

os.replace = replace
minigpt.save_gpt(sys.argv[1], model, tokenizer)
"""


@pytest.mark.slow
def test_a_real_kill_among_the_last_moves_leaves_the_new_model(run, models):
    done = run_python(SIGKILLED, run, os.path.dirname(__file__))
    assert done.returncode == -signal.SIGKILL, done.stderr
    np.testing.assert_allclose(answers(load_gpt(run)[0]), answers(models[1]), atol=1e-6)
    assert set(os.listdir(run)) == FILES


def test_a_folder_that_cannot_be_written(tmp_path, models, small_tokenizer):
    (tmp_path / "taken").write_text("a file")
    for folder in (tmp_path / "taken", tmp_path / "taken" / "below"):
        with pytest.raises(SavedModelError, match="cannot be saved"):
            save_gpt(folder, models[0], small_tokenizer)
    assert (tmp_path / "taken").read_text() == "a file"


@pytest.mark.parametrize("name", ["model.h5", "tokenizer.json", "config.json"])
@pytest.mark.parametrize("damage", ["missing", "empty", "truncated", "foreign"])
def test_a_damaged_file_is_named(run, name, damage):
    path = run / name
    content = path.read_bytes()
    path.unlink()
    if damage != "missing":
        foreign = b'{"a": 1}' if name.endswith("json") else b"\x89HDF no model"
        path.write_bytes({"empty": b"", "truncated": content[: len(content) // 2], "foreign": foreign}[damage])
    with pytest.raises(SavedModelError, match=name.replace(".", r"\.")) as error:
        load_gpt(run)
    assert "\n" not in str(error.value)


def test_the_pickle_is_for_the_class_and_may_be_missing(run, models):
    (run / "tokenizer.pkl").unlink()
    np.testing.assert_allclose(answers(load_gpt(run)[0]), answers(models[0]), atol=1e-6)


def test_a_folder_that_is_no_saved_gpt(tmp_path):
    with pytest.raises(SavedModelError, match="no folder"):
        load_gpt(tmp_path / "nosuch")
    with pytest.raises(SavedModelError, match="not a saved GPT"):
        load_gpt(tmp_path)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("change", [{"format": "2"}, {"format": None}, {"format": [1]}, {"versions": 3, "format": 99}])
def test_an_odd_description(run, change):
    saved = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps({**saved, **change}))
    with pytest.raises(SavedModelError, match=r"config\.json"):
        load_gpt(run)


def test_the_description_of_another_model(run):
    saved = json.loads((run / "config.json").read_text())
    saved["config"]["num_layers"] = 7
    saved["parameters"] *= 3
    (run / "config.json").write_text(json.dumps(saved))
    with pytest.raises(SavedModelError):
        load_gpt(run)


def test_other_versions(run, models):
    saved = json.loads((run / "config.json").read_text())
    older = {**saved, "versions": {**saved["versions"], "minigpt": "0.0.1", "keras": "3.0.0"}}
    (run / "config.json").write_text(json.dumps(older))
    np.testing.assert_allclose(answers(load_gpt(run)[0]), answers(models[0]), atol=1e-6)
    newer = {**saved, "format": 99, "versions": {**saved["versions"], "minigpt": "9.9"}}
    (run / "config.json").write_text(json.dumps(newer))
    with pytest.raises(SavedModelError, match=r"9\.9.*newer.*install it again from the folder"):
        load_gpt(run)


def test_a_tokenizer_that_does_not_fit_the_model(run, tmp_path, models, small_tokenizer):
    big = WordTokenizer().fit(WORDS + " and some more words")
    with pytest.raises(SavedModelError, match="24 ids but the model knows 20"):
        save_gpt(tmp_path / "new", models[0], big)
    assert not (tmp_path / "new").exists()
    big.save(run / "tokenizer.json")
    with pytest.raises(SavedModelError, match="24 ids but the model knows 20"):
        load_gpt(run)


def test_a_model_of_ones_own(tmp_path, small_tokenizer):
    model = keras.Sequential([keras.Input((None,)), layers.Embedding(20, 4), layers.Dense(20, activation="softmax")])
    save_gpt(tmp_path / "own", model, small_tokenizer)
    assert json.loads((tmp_path / "own" / "config.json").read_text())["config"] is None
    np.testing.assert_allclose(answers(load_gpt(tmp_path / "own")[0]), answers(model), atol=1e-6)


def test_a_subclassed_model_is_saved_or_refused_but_never_half(tmp_path, small_tokenizer):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.words, self.next_word = layers.Embedding(20, 8), layers.Dense(20, activation="softmax")

        def call(self, ids):
            return self.next_word(self.words(ids))

    model = Own()
    model(IDS)
    try:
        save_gpt(tmp_path / "own", model, small_tokenizer)
    except SavedModelError:
        assert not (tmp_path / "own").exists() or os.listdir(tmp_path / "own") == []


def test_saving_and_loading_say_nothing(tmp_path, models, small_tokenizer, capfd):
    save_gpt(tmp_path / "run", models[0], small_tokenizer)
    load_gpt(tmp_path / "run")
    assert capfd.readouterr() == ("", "")
