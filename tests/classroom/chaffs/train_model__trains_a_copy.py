"""A copy is trained, and the model stays as it was."""

import keras

CAUGHT_BY = "train_model/learns"
SAYS = "was a copy"


def train_model(model, x, y, epochs=10, batch_size=32):
    model = keras.models.clone_model(model)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model.fit(x, y, epochs=epochs, batch_size=batch_size, verbose=0)
