"""The argument epochs is not handed on to fit, which does one."""

CAUGHT_BY = "train_model/epochs"
SAYS = "too seldom"


def train_model(model, x, y, epochs=10, batch_size=32):
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model.fit(x, y, batch_size=batch_size, verbose=0)
