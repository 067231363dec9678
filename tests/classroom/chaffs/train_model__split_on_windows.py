"""Keras' validation_split on windows that overlap."""

CAUGHT_BY = "train_model/no_leak"
SAYS = "leaks the text into the validation"


def train_model(model, x, y, epochs=10, batch_size=32):
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model.fit(x, y, epochs=epochs, batch_size=batch_size, validation_split=0.1, verbose=0)
