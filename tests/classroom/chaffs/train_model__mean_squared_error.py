"""The ids are treated as numbers to come near to."""

import keras

CAUGHT_BY = "train_model/loss"
SAYS = "regression"


def train_model(model, x, y, epochs=10, batch_size=32):
    model.compile(
        "adam",
        lambda targets, p: keras.ops.mean(
            keras.ops.square(keras.ops.one_hot(keras.ops.cast(targets, "int32"), p.shape[-1]) - p), axis=-1
        ),
        metrics=["accuracy"],
    )
    return model.fit(x, y, epochs=epochs, batch_size=batch_size, verbose=0)
