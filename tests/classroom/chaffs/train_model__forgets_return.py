"""Nothing is returned."""

CAUGHT_BY = "train_model/history"
SAYS = "no `return`"


def train_model(model, x, y, epochs=10, batch_size=32):
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=epochs, batch_size=batch_size, verbose=0)
