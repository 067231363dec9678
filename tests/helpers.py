"""Small models and other helpers that many tests share."""

import subprocess
import sys

import numpy as np

TINY = {"vocab_size": 20, "max_seq_length": 12, "embed_dim": 16, "num_heads": 2, "ff_dim": 32, "num_layers": 1, "dropout": 0.0}
WORDS = " ".join(f"w{number}" for number in range(18))  # a vocabulary of 20 ids: padding, <OOV>, w0 … w17

PEAK_MEMORY = """
def peak_memory():  # bytes; on Linux. getrusage would begin with the peak of the process that started this one
    with open("/proc/self/status") as status:
        return next(1024 * int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
"""


def tiny_model(**fields):
    """A GPT that is built in a moment; the fields given replace those of TINY."""
    import minigpt

    return minigpt.build_gpt_model(minigpt.GPTConfig(**{**TINY, **fields}))


def light_model(vocab_size=20):
    """The lightest model that has everything a training must repeat: weights, an optimizer, dropout."""
    import keras
    from keras import layers

    parts = [keras.Input((None,)), layers.Embedding(vocab_size, 8), layers.Dropout(0.3)]
    return keras.Sequential([*parts, layers.Dense(vocab_size, activation="softmax")])


def random_weights(model, seed=0):
    """Give every weight a random number, the same in every process; biases too, so that a part left out is noticed."""
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        centre = 1.0 if weight.path.endswith(("gamma", "variance")) else 0.0
        if "seed" not in weight.path:
            weight.assign(rng.normal(centre, 0.2, weight.shape).clip(centre - 0.5, centre + 0.5))
    return model


def run_python(code, *arguments, **options):
    """Run a program in a fresh process; return the finished process, with its output as text."""
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False, **options
    )
