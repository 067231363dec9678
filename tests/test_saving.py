"""save_gpt and load_gpt: all or nothing, the same in a fresh process, and a clear word about what is no saved GPT."""

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from helpers import TINY, WORDS, random_weights, run_python, tiny_model
from keras import layers

import minigpt
from minigpt import GPTConfig, WordTokenizer, load_gpt, save_gpt, saving, train_model
from minigpt.engine.files import locked
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


def describe(run, **changes):
    """Change config.json; a field of None is taken out."""
    path = run / "config.json"
    saved = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({name: value for name, value in saved.items() if value is not None or name == "config"}))
    return saved


def as_format_1(run, **changes):
    """Make it a folder as minigpt 0.2 wrote it: without checksums."""
    return describe(run, format=1, sha256=None, **changes)


def sign(run):
    """Give config.json the checksums of the files as they are now, as whoever forges a model would."""
    sums = {name: hashlib.sha256((run / name).read_bytes()).hexdigest() for name in FILES - {"config.json"}}
    return describe(run, sha256=sums)


def told(run, match="."):
    """Load, and return the sentence that says why that is not possible."""
    with pytest.raises(SavedModelError, match=match) as error:
        load_gpt(run)
    assert "\n" not in str(error.value)
    return str(error.value)


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
    assert model.gpt_config == GPTConfig(**TINY)
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

    for owner, name in (
        (os, "replace"),
        (os, "fsync"),
        (keras.Model, "save"),
        (Path, "rename"),
        (Path, "mkdir"),
        (Path, "write_bytes"),
        (Path, "write_text"),
        (Path, "rmdir"),
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
    as_format_1(run)  # which has no checksums
    with pytest.raises(SavedModelError, match=r"24 ids, and config\.json says 20"):
        load_gpt(run)
    as_format_1(run, vocab_size=24)
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


# ---- damage and mixtures


@pytest.mark.parametrize("name", ["model.h5", "tokenizer.json", "tokenizer.pkl"])
def test_each_flipped_bit_is_told(run, name):
    content = (run / name).read_bytes()
    rng = random.Random(0)
    for position in [rng.randrange(8 * len(content)) for _ in range(50)]:
        flipped = bytearray(content)
        flipped[position // 8] ^= 1 << position % 8
        (run / name).write_bytes(flipped)
        assert name in told(run, "damaged")
    (run / name).write_bytes(content)
    load_gpt(run)


@pytest.fixture(scope="module")
def three_runs(tmp_path_factory):
    """Three models of one shape with three tokenizers of one size: only a checksum tells their files apart."""
    folder, words = tmp_path_factory.mktemp("three"), WORDS.split()
    for number in range(3):
        tokenizer = WordTokenizer().fit(" ".join(words[number:] + words[:number]))
        save_gpt(folder / str(number), random_weights(tiny_model(), number), tokenizer)
    return folder


@pytest.mark.parametrize("name", ["model.h5", "tokenizer.json", "tokenizer.pkl", "config.json"])
def test_a_file_of_another_run_is_told(three_runs, tmp_path, name):
    for number in range(3):
        run = shutil.copytree(three_runs / str(number), tmp_path / str(number))
        load_gpt(run)
        shutil.copy(three_runs / str((number + 1) % 3) / name, run / name)
        told(run, "copied from another model")


def test_a_folder_of_the_version_before_loads_and_is_checked_as_far_as_it_can_be(run, models):
    as_format_1(run)
    model, tokenizer = load_gpt(run)
    np.testing.assert_allclose(answers(model), answers(models[0]), atol=1e-6)
    assert model.gpt_config == GPTConfig(**TINY) and tokenizer.vocab_size == 20
    as_format_1(run, vocab_size=19)
    told(run, "20 ids")
    as_format_1(run, vocab_size=20, config={**TINY, "embed_dim": 8})
    told(run, "the weights in .* are not those")


SAVES_IN_A_LOOP = """
import os, sys, time
sys.path.insert(0, sys.argv[3])
from helpers import WORDS, random_weights, tiny_model
import minigpt
run, seed, words = sys.argv[1], int(sys.argv[2]), WORDS.split()
model = random_weights(tiny_model(), seed)
tokenizer = minigpt.WordTokenizer().fit(" ".join(words[seed:] + words[:seed]))
print("ready", flush=True)
until, saves = time.time() + 4, 0
while time.time() < until:
    minigpt.save_gpt(run, model, tokenizer)
    saves += 1
print(saves)
"""


@pytest.mark.slow
def test_two_savers_and_a_loader_never_see_a_mixture(tmp_path, small_tokenizer):
    run = save_gpt(tmp_path / "run", random_weights(tiny_model(), 0), small_tokenizer)
    arguments = [sys.executable, "-c", SAVES_IN_A_LOOP, run]
    savers = [
        subprocess.Popen([*arguments, str(seed), os.path.dirname(__file__)], stdout=subprocess.PIPE, text=True)
        for seed in (1, 2)
    ]
    for saver in savers:
        assert saver.stdout.readline() == "ready\n"
    expected = [answers(random_weights(tiny_model(), seed)) for seed in range(3)]
    loads = set()
    while any(saver.poll() is None for saver in savers):
        model, tokenizer = load_gpt(run)
        seed = int(tokenizer.words[2][1:])
        np.testing.assert_allclose(answers(model), expected[seed], atol=1e-6, err_msg="a mixture")
        loads.add(seed)
    counts = [int(saver.communicate()[0]) for saver in savers]
    assert [saver.returncode for saver in savers] == [0, 0] and min(counts) > 0 and {1, 2} & loads
    assert set(os.listdir(run)) == FILES


def test_a_second_save_waits_and_is_told_when_it_takes_too_long(run, models, small_tokenizer, monkeypatch):
    monkeypatch.setattr("minigpt.engine.saved_files.WAIT", 0.1)
    with locked(run, "saving a model"):
        (run / ".minigpt.unfinished").mkdir()
        with pytest.raises(SavedModelError, match="another process is saving or training") as error:
            save_gpt(run, models[1], small_tokenizer)
        assert "\n" not in str(error.value)
        assert (run / ".minigpt.unfinished").is_dir(), "the files of the first save are not deleted by the second"
        np.testing.assert_allclose(answers(load_gpt(run)[0]), answers(models[0]), atol=1e-6)
    save_gpt(run, models[1], small_tokenizer)
    assert set(os.listdir(run)) == FILES


def test_the_rest_of_a_killed_save_is_read_where_nothing_can_be_written(run, models, small_tokenizer, tmp_path, monkeypatch):
    new = save_gpt(tmp_path / "new", models[1], small_tokenizer)
    (run / ".minigpt.complete").mkdir()
    for name in ("model.h5", "config.json"):  # the others were in place already when it was killed
        shutil.move(new / name, run / ".minigpt.complete" / name)
    for name in ("tokenizer.json", "tokenizer.pkl"):
        shutil.move(new / name, run / name)
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", raising(OSError(30, "Read-only file system")))
        np.testing.assert_allclose(answers(load_gpt(run)[0]), answers(models[1]), atol=1e-6)
    np.testing.assert_allclose(answers(load_gpt(run)[0]), answers(models[1]), atol=1e-6)
    assert set(os.listdir(run)) == FILES


# ---- files that somebody made to do harm


@pytest.fixture
def canary(tmp_path, monkeypatch):
    """A file that appears when the code in a model is run."""
    path = tmp_path / "canary"
    monkeypatch.setenv("CANARY", str(path))
    return path


def lambda_model():
    sing = keras.layers.Lambda(lambda x: (__import__("pathlib").Path(__import__("os").environ["CANARY"]).touch(), x)[1])
    ids = keras.Input((None,), dtype="int32")
    return keras.Model(ids, layers.Dense(20, activation="softmax")(sing(layers.Embedding(20, 4)(ids))))


def test_a_lambda_in_a_model_of_ones_own_is_refused(tmp_path, canary, small_tokenizer):
    run = save_gpt(tmp_path / "own", lambda_model(), small_tokenizer)
    canary.unlink()
    for format_1 in (False, True):
        if format_1:
            as_format_1(run)
        assert "class of your own" in told(run, "Lambda layer, which can run any program")
    assert not canary.exists()


def test_a_lambda_in_the_file_of_a_gpt_is_not_even_looked_at(run, tmp_path, canary, models):
    lambda_model().save(tmp_path / "bad.h5")
    canary.unlink()
    with h5py.File(tmp_path / "bad.h5") as bad, h5py.File(run / "model.h5", "r+") as good:
        good.attrs["model_config"] = bad.attrs["model_config"]
    sign(run)
    np.testing.assert_allclose(answers(load_gpt(run)[0]), answers(models[0]), atol=1e-6)
    assert not canary.exists()


@pytest.mark.parametrize("link", ["external", "soft", "storage", "virtual"])
@pytest.mark.parametrize("own", [False, True])
def test_a_link_in_a_model_file_is_not_followed(run, tmp_path, link, own, small_tokenizer):
    if own:
        model = keras.Sequential([keras.Input((None,)), layers.Embedding(20, 16, name="token_embedding"), layers.Dense(20)])
        save_gpt(run, model, small_tokenizer)
    with h5py.File(run / "model.h5", "r+") as file:
        found = []
        file.visititems(lambda name, item: found.append(name) if name.endswith("/embeddings") else None)
        shape = file[found[0]].shape
        with h5py.File(tmp_path / "secret.h5", "w") as secret:
            secret["numbers"] = np.full(shape, 7, "float32")
        np.full(shape, 7, "float32").tofile(tmp_path / "secret")
        del file[found[0]]
        if link == "external":
            file[found[0]] = h5py.ExternalLink(str(tmp_path / "secret.h5"), "/numbers")
        elif link == "soft":
            file["elsewhere"] = np.full(shape, 7, "float32")
            file[found[0]] = h5py.SoftLink("/elsewhere")
        elif link == "storage":
            size = 4 * int(np.prod(shape))
            file.create_dataset(found[0], shape, "float32", external=[(str(tmp_path / "secret"), 0, size)])
        else:
            layout = h5py.VirtualLayout(shape, "float32")
            layout[:] = h5py.VirtualSource(str(tmp_path / "secret.h5"), "numbers", shape)
            file.create_virtual_dataset(found[0], layout)
    sign(run)
    told(run, "was not followed")


@pytest.mark.parametrize(
    "sizes",
    [
        {"embed_dim": 100_000, "key_dim": 8},
        {"vocab_size": 10**9},
        {"ff_dim": 10**8},
        {"num_layers": 10**6},
        {"num_heads": 10**7, "key_dim": 8},
        {"key_dim": 10**30},
        {"max_seq_length": 10**9},
    ],
    ids=str,
)
@pytest.mark.parametrize("format_1", [False, True])
def test_impossible_sizes_are_refused_before_anything_is_built(run, sizes, format_1, monkeypatch):
    monkeypatch.setattr(saving, "build_gpt_model", raising(AssertionError("it was built")))
    describe(run, config={**TINY, **sizes})
    if format_1:
        as_format_1(run)
    assert "config.json" in told(run, "too large for model.h5")


# ---- nothing but sentences


@pytest.mark.parametrize(
    "fields",
    [
        {"colour": "blue"},
        {"embed_dim": "wide"},
        {"embed_dim": None},
        {"num_heads": 0},
        {"dropout": 7},
        {"norm": ["pre"]},
        {"activation": "loud"},
        {"causal": "yes"},
        {"key_dim": -1},
    ],
    ids=str,
)
def test_a_bad_config_is_told_with_its_field(run, fields):
    describe(run, config={**TINY, **fields})
    sentence = told(run, next(iter(fields)))
    assert "config.json" in sentence and "model.h5" not in sentence


@pytest.mark.parametrize("config", [{}, [1], "gpt", 3, {"vocab_size": {}}])
def test_a_config_that_is_no_config(run, config):
    describe(run, config=config)
    assert "config.json" in told(run)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"[" * 100_000, b'{"format": 1e999}', b"null", b"", b"\x00"])
def test_a_description_that_is_no_json(run, content):
    (run / "config.json").write_bytes(content)
    told(run, r"config\.json")


@pytest.mark.parametrize("missing", ["format", "versions", "config", "parameters", "vocab_size", "sha256"])
def test_a_description_that_lacks_something(run, missing):
    saved = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps({name: value for name, value in saved.items() if name != missing}))
    told(run, r"config\.json")


@pytest.mark.parametrize("content", ["[]", "3", '{"config": 3}', '{"config": {"word_index": "[1]"}}'])
def test_a_tokenizer_of_wrong_types(run, content):
    (run / "tokenizer.json").write_text(content)
    as_format_1(run)
    told(run, r"tokenizer\.json")


def raising(error):
    def fail(*_, **__):
        raise error

    return fail


def test_a_folder_that_may_not_be_read(run, monkeypatch):
    for name in ("open", "is_file", "is_dir"):
        with monkeypatch.context() as patch:
            patch.setattr(Path, name, raising(PermissionError(13, "Permission denied")))
            told(run, "Permission denied")


def test_paths_that_are_no_folders(run, tmp_path, models, small_tokenizer):
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    told(tmp_path / "dangling", "no folder")
    told(run / "model.h5", "is a file")
    told(run / "model.h5" / "below", "no folder")
    for folder in (tmp_path / "dangling", run / "model.h5"):
        with pytest.raises(SavedModelError, match="cannot be saved"):
            save_gpt(folder, models[0], small_tokenizer)
    load_gpt(run)
    (run / "model.h5").unlink()
    (run / "model.h5").symlink_to(tmp_path / "nowhere")
    told(run, r"model\.h5 is missing")
    (run / "model.h5").unlink()
    if hasattr(os, "mkfifo"):
        os.mkfifo(run / "model.h5")
        told(run, r"model\.h5 is missing")


def test_a_full_disk_and_one_that_cannot_be_written_are_told(run, models, small_tokenizer, monkeypatch):
    usage = shutil.disk_usage(run)
    for owner, name, what in [
        (shutil, "disk_usage", lambda _: usage._replace(free=1000)),
        (os, "open", raising(OSError(30, "Read-only file system"))),
    ]:
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, what)
            with pytest.raises(SavedModelError, match=r"1 MB are needed and 0 MB are free|Read-only file system") as error:
                save_gpt(run, models[1], small_tokenizer)
            assert "\n" not in str(error.value)
        assert set(os.listdir(run)) == FILES
        np.testing.assert_allclose(answers(load_gpt(run)[0]), answers(models[0]), atol=1e-6)


def test_what_could_be_saved_but_not_loaded_is_told_while_it_can_be_mended(tmp_path, small_tokenizer):
    from minigpt.beyond.lora import merge_lora, use_lora

    model = tiny_model()
    use_lora(model, 2)
    with pytest.raises(SavedModelError, match="merge_lora"):
        save_gpt(tmp_path / "run", model, small_tokenizer)
    with pytest.raises(SavedModelError, match=r"save_gpt\(folder, model, tokenizer\)"):
        save_gpt(tmp_path / "run", small_tokenizer, model)
    assert not (tmp_path / "run").exists()
    load_gpt(save_gpt(tmp_path / "run", merge_lora(model), small_tokenizer))
