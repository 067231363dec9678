"""fit takes its own 32."""

CAUGHT_BY = "train_model/batch_size"
SAYS = "batch_size is not handed on"


def train_model(model, x, y, epochs=10, batch_size=32):
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model.fit(x, y, epochs=epochs, verbose=0)
