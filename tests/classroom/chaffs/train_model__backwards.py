"""x and y are exchanged."""

CAUGHT_BY = "train_model/learns"
SAYS = "backwards"


def train_model(model, x, y, epochs=10, batch_size=32):
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model.fit(y, x, epochs=epochs, batch_size=batch_size, verbose=0)
