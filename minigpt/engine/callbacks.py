"""What every training needs: repeatable dropout, and a stop when the loss explodes."""

import math

import keras
import numpy as np

from minigpt.errors import TrainingError


class RepeatableDropout(keras.callbacks.Callback):
    """Seeds the dropout anew in each epoch, from the seed and the epoch, so that a resumed training drops the same."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.seed = seed

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Called by Keras."""
        states = [variable for variable in self.model.variables if "seed_generator_state" in variable.path]
        for number, state in enumerate(states):
            state.assign(np.random.SeedSequence([self.seed, epoch, number]).generate_state(2))


class StopAtExplosion(keras.callbacks.Callback):
    """Stops a training whose loss is NaN, or far above that of random guesses, and explains why."""

    def __init__(self, largest_loss: float) -> None:
        super().__init__()
        self.largest_loss = largest_loss

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Called by Keras."""
        loss = (logs or {}).get("loss", 0.0)
        if not loss < self.largest_loss:  # NaN is not below anything
            rate = float(self.model.optimizer.learning_rate)
            shown = "NaN" if math.isnan(loss) else f"{loss:.3g}"
            raise TrainingError(
                f"the loss is {shown} after step {batch + 1}, so the weights have exploded: learning_rate={rate:.3g} is "
                f"too large; build the model anew and train it with learning_rate={min(rate / 10, 1e-3):.3g}"
            )
