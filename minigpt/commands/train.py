"""minigpt train: a GPT of your own text, or with --dialogue an assistant that answers questions about it."""

import argparse
import contextlib
import dataclasses
import math
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import minigpt
from minigpt.commands.options import add_seed, whole_number
from minigpt.engine.console import duration, say
from minigpt.errors import ConfigError, TextNotFound, TrainingError, WindowTooLarge

CHECKPOINT = "checkpoint"  # the folder inside RUN
SMALL_TEXT = 20_000  # words: up to here the quick preset has room enough
NUM_WORDS = 5000
SIZES = ("max_seq_length", "embed_dim", "num_heads", "ff_dim", "num_layers")
NOT_FOR_A_TEXT = dict.fromkeys(("questions", "lora_rank"), "is for an assistant: add --dialogue, or leave it out")
NOT_FOR_A_DIALOGUE = {
    "validation_split": "cannot be used with --dialogue: some phrasings of each question are held out instead",
    "num_words": "cannot be used with --dialogue: an assistant keeps all words",
    "keep_punctuation": "cannot be used with --dialogue: an assistant keeps case and punctuation anyway",
    "prompt": "cannot be used with --dialogue: an assistant is asked its questions at the end",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    positive = whole_number(1)
    parser.add_argument("texts", nargs="*", metavar="TEXT", help="a text file, several, or a folder of .txt and .md files")
    parser.add_argument("--out", required=True, metavar="RUN", help="folder for the trained GPT, such as runs/mine")
    parser.add_argument("--preset", choices=("quick", "class", "lecture"), help="the model; by default one that suits the text")
    parser.add_argument("--epochs", type=positive, metavar="N", help="how often to read the text; by default what suits it")
    parser.add_argument("--batch-size", type=positive, metavar="N", default=32, help="windows in a step (default: %(default)s)")
    parser.add_argument("--learning-rate", type=float, metavar="RATE", help="of Adam; by default what suits the model")
    parser.add_argument("--validation-split", type=float, metavar="SHARE", help="share of the text to hold out, e.g. 0.1")
    parser.add_argument("--num-words", type=positive, metavar="N", help=f"largest vocabulary (default: {NUM_WORDS})")
    sentences = "keep case and punctuation, so that it writes sentences"
    parser.add_argument("--keep-punctuation", action="store_true", default=None, help=sentences)
    parser.add_argument("--prompt", help="what it continues after each epoch, to watch it learn")
    add_seed(parser, "the same seed trains the same (default: %(default)s)", default=0)
    interrupted = parser.add_mutually_exclusive_group()
    interrupted.add_argument("--resume", action="store_true", help="go on with a training that was interrupted")
    interrupted.add_argument("--restart", action="store_true", help="delete what was kept of an interrupted training")
    parser.add_argument("--look", action="store_true", help="only look at the text and say what would be done")
    dialogue = parser.add_argument_group("an assistant", "trains on a story, then on questions and answers about it")
    dialogue.add_argument("--dialogue", action="store_true", help="train an assistant; without TEXT on the story of the class")
    dialogue.add_argument("--questions", metavar="FILE", help="questions about your own TEXT, as in data/questions.txt")
    dialogue.add_argument("--lora-rank", type=positive, metavar="N", help="fine-tune only small added matrices (LoRA)")
    sizes = parser.add_argument_group("sizes of the model", "each changes that one number of the preset")
    for name in SIZES:
        sizes.add_argument(option(name), type=positive, metavar="N")
    sizes.add_argument("--dropout", type=float, metavar="SHARE")


def run(arguments: argparse.Namespace) -> int:
    refuse_misfits(arguments)
    return train_assistant(arguments) if arguments.dialogue else train_text(arguments)


def refuse_misfits(arguments: argparse.Namespace) -> None:
    """Raise ConfigError for an option that would change nothing."""
    for name, reason in (NOT_FOR_A_DIALOGUE if arguments.dialogue else NOT_FOR_A_TEXT).items():
        if getattr(arguments, name) is not None:
            raise ConfigError(f"{option(name)} {reason}")
    if arguments.dialogue and arguments.preset == "lecture":
        raise ConfigError("--preset lecture cannot be used with --dialogue: it does not learn; use quick or class")


def option(name: str) -> str:
    """The option as it is typed."""
    return "--" + name.replace("_", "-")


def train_text(arguments: argparse.Namespace) -> int:
    """Train on a text: read it, say what will be done, train, save."""
    if not arguments.texts:
        raise TextNotFound("no TEXT was given: type minigpt train my_story.txt --out runs/mine")
    text_data = minigpt.read_text(arguments.texts)
    tokenizer = minigpt.WordTokenizer(arguments.num_words or NUM_WORDS, keep_punctuation=bool(arguments.keep_punctuation))
    sequence = tokenizer.fit(text_data).encode(text_data)
    quick = minigpt.GPTConfig.quick(tokenizer.vocab_size)
    config = choose_config(arguments, quick, minigpt.GPTConfig(tokenizer.vocab_size), len(sequence) <= SMALL_TEXT)
    try:
        x, y = minigpt.create_dataset(sequence, config.max_seq_length)
    except WindowTooLarge as error:
        raise WindowTooLarge(f"{error} (here the window is set with --max-seq-length)") from None
    epochs = arguments.epochs or suggest_epochs(len(x), arguments.batch_size)
    unknown = sum(word_id == tokenizer.special_ids[-1] for word_id in sequence) / len(sequence)
    say(f"text: {len(sequence):,} words, {len(tokenizer.word_counts):,} different; vocabulary: {tokenizer.vocab_size:,} ids")
    say(f"outside the vocabulary: {unknown:.1%} of the words; windows of {config.max_seq_length} words: {len(x):,}")
    say_model(config, f"{epochs} epoch{'s' * (epochs > 1)}", epochs * x.size)
    for warning in text_warnings(text_data, tokenizer, sequence, unknown):
        say(f"note: {warning}", indent=6)
    if arguments.look:
        return 0

    import keras

    with checkpoint_folder(arguments) as checkpoint:
        keras.utils.set_random_seed(arguments.seed)
        model = minigpt.build_gpt_model(config)
        sample = minigpt.SampleText(tokenizer, arguments.prompt or "", say=partial(say, indent=4))
        split, settings = arguments.validation_split or 0.0, settings_of(arguments)
        minigpt.train_model(model, x, y, epochs, validation_split=split, callbacks=[sample], checkpoint=checkpoint, **settings)
        minigpt.save_gpt(arguments.out, model, tokenizer)
    say(f'saved in {arguments.out}: type  minigpt generate {arguments.out} "{" ".join(tokenizer.tokenize(text_data)[:3])}"')
    return 0


def train_assistant(arguments: argparse.Namespace) -> int:
    """Train on a story and on the questions about it; then measure how well it answers, and save."""
    from minigpt import chat
    from minigpt.chat.fine_tuning import EPOCHS, STORY_EPOCHS, STORY_WINDOW

    if arguments.texts and not arguments.questions:
        raise TextNotFound("a TEXT of your own needs questions of your own: give them with --questions FILE")
    facts = chat.hold_out_phrasings(chat.read_dialogue(arguments.questions))
    story = minigpt.read_text(arguments.texts or minigpt.data_path())
    tokenizer = chat.dialogue_tokenizer(story, facts)
    words, turns = len(tokenizer.encode(story)), chat.turn_arrays(tokenizer, facts)[0]
    quick = chat.dialogue_config(tokenizer, facts)
    config = choose_config(arguments, quick, minigpt.GPTConfig(quick.vocab_size, quick.max_seq_length), small=True)
    longest, window = turns.shape[1], min(STORY_WINDOW, words - 1)
    if config.max_seq_length < max(longest, window):
        raise ConfigError(
            f"--max-seq-length {config.max_seq_length} is too small: the longest question with its answer has {longest} words, "
            f"and the story is read in windows of {window}: use at least {max(longest, window)}"
        )
    epochs = arguments.epochs or EPOCHS
    held_out = sum(len(fact.held_out) for fact in facts)
    say(f"story: {words:,} words; vocabulary: {tokenizer.vocab_size:,} ids")
    say(f"dialogue: {len(facts)} answers, {len(turns):,} questions to train on, {held_out:,} held out")
    read = STORY_EPOCHS * (words - window) * window + epochs * turns.size
    say_model(config, f"{STORY_EPOCHS} epochs of the story, {epochs} of the dialogue", read)
    if arguments.look:
        return 0

    with checkpoint_folder(arguments) as checkpoint:
        settings = {**settings_of(arguments), "lora_rank": arguments.lora_rank}
        trained = chat.train_dialogue(story, facts, config, epochs=epochs, checkpoint=checkpoint, **settings)
        report = chat.evaluate_dialogue(trained.model, trained.tokenizer, facts)
        say(str(report), indent=2)
        chat.save_dialogue(arguments.out, trained.model, trained.tokenizer, facts, report)
    say(f"saved in {arguments.out}: type  minigpt chat {arguments.out}")
    return 0


def settings_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """The settings that a text and a dialogue share, as arguments of `train_model` and `train_dialogue`."""
    return {name: getattr(arguments, name) for name in ("batch_size", "learning_rate", "seed")}


@contextlib.contextmanager
def checkpoint_folder(arguments: argparse.Namespace) -> Iterator[Path]:
    """Yield the folder for checkpoints, which no other process may train into; delete the checkpoints after the training.

    Raises:
        TrainingError: another training is going on there, or was interrupted and neither --resume nor --restart was given.
    """
    from minigpt.engine.checkpoint import discard, unfinished
    from minigpt.engine.files import locked

    out, was_there = Path(arguments.out), Path(arguments.out).exists()
    checkpoint = out / CHECKPOINT
    if checkpoint.is_symlink() or checkpoint.is_file():
        raise TrainingError(f"{checkpoint} is a file or a link, where minigpt needs a folder: use another --out")
    if arguments.restart:
        discard(checkpoint)
    try:
        with contextlib.ExitStack() as lock:
            lock.enter_context(locked(checkpoint, "training"))
            done = unfinished(checkpoint)
            if done and not arguments.resume:
                raise TrainingError(
                    f"{out} holds a training that was interrupted after {done} epoch{'s' * (done > 1)}: type the same "
                    "with --resume to go on, or with --restart (or another --out) to begin anew"
                )
            if arguments.resume and not done:
                say(f"note: {out} holds no interrupted training, so this one begins anew", indent=6)
            if not arguments.dialogue:
                lock.close()  # train_model takes it
            yield checkpoint
        discard(checkpoint)
    except BaseException as error:
        if not unfinished(checkpoint):  # nothing to keep: leave no empty folder behind
            with contextlib.suppress(minigpt.MinigptError, OSError):
                discard(checkpoint)
                if not was_there:
                    out.rmdir()
        elif isinstance(error, KeyboardInterrupt):
            say("\nThe finished epochs are kept. To go on, type the same command with --resume.")
        raise


def choose_config(
    arguments: argparse.Namespace, quick: minigpt.GPTConfig, of_the_class: minigpt.GPTConfig, small: bool
) -> minigpt.GPTConfig:
    """The preset that was asked for, by default quick for a small text, with the sizes that were asked for."""
    preset = arguments.preset or ("quick" if small else "class")
    config = {"quick": quick, "class": of_the_class, "lecture": minigpt.GPTConfig.lecture()}[preset]
    sizes = {name: size for name in (*SIZES, "dropout") if (size := getattr(arguments, name)) is not None}
    if sizes.keys() & {"embed_dim", "num_heads"} and preset != "lecture":
        sizes["key_dim"] = None  # worked out anew
    return dataclasses.replace(config, **sizes)


def suggest_epochs(windows: int, batch_size: int) -> int:
    """Enough steps to learn a small text by heart, and a few readings of a large one."""
    steps = math.ceil(windows / batch_size)
    return min(10, max(3, round(1000 / steps)))


def say_model(config: minigpt.GPTConfig, epochs: str, words_read: int) -> None:
    """Say how large the model is, and how long it trains: six operations for each parameter and word of a step."""
    from minigpt.show import count_parameters

    parameters = sum(count_parameters(config).values())
    seconds = 6 * parameters * words_read / (4e10 * (os.cpu_count() or 2))  # two cores of a laptop do 8e10 a second
    say(f"model: {config.num_layers} layers, {config.embed_dim} wide, about {parameters / 1e6:.1f} million parameters")
    say(f"training: {epochs}, about {duration(max(5, round(seconds / 5) * 5))} on this computer")


def text_warnings(text_data: str, tokenizer, sequence: list[int], unknown: float) -> list[str]:
    """What a student should know about a text before training on it."""
    words, distinct = len(sequence), len(tokenizer.word_counts)
    very_long = "the words are very long: is this a language without spaces between words (Chinese, Japanese, Thai)? Put spaces"
    warnings = {
        f"the text is short ({words} words): the model will learn it by heart, and know nothing else": words < 300,
        f"the text has only {distinct} different words: there is little to learn": distinct < 10,
        f"{unknown:.0%} of the words are outside the vocabulary: use a larger --num-words, or a longer text": unknown > 0.1,
        very_long: len(text_data) / words > 15,
    }
    return [warning for warning, applies in warnings.items() if applies]
