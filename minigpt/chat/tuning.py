"""From a language model to an assistant: first the story, then the dialogue, with the loss counted on the answer only."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import keras
from keras import ops

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
    """What `train_dialogue` has made."""

    model: keras.Model
    tokenizer: WordTokenizer
    facts: list[Fact]
    story: keras.callbacks.History
    dialogue: keras.callbacks.History


def dialogue_config(tokenizer: WordTokenizer, facts: Sequence[Fact]) -> GPTConfig:
    """A small GPT whose window holds the longest turn twice: a question may be longer than those it was trained on."""
    x, _ = turn_arrays(tokenizer, facts)
    return GPTConfig(
        vocab_size=tokenizer.vocab_size,
        max_seq_length=max(64, 2 * x.shape[1]),
        embed_dim=128,
        num_heads=4,
        ff_dim=512,
        num_layers=2,
    )


def answer_loss(y_true, y_pred):  # ids (B, T), probabilities (B, T, V) -> a number
    """The cross-entropy of the words of the answers, the zeros of `turn_arrays` left out.

    The question is given, not said: a model that spends its effort on guessing questions learns less about answers.
    """
    y_true = ops.cast(y_true, "int32")
    counted = ops.cast(y_true != 0, y_pred.dtype)  # (B, T): 1 on the answer, 0 elsewhere
    loss = keras.losses.sparse_categorical_crossentropy(y_true, y_pred)  # (B, T): of every word
    return ops.sum(loss * counted) / ops.sum(counted)


def answer_accuracy(y_true, y_pred):  # ids (B, T), probabilities (B, T, V) -> a share
    """The share of the words of the answers that the model finds likeliest."""
    y_true = ops.cast(y_true, "int32")
    counted = ops.cast(y_true != 0, y_pred.dtype)  # (B, T)
    right = ops.cast(ops.cast(ops.argmax(y_pred, axis=-1), "int32") == y_true, y_pred.dtype)  # (B, T)
    return ops.sum(right * counted) / ops.sum(counted)


def fine_tune(
    model: keras.Model,
    tokenizer: WordTokenizer,
    facts: Sequence[Fact],
    epochs: int = EPOCHS,
    batch_size: int = 32,
    learning_rate: float = LEARNING_RATE,
    word_dropout: float = 0.1,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    checkpoint: str | Path | None = None,
    seed: int = 0,
    progress: bool = True,
) -> keras.callbacks.History:
    """Teach a model to answer: the training of the class, on turns, with the loss of the answer.

    Args:
        model: from `build_gpt_model`, best one that has read the story.
        tokenizer: from `dialogue_tokenizer`.
        facts: from `hold_out_phrasings`; what they hold out is not looked at.
        epochs: how often to go through all turns.
        batch_size: turns in a step.
        learning_rate: the highest one; it rises to it during the first twentieth of the steps and then falls, as half a
            cosine wave, to a fiftieth of it.
        word_dropout: share of the words of the questions that are hidden in each epoch.
        callbacks, checkpoint, seed, progress: as for `train_model`.

    Returns:
        The keras History, with "loss" and "answer_accuracy" for each epoch.
    """
    x, y = turn_arrays(tokenizer, facts)
    batches = DialogueBatches(x, y, tokenizer, word_dropout, batch_size, seed)
    steps = epochs * len(batches)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, steps, alpha=0.02, warmup_target=learning_rate, warmup_steps=max(1, steps // 20)
    )
    # train_model goes on with what a model is compiled with, so it takes our loss
    model.compile(keras.optimizers.Adam(rate), answer_loss, metrics=[answer_accuracy])
    return train_model(model, batches, epochs=epochs, callbacks=callbacks, checkpoint=checkpoint, seed=seed, progress=progress)


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
    """Make an assistant: a tokenizer, a model that reads the story, and the tuning on the dialogue.

    Args:
        story: the text; by default the one of the class.
        facts: questions and answers about it, from `hold_out_phrasings`; by default those of the class.
        config: the shape of the model; by default `dialogue_config`.
        story_epochs: how often to read the story first; 0 leaves it out.
        epochs: how often to go through the dialogue.
        lora_rank: tune by `enable_lora` with this rank; None tunes every weight.
        word_dropout: share of the words of the questions that are hidden.
        checkpoint: a folder; call the same again after a crash, and it goes on from the last finished epoch.
        seed: of the first weights, the order and the dropout.
        progress: show a line for each epoch.
        batch_size: windows, then turns, in a step.
        learning_rate: of both trainings; by default each has its own.

    Returns:
        The model, its tokenizer, the facts, and the histories of the two trainings.

    Example:
        >>> trained = train_dialogue()  # doctest: +SKIP
        >>> answer(trained.model, trained.tokenizer, "Who is Tavia Brankwell?")  # doctest: +SKIP
        'Tavia Brankwell is a founder and a teacher.'

    Reference: Ouyang et al., "Training language models to follow instructions with human feedback",
    https://arxiv.org/abs/2203.02155, whose first step this is.
    """
    from minigpt.beyond.lora import merge_lora, use_lora

    story = read_text(data_path()) if story is None else story
    facts = hold_out_phrasings(read_dialogue()) if facts is None else list(facts)
    folder = None if checkpoint is None else Path(checkpoint)
    tokenizer = dialogue_tokenizer(story, facts)
    keras.utils.set_random_seed(seed)
    model = build_gpt_model(config or dialogue_config(tokenizer, facts))

    first = keras.callbacks.History()
    if story_epochs:
        if progress:
            print("the story: it learns to say the next word")
        ids = tokenizer.encode(story)
        x, y = create_dataset(ids, window_size=min(STORY_WINDOW, len(ids) - 1))
        first = train_model(
            model,
            x,
            y,
            story_epochs,
            batch_size,
            learning_rate,
            checkpoint=folder and folder / "story",
            seed=seed,
            progress=progress,
        )

    if progress:
        print("the dialogue: it learns to answer")
    if lora_rank:
        share = use_lora(model, lora_rank)
        if progress:
            print(f"LoRA of rank {lora_rank} trains {share:.1%} as many weights as the model has".replace("%", " %"))
    second = fine_tune(
        model,
        tokenizer,
        facts,
        epochs,
        batch_size,
        learning_rate or LEARNING_RATE,
        word_dropout=word_dropout,
        checkpoint=folder and folder / "dialogue",
        seed=seed,
        progress=progress,
    )
    if lora_rank:
        model = merge_lora(model)
    return TrainedDialogue(model, tokenizer, facts, first, second)
