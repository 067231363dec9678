"""from_logits=True for a model that gives probabilities."""

import keras

CAUGHT_BY = "train_model/loss"
SAYS = "softmax is applied twice"


def train_model(model, x, y, epochs=10, batch_size=32):
    def from_logits_loss(targets, p):
        return keras.ops.logsumexp(p, axis=-1) - keras.ops.sum(
            p * keras.ops.one_hot(keras.ops.cast(targets, "int32"), p.shape[-1]), axis=-1
        )

    model.compile("adam", from_logits_loss, metrics=["accuracy"])
    return model.fit(x, y, epochs=epochs, batch_size=batch_size, verbose=0)
