"""train_model that holds out the last words of the text, split before windowing; create_dataset that returns lists."""

import keras
import numpy as np


def create_dataset(sequence, window_size):
    sequence = list(sequence)
    starts = range(len(sequence) - window_size)
    return [sequence[i : i + window_size] for i in starts], [sequence[i + 1 : i + 1 + window_size] for i in starts]


def train_model(model, x, y, epochs=10, batch_size=32, validation_split=0.1, **fit_options):
    gap = x.shape[1]  # windows that reach over the cut are left out
    cut = int(len(x) * (1 - validation_split))
    model.compile(keras.optimizers.AdamW(3e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    options = {"verbose": 0, **fit_options}
    if len(x) - cut - gap < 1:
        return model.fit(x, y, epochs=epochs, batch_size=batch_size, **options)
    validation = np.asarray(x[cut + gap :]), np.asarray(y[cut + gap :])
    return model.fit(x[:cut], y[:cut], epochs=epochs, batch_size=batch_size, validation_data=validation, **options)


def read_text(path, encoding="utf-8"):
    lines = []
    with open(path, encoding=encoding) as file:
        for line in file:
            lines.append(line.rstrip("\n"))
    return "\n".join(lines)
