"""Do the presets learn? Accuracy against seconds of `fit`, side by side in one run on the text of the class.

    python tests/benchmarks/bench_learning.py

Takes about eight minutes on two cores, most of them for the recipe of the class, which learns nothing.
"""

import time

import keras
from table import print_table

import minigpt

GOAL = 0.95


class Clock(keras.callbacks.Callback):
    """Notes the accuracy after each epoch, and the seconds of `fit` until then."""

    def on_train_begin(self, logs=None):
        self.start, self.points = time.perf_counter(), []

    def on_epoch_end(self, epoch, logs=None):
        self.points.append((time.perf_counter() - self.start, logs["accuracy"]))


def main() -> None:
    text_data = minigpt.read_text(minigpt.data_path())
    tokenizer = minigpt.WordTokenizer(num_words=5000, oov_token="<OOV>").fit(text_data)
    sequence = tokenizer.encode(text_data)
    presets = {  # name: (config, epochs, learning rate)
        "GPTConfig.quick(vocab_size)": (minigpt.GPTConfig.quick(tokenizer.vocab_size), 8, None),
        "GPTConfig(vocab_size)": (minigpt.GPTConfig(tokenizer.vocab_size), 10, None),
        "GPTConfig.lecture()": (minigpt.GPTConfig.lecture(), 10, 1e-3),
    }
    rows = []
    for name, (config, epochs, learning_rate) in presets.items():
        keras.utils.set_random_seed(0)
        x, y = minigpt.create_dataset(sequence, config.max_seq_length)
        clock = Clock()
        model = minigpt.build_gpt_model(config)
        print(f"\n{name}")
        history = minigpt.train_model(model, x, y, epochs, learning_rate=learning_rate, callbacks=[clock])
        reached = next((f"epoch {i}, {s:.0f} s" for i, (s, a) in enumerate(clock.points, 1) if a >= GOAL), "never")
        seconds, accuracy = clock.points[-1]
        says = minigpt.generate_text(model, tokenizer, "tavia brankwell was born in", 6, temperature=0, include_prompt=False)
        loss = history.history["loss"][-1]
        parameters = f"{model.count_params() / 1e6:.1f} M"
        rows.append((name, parameters, f"{accuracy:.1%}", f"{loss:.2f}", f"{seconds:.0f} s", reached, says))
    header = ("preset", "parameters", "accuracy", "loss", "fit", f"{GOAL:.0%} after", "tavia brankwell was born in …")
    print_table("Learning the text of the class", header, rows)


if __name__ == "__main__":
    main()
