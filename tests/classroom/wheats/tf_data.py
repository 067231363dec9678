"""create_dataset with tf.data, returned as arrays; train_model through a tf.data pipeline with an Adam of its own."""

import keras
import numpy as np
import tensorflow as tf


def create_dataset(sequence, window_size=100):
    windows = tf.data.Dataset.from_tensor_slices(np.asarray(sequence)).window(window_size + 1, shift=1, drop_remainder=True)
    windows = windows.flat_map(lambda window: window.batch(window_size + 1))
    rows = np.array(list(windows.as_numpy_iterator()))
    if not len(rows):
        return np.zeros((0, window_size), int), np.zeros((0, window_size), int)
    return rows[:, :-1], rows[:, 1:]


def train_model(model, x, y, epochs=10, batch_size=32, learning_rate=0.002):
    batches = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1000, seed=0).batch(batch_size, drop_remainder=True)
    loss = keras.losses.SparseCategoricalCrossentropy()
    model.compile(keras.optimizers.Adam(learning_rate), loss, metrics=["accuracy"])
    return model.fit(batches, epochs=epochs, verbose=2)
