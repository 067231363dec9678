"""From a language model to an assistant: first the story, then the dialogue, with a loss on the answers only."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import keras
from keras import ops

from minigpt.beyond.lora import merge_lora, use_lora
from minigpt.chat.questions import Fact, hold_out_phrasings, read_dialogue
from minigpt.chat.turns import DialogueBatches, dialogue_tokenizer, turn_arrays
from minigpt.config import GPTConfig
from minigpt.dataset import create_dataset
from minigpt.engine.files import data_path
from minigpt.model import build_gpt_model
from minigpt.text import read_text
from minigpt.tokenizer import WordTokenizer
from minigpt.training import train_model

STORY_WINDOW = 32
STORY_EPOCHS = 6
EPOCHS = 60
LEARNING_RATE = 3e-3


class TrainedDialogue(NamedTuple):
    """What `train_dialogue` returns."""

    model: keras.Model
    tokenizer: WordTokenizer
    facts: list[Fact]
    story: keras.callbacks.History
    dialogue: keras.callbacks.History


def dialogue_config(tokenizer: WordTokenizer, facts: Sequence[Fact]) -> GPTConfig:
    """A small GPT whose window is twice the longest turn: a user's question may be longer than those trained on."""
    x, _ = turn_arrays(tokenizer, facts)  # (N, T)
    window = max(64, 2 * x.shape[1])
    return GPTConfig(tokenizer.vocab_size, window, embed_dim=128, num_heads=4, ff_dim=512, num_layers=2)


def answer_loss(y_true, y_pred):  # ids (B, T), probabilities (B, T, V) -> a number
    """The mean cross-entropy of the words of the answers; the zeros of `turn_arrays` do not count.

    The user writes the question, not the model: what it spends on predicting questions, it lacks for the answers.
    """
    return _mean_over_answers(keras.losses.sparse_categorical_crossentropy(y_true, y_pred), y_true)


def answer_accuracy(y_true, y_pred):  # ids (B, T), probabilities (B, T, V) -> a share
    """The share of the words of the answers that the model predicts rightly."""
    return _mean_over_answers(keras.metrics.sparse_categorical_accuracy(y_true, y_pred), y_true)


def _mean_over_answers(values, y_true):  # (B, T), ids (B, T) -> a number
    in_answer = ops.cast(ops.not_equal(y_true, 0), values.dtype)
    return ops.sum(values * in_answer) / ops.sum(in_answer)


def fine_tune(
    model: keras.Model,
    tokenizer: WordTokenizer,
    facts: Sequence[Fact],
    epochs: int = EPOCHS,
    batch_size: int = 32,
    learning_rate: float = LEARNING_RATE,
    word_dropout: float = 0.1,
    seed: int = 0,
    **options: Any,
) -> keras.callbacks.History:
    """Teach a model to answer: the training of the class, on turns, with `answer_loss`.

    Args:
        model: from `build_gpt_model`, preferably trained on the story first.
        tokenizer: from `dialogue_tokenizer`.
        facts: from `hold_out_phrasings`; their held-out phrasings are not used.
        epochs: how often to go through all turns.
        batch_size: turns in a step.
        learning_rate: the peak: the rate rises to it linearly over the first twentieth of the steps, then falls to a
            fiftieth of it along a cosine.
        word_dropout: the share of the words of the questions to hide in each epoch.
        seed, options: as for `train_model`, such as `callbacks`, `checkpoint` and `progress`.

    Returns:
        The keras History, with "loss" and "answer_accuracy" for each epoch.
    """
    x, y = turn_arrays(tokenizer, facts)
    batches = DialogueBatches(x, y, tokenizer, word_dropout, batch_size=batch_size, seed=seed)
    steps = epochs * len(batches)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, steps, alpha=0.02, warmup_target=learning_rate, warmup_steps=max(1, steps // 20)
    )
    # train_model keeps what a model is compiled with, so it minimises this loss
    model.compile(keras.optimizers.Adam(rate), answer_loss, metrics=[answer_accuracy])
    return train_model(model, batches, epochs=epochs, seed=seed, **options)


def train_dialogue(
    story: str | None = None,
    facts: Sequence[Fact] | None = None,
    config: GPTConfig | None = None,
    story_epochs: int = STORY_EPOCHS,
    epochs: int = EPOCHS,
    lora_rank: int | None = None,
    word_dropout: float = 0.1,
    checkpoint: str | Path | None = None,
    seed: int = 0,
    progress: bool = True,
    batch_size: int = 32,
    learning_rate: float | None = None,
) -> TrainedDialogue:
    """Make an assistant: fit a tokenizer, train a model on the story, and fine-tune it on the dialogue.

    Args:
        story: the text; by default the one of the class.
        facts: questions and answers about it, from `hold_out_phrasings`; by default those of the class.
        config: the shape of the model; by default `dialogue_config`.
        story_epochs: how often to go through the story first; 0 skips it.
        epochs: how often to go through the dialogue.
        lora_rank: fine-tune with `use_lora` and this rank; None trains every weight.
        word_dropout: as for `fine_tune`.
        checkpoint, progress: as for `train_model`.
        seed: for the initial weights too.
        batch_size, learning_rate: for both trainings; by default each has its own learning rate.

    Returns:
        The model, its tokenizer, the facts, and the histories of the two trainings.

    Example:
        >>> trained = train_dialogue()  # doctest: +SKIP
        >>> answer(trained.model, trained.tokenizer, "Who is Tavia Brankwell?")  # doctest: +SKIP
        'Tavia Brankwell is a founder and a teacher.'

    Reference: this is the first step of Ouyang et al., "Training language models to follow instructions with human
    feedback", https://arxiv.org/abs/2203.02155.
    """
    story = read_text(data_path()) if story is None else story
    facts = hold_out_phrasings(read_dialogue()) if facts is None else list(facts)
    folder = None if checkpoint is None else Path(checkpoint)
    shared: dict[str, Any] = {"batch_size": batch_size, "seed": seed, "progress": progress}
    say = print if progress else lambda text: None
    tokenizer = dialogue_tokenizer(story, facts)
    keras.utils.set_random_seed(seed)
    model = build_gpt_model(config or dialogue_config(tokenizer, facts))

    story_history = keras.callbacks.History()
    if story_epochs:
        say("the story: it learns to predict the next word")
        ids = tokenizer.encode(story)
        x, y = create_dataset(ids, window_size=min(STORY_WINDOW, len(ids) - 1))
        shared |= {"learning_rate": learning_rate, "checkpoint": folder and folder / "story"}
        story_history = train_model(model, x, y, story_epochs, **shared)

    say("the dialogue: it learns to answer")
    if lora_rank:
        share = use_lora(model, lora_rank)
        say(f"LoRA of rank {lora_rank} trains {100 * share:.1f} % as many weights as the model has")
    shared |= {"learning_rate": learning_rate or LEARNING_RATE, "checkpoint": folder and folder / "dialogue"}
    dialogue_history = fine_tune(model, tokenizer, facts, epochs, word_dropout=word_dropout, **shared)
    if lora_rank:
        model = merge_lora(model)
    return TrainedDialogue(model, tokenizer, facts, story_history, dialogue_history)
