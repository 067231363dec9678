"""A learning rate of 100."""

import keras

CAUGHT_BY = "train_model/learns"
SAYS = "learning rate is far too large"


def train_model(model, x, y, epochs=10, batch_size=32):
    model.compile(keras.optimizers.SGD(100.0), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model.fit(x, y, epochs=epochs, batch_size=batch_size, verbose=0)
