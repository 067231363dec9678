"""LoRA: leave every weight of the model as it is, and learn a small correction beside each matrix.

The correction of a matrix (n, m) is the product of two thin ones, (n, rank) and (rank, m). Keras brings it as
`layer.enable_lora(rank)`. After Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", https://arxiv.org/abs/2106.09685
"""

from collections.abc import Iterator

import keras

from minigpt.config import check_positive
from minigpt.errors import TrainingError
from minigpt.model import build_gpt_model, config_of


def simple_layers(model: keras.Model) -> Iterator[keras.layers.Layer]:
    """The layers that hold the weights of a model: those inside its blocks, and inside their attention, one after the other."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from simple_layers(layer)
        elif isinstance(layer, keras.layers.MultiHeadAttention):
            yield from (layer.query_dense, layer.key_dense, layer.value_dense, layer.output_dense)
        else:
            yield layer


def use_lora(model: keras.Model, rank: int = 8) -> float:
    """Freeze a model and put a trainable correction beside each of its matrices.

    Args:
        model: from `build_gpt_model`, trained; it is changed. Compile it after this, as `fine_tune` does.
        rank: of the corrections; more can correct more.

    Returns:
        How many weights are trained now, as a share of those that the model had.

    Raises:
        ConfigError: the rank is no positive whole number.

    Example:
        >>> from minigpt import GPTConfig
        >>> model = build_gpt_model(GPTConfig.quick(vocab_size=600))
        >>> round(use_lora(model, rank=4), 3)
        0.057
    """
    check_positive("rank", rank)
    before = model.count_params()
    for layer in simple_layers(model):
        own = list(layer.trainable_variables)
        if hasattr(layer, "enable_lora"):
            layer.enable_lora(rank)
        for variable in own:
            variable.trainable = False
    return sum(variable.shape.num_elements() for variable in model.trainable_variables) / before


def merge_lora(model: keras.Model) -> keras.Model:
    """Add the corrections to the matrices: an ordinary model again, that says the same, to be saved and run as any other.

    Raises:
        TrainingError: the model was not built by `build_gpt_model`.
    """
    config = config_of(model)
    if config is None:
        raise TrainingError("merge_lora needs a model of build_gpt_model: its shape cannot be read from this one")
    merged = build_gpt_model(config)
    for tuned, plain in zip(simple_layers(model), simple_layers(merged), strict=True):
        if not getattr(tuned, "lora_enabled", False):
            plain.set_weights(tuned.get_weights())
            continue
        matrix = tuned.embeddings if isinstance(tuned, keras.layers.Embedding) else tuned.kernel  # the correction added
        bias = [tuned.bias] if getattr(tuned, "bias", None) is not None else []
        plain.set_weights([keras.ops.convert_to_numpy(weight) for weight in (matrix, *bias)])
    return merged
