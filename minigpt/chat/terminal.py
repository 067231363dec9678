"""The talk in a terminal: a question a line, the answer as it comes."""

from pathlib import Path

from minigpt.chat.answering import is_dialogue, stream_answer, unknown_in
from minigpt.chat.runs import find_runs, read_about
from minigpt.saving import load_gpt


def talk(
    folder: str | Path,
    max_new_tokens: int = 40,
    temperature: float = 0.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int | None = None,
) -> None:
    """Talk to a saved model until an empty line, the end of the input, or Ctrl-C.

    Args:
        folder: of a run, or of several: then the newest one answers.
        max_new_tokens, temperature, top_k, top_p, seed: as for `answer`.

    Raises:
        MinigptError: the model cannot be read, or a setting cannot be right.
    """
    run = find_runs(folder)[0]
    model, tokenizer = load_gpt(run)
    if is_dialogue(tokenizer):
        print(f"Talking to {run}. Ask a question; an empty line ends the talk.")
        for example in read_about(run).get("examples", [])[:1]:
            print(f"For example: {example}")
    else:
        print(f"{run} was not tuned on dialogue: it continues your words. An empty line ends the talk.")
    while question := _ask():
        if unknown := unknown_in(tokenizer, question):
            print(f"     (words it does not know: {', '.join(map(repr, unknown))})")
        print("gpt: ", end="", flush=True)
        pieces = stream_answer(model, tokenizer, question, max_new_tokens, temperature, top_k, top_p, seed)
        for number, piece in enumerate(pieces):
            print(piece.lstrip() if number == 0 else piece, end="", flush=True)
        print()


def _ask() -> str:
    try:
        return input("you: ").strip()
    except (EOFError, KeyboardInterrupt):
        print()
        return ""
