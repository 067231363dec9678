"""The model is compiled, and evaluated instead of trained."""

CAUGHT_BY = "train_model/learns"
SAYS = "was not trained"


def train_model(model, x, y, epochs=10, batch_size=32):
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.evaluate(x, y, verbose=0)
