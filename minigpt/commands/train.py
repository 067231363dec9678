"""minigpt train: a GPT of your own text."""

import argparse
import contextlib
import dataclasses
import math
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import minigpt
from minigpt.errors import TextNotFound, WindowTooLarge

CHECKPOINT = "checkpoint"  # the folder inside RUN
PRESETS = ("quick", "class", "lecture")
SMALL_TEXT = 20_000  # words: up to here the quick preset has room enough


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("texts", nargs="*", metavar="TEXT", help="a text file, several, or a folder of .txt and .md files")
    parser.add_argument("--out", required=True, metavar="RUN", help="folder for the trained GPT, such as runs/mine")
    parser.add_argument("--preset", choices=PRESETS, help="size of the model; by default one that suits the text")
    parser.add_argument("--epochs", type=int, metavar="N", help="how often to read the text; by default what suits it")
    parser.add_argument("--batch-size", type=int, default=32, metavar="N", help="windows in a step (default: %(default)s)")
    parser.add_argument(
        "--learning-rate", type=float, metavar="RATE", help="step size of Adam; by default what suits the model"
    )
    parser.add_argument(
        "--validation-split", type=float, default=0.0, metavar="SHARE", help="share of the text to hold out, e.g. 0.1"
    )
    parser.add_argument("--num-words", type=int, default=5000, metavar="N", help="largest vocabulary (default: %(default)s)")
    parser.add_argument(
        "--keep-punctuation", action="store_true", help="keep case and punctuation, so that it writes sentences"
    )
    parser.add_argument("--prompt", default="", help="what it continues after each epoch, to hear it learn")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="the same seed trains the same (default: %(default)s)")
    parser.add_argument("--resume", action="store_true", help="go on with a training of the same command that was cut off")
    parser.add_argument("--look", action="store_true", help="only look at the text and say what would be done")
    dialogue = parser.add_argument_group("an assistant", "trains on a story, then on questions and answers about it")
    dialogue.add_argument("--dialogue", action="store_true", help="train an assistant; without TEXT on the story of the class")
    dialogue.add_argument("--questions", metavar="FILE", help="questions about your own TEXT, as in data/questions.txt")
    dialogue.add_argument("--lora-rank", type=int, metavar="N", help="fine-tune only small added matrices of this rank (LoRA)")
    sizes = parser.add_argument_group("sizes of the model", "each changes that one number of the preset")
    for name in ("max-seq-length", "embed-dim", "num-heads", "ff-dim", "num-layers"):
        sizes.add_argument(f"--{name}", type=int, metavar="N")
    sizes.add_argument("--dropout", type=float, metavar="SHARE")


def run(arguments: argparse.Namespace) -> int:
    if arguments.dialogue:
        return train_assistant(arguments)
    if not arguments.texts:
        raise TextNotFound("no TEXT was given: type minigpt train my_story.txt --out runs/mine")
    text_data = minigpt.read_text(arguments.texts)
    tokenizer = minigpt.WordTokenizer(arguments.num_words, keep_punctuation=arguments.keep_punctuation).fit(text_data)
    sequence = tokenizer.encode(text_data)
    config = choose_config(arguments, tokenizer.vocab_size, len(sequence))
    try:
        x, y = minigpt.create_dataset(sequence, config.max_seq_length)
    except WindowTooLarge as error:
        raise WindowTooLarge(f"{error} (here the window is set with --max-seq-length)") from None
    epochs = arguments.epochs or suggest_epochs(len(x), arguments.batch_size)
    print_look(text_data, tokenizer, sequence, config, len(x), epochs)
    if arguments.look:
        return 0

    import keras

    out = Path(arguments.out)
    checkpoint = out / CHECKPOINT
    if not arguments.resume and checkpoint.exists():
        shutil.rmtree(checkpoint)
    keras.utils.set_random_seed(arguments.seed)
    model = minigpt.build_gpt_model(config)
    with say_how_to_go_on():
        minigpt.train_model(
            model,
            x,
            y,
            epochs=epochs,
            batch_size=arguments.batch_size,
            learning_rate=arguments.learning_rate,
            validation_split=arguments.validation_split,
            callbacks=[minigpt.SampleText(tokenizer, arguments.prompt)],
            checkpoint=checkpoint,
            seed=arguments.seed,
        )
    minigpt.save_gpt(out, model, tokenizer)
    print(f'saved in {out}. Now try: minigpt generate {out} "{" ".join(tokenizer.tokenize(text_data)[:3])}"')
    return 0


@contextlib.contextmanager
def say_how_to_go_on() -> Iterator[None]:
    """After Ctrl-C in a training, say what is kept."""
    try:
        yield
    except KeyboardInterrupt:
        print("\nThe finished epochs are kept. To go on, type the same command with --resume.")
        raise


def train_assistant(arguments: argparse.Namespace) -> int:
    """Train on a story and on the dialogue about it; without a story of one's own, on that of the class."""
    from minigpt.commands.train_dialogue import run_training

    if arguments.texts and not arguments.questions:
        raise TextNotFound("a TEXT of your own needs questions of your own: give them with --questions FILE")
    checkpoint = Path(arguments.out) / CHECKPOINT
    if not arguments.resume and checkpoint.exists():
        shutil.rmtree(checkpoint)
    with say_how_to_go_on():
        run_training(
            arguments.out,
            story=arguments.texts or None,
            questions=arguments.questions,
            epochs=arguments.epochs,
            lora_rank=arguments.lora_rank,
            seed=arguments.seed,
        )
    return 0


def choose_config(arguments: argparse.Namespace, vocab_size: int, words: int) -> minigpt.GPTConfig:
    """The preset that was asked for, or one that suits the text, with the sizes that were asked for."""
    preset = arguments.preset or ("quick" if words <= SMALL_TEXT else "class")
    if preset == "lecture":
        config = minigpt.GPTConfig.lecture()
    else:
        config = minigpt.GPTConfig.quick(vocab_size) if preset == "quick" else minigpt.GPTConfig(vocab_size)
    fields = ("max_seq_length", "embed_dim", "num_heads", "ff_dim", "num_layers", "dropout")
    changes = {name: getattr(arguments, name) for name in fields if getattr(arguments, name) is not None}
    if changes.keys() & {"embed_dim", "num_heads"} and preset != "lecture":
        changes["key_dim"] = None  # worked out anew
    return dataclasses.replace(config, **changes)


def suggest_epochs(windows: int, batch_size: int) -> int:
    """Enough steps to learn a small text by heart, and a few readings of a large one."""
    steps = math.ceil(windows / batch_size)
    return min(10, max(3, round(1000 / steps)))


def print_look(text_data: str, tokenizer, sequence: list[int], config, windows: int, epochs: int) -> None:
    """Say what was found in the text and what will be done with it."""
    from minigpt.show import count_parameters

    unknown = sum(word_id == tokenizer.special_ids[-1] for word_id in sequence) / len(sequence)
    print(f"text: {len(sequence):,} words, {len(tokenizer.word_counts):,} different; vocabulary: {tokenizer.vocab_size:,} ids")
    print(f"outside the vocabulary: {unknown:.1%} of the words; windows of {config.max_seq_length} words: {windows:,}")
    parameters = sum(count_parameters(config).values())
    seconds = estimate_seconds(parameters, windows * config.max_seq_length * epochs)
    print(f"model: {config.num_layers} layers, {config.embed_dim} wide, about {parameters / 1e6:.1f} million parameters")
    print(f"training: {epochs} epoch{'s' * (epochs > 1)}, about {readable_time(seconds)} on this computer", flush=True)
    for warning in text_warnings(text_data, tokenizer, sequence, unknown):
        print(f"note: {warning}")


def text_warnings(text_data: str, tokenizer, sequence: list[int], unknown: float) -> list[str]:
    """What is odd about a text, in sentences."""
    found = []
    distinct = len(tokenizer.word_counts)
    if len(sequence) < 300:
        found.append(f"the text is short ({len(sequence)} words): the model will learn it by heart, and know nothing else")
    if distinct < 10:
        found.append(f"the text has only {distinct} different words: there is little to learn")
    if unknown > 0.1:
        found.append(f"{unknown:.0%} of the words are outside the vocabulary: use a larger --num-words, or a longer text")
    if len(text_data) / len(sequence) > 15:
        found.append(
            "the words are very long: is this a language without spaces between words (Chinese, Japanese, Thai)? Put spaces"
        )
    return found


def estimate_seconds(parameters: int, words: int) -> float:
    """A training step takes about six operations for each parameter and word; two cores of a laptop do 8e10 a second."""
    return 6 * parameters * words / (4e10 * (os.cpu_count() or 2))


def readable_time(seconds: float) -> str:
    if seconds < 90:
        return f"{max(5, round(seconds / 5) * 5)} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
