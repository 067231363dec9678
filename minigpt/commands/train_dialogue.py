"""What `minigpt train --dialogue` does: train, save, and measure what came out."""

from collections.abc import Sequence
from pathlib import Path


def run_training(
    out: str | Path,
    story: str | Path | Sequence[str | Path] | None = None,
    questions: str | Path | None = None,
    story_epochs: int | None = None,
    epochs: int | None = None,
    lora_rank: int | None = None,
    seed: int = 0,
) -> Path:
    """Train on a story and its questions, save the run, print how well it answers.

    Args:
        out: the folder of the run; its checkpoints lie in `out/checkpoint` until it is done, so that a training that was
            cut off goes on when the same is called again.
        story: a text, a folder of texts, or a list of them; by default the story of the class.
        questions: a file for `read_dialogue`; by default the questions of the class.
        story_epochs, epochs, lora_rank, seed: as for `train_dialogue`.

    Returns:
        The folder.

    Raises:
        MinigptError: a file cannot be read or written, or a line of the questions is not well formed.
    """
    import shutil

    from minigpt.chat.evaluation import evaluate_dialogue
    from minigpt.chat.questions import hold_out_phrasings, read_dialogue
    from minigpt.chat.runs import save_dialogue
    from minigpt.chat.tuning import EPOCHS, STORY_EPOCHS, train_dialogue
    from minigpt.engine.files import data_path
    from minigpt.text import read_text

    checkpoint = Path(out) / "checkpoint"
    facts = hold_out_phrasings(read_dialogue(questions))
    trained = train_dialogue(
        read_text(data_path() if story is None else story),
        facts,
        story_epochs=STORY_EPOCHS if story_epochs is None else story_epochs,
        epochs=EPOCHS if epochs is None else epochs,
        lora_rank=lora_rank,
        checkpoint=checkpoint,
        seed=seed,
    )
    report = evaluate_dialogue(trained.model, trained.tokenizer, facts)
    print(report)
    folder = save_dialogue(out, trained.model, trained.tokenizer, facts, report)
    shutil.rmtree(checkpoint, ignore_errors=True)  # the training is done and saved
    print(f"saved in {folder}: type  minigpt chat {folder}")
    return folder
