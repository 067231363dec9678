"""LoRA: leave every weight of a model as it is, and learn a small correction to each of its matrices.

The correction of a matrix (n, m) is the product of two thin ones, (n, rank) and (rank, m). In Keras: `layer.enable_lora(rank)`.
After Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", https://arxiv.org/abs/2106.09685
"""

from collections.abc import Iterator

import keras

from minigpt.config import check_positive
from minigpt.errors import TrainingError
from minigpt.model import build_gpt_model, config_of


def use_lora(model: keras.Model, rank: int = 8) -> float:
    """Freeze a model and give each of its matrices a trainable correction.

    Args:
        model: from `build_gpt_model`, trained. It is changed: compile it afterwards, as `fine_tune` does.
        rank: the rank of the corrections; a higher rank can correct more.

    Returns:
        How many weights are trained now, as a share of those that the model had.

    Raises:
        ConfigError: the rank is not a positive whole number.

    Example:
        >>> from minigpt import GPTConfig
        >>> model = build_gpt_model(GPTConfig.quick(vocab_size=600))
        >>> round(use_lora(model, rank=4), 3)
        0.057
    """
    check_positive("rank", rank)
    before = model.count_params()
    weights = list(model.trainable_variables)
    for layer in _leaf_layers(model):
        if hasattr(layer, "enable_lora"):
            layer.enable_lora(rank)
    for weight in weights:
        weight.trainable = False
    return sum(weight.shape.num_elements() for weight in model.trainable_variables) / before


def merge_lora(model: keras.Model) -> keras.Model:
    """Add the corrections to the matrices: an ordinary model again, which predicts the same, to save and use like any other.

    Raises:
        TrainingError: the model was not built by `build_gpt_model`.
    """
    config = config_of(model)
    if config is None:
        raise TrainingError("merge_lora needs a model of build_gpt_model: it cannot build this one again without LoRA")
    merged = build_gpt_model(config)
    for tuned, plain in zip(_leaf_layers(model), _leaf_layers(merged), strict=True):
        weights: dict[str, object] = {}
        tuned.save_own_variables(weights)  # Keras adds the correction to the matrix when it saves a layer
        plain.load_own_variables(weights)
    return merged


def _leaf_layers(model: keras.Model) -> Iterator[keras.layers.Layer]:
    """The layers that hold the weights: also those inside the blocks, and inside their attention."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _leaf_layers(layer)
        elif isinstance(layer, keras.layers.MultiHeadAttention):
            yield from (layer.query_dense, layer.key_dense, layer.value_dense, layer.output_dense)
        else:
            yield layer
