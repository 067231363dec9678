"""The inputs are given as targets."""

CAUGHT_BY = "train_model/learns"
SAYS = "taught x, not y"


def train_model(model, x, y, epochs=10, batch_size=32):
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model.fit(x, x, epochs=epochs, batch_size=batch_size, verbose=0)
