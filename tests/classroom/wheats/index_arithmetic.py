"""create_dataset by index arithmetic, as tensors; training by a hand-written loop; saving as weights and a config."""

import json
import pathlib

import keras
import numpy as np
import tensorflow as tf

from minigpt import GPTConfig, WordTokenizer, build_gpt_model
from minigpt.model import config_of


def create_dataset(sequence, window_size):
    sequence = tf.constant(sequence, dtype=tf.int32)
    index = np.arange(len(sequence) - window_size)[:, None] + np.arange(window_size)[None]
    return tf.gather(sequence, index), tf.gather(sequence, index + 1)


def train_model(model, x, y, epochs=10, batch_size=32):
    optimizer = keras.optimizers.Adam(1e-3)
    loss_function = keras.losses.SparseCategoricalCrossentropy()
    model.optimizer = optimizer
    history = keras.callbacks.History()
    history.set_model(model)
    history.on_train_begin()

    @tf.function
    def step(ids, targets):
        with tf.GradientTape() as tape:
            loss = loss_function(targets, model(ids, training=True))
        optimizer.apply(tape.gradient(loss, [weight.value for weight in model.trainable_variables]), model.trainable_variables)
        return loss

    optimizer.build(model.trainable_variables)
    for epoch in range(epochs):
        order = np.random.default_rng(epoch).permutation(len(x))
        losses = [float(step(x[rows], y[rows])) for rows in np.split(order, range(batch_size, len(x), batch_size))]
        history.on_epoch_end(epoch, {"loss": float(np.mean(losses))})
    return history


def save_gpt(folder, model, tokenizer):
    folder = pathlib.Path(folder)
    folder.mkdir(exist_ok=True, parents=True)
    model.save_weights(folder / "model.weights.h5")
    (folder / "config.json").write_text(json.dumps(vars(config_of(model))))
    tokenizer.save(folder / "tokenizer.json")


def load_gpt(folder):
    folder = pathlib.Path(folder)
    model = build_gpt_model(GPTConfig(**json.loads((folder / "config.json").read_text())))
    model.load_weights(folder / "model.weights.h5")
    return model, WordTokenizer.load(folder / "tokenizer.json")
