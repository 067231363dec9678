"""Ten epochs, whatever the argument says."""

CAUGHT_BY = "train_model/epochs"
SAYS = "epochs is not handed on"


def train_model(model, x, y, epochs=10, batch_size=32):
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model.fit(x, y, epochs=10, batch_size=batch_size, verbose=0)
