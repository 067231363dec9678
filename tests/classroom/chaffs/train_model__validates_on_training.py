"""The training windows are the validation data too."""

CAUGHT_BY = "train_model/no_leak"
SAYS = "validated on the text it was trained on"


def train_model(model, x, y, epochs=10, batch_size=32):
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model.fit(x, y, epochs=epochs, batch_size=batch_size, validation_data=(x, y), verbose=0)
