"""What every training needs: a stop with an explanation when the loss explodes, and dropout that repeats itself."""

import keras
import numpy as np
import pytest
from helpers import light_model, random_weights, tiny_model

from minigpt import train_model
from minigpt.engine.callbacks import RepeatableDropout
from minigpt.errors import TrainingError


def test_an_exploded_loss_stops_with_an_explanation(small_windows):
    with pytest.raises(TrainingError, match="learning_rate") as error:
        train_model(
            random_weights(tiny_model(scale_embedding=False)), *small_windows, epochs=9, learning_rate=1e30, progress=False
        )
    assert "\n" not in str(error.value)


def test_weights_that_are_nan_stop_it_too(small_windows):
    model = tiny_model()
    model.set_weights([weight * np.nan for weight in model.get_weights()])
    with pytest.raises(TrainingError, match="loss is NaN after step 1"):
        train_model(model, *small_windows, epochs=1, progress=False)


def test_the_dropout_of_an_epoch_follows_from_its_seed():
    def dropped(seed, epoch):
        model = light_model()
        callback = RepeatableDropout(seed)
        callback.set_model(model)
        callback.on_epoch_begin(epoch)
        model.layers[0].set_weights([np.ones((20, 8))])
        hidden = model.layers[1](model.layers[0](np.ones((1, 12), "int32")), training=True)
        return keras.ops.convert_to_numpy(hidden).tolist()

    assert dropped(1, 0) == dropped(1, 0)
    assert dropped(1, 0) != dropped(1, 1)
    assert dropped(1, 0) != dropped(2, 0)
