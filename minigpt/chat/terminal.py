"""Talk to a model in the terminal: a question on each line, the answer as it is generated."""

from pathlib import Path
from typing import Any

from minigpt.chat.answering import is_dialogue, stream_answer, unknown_in
from minigpt.chat.saved_runs import find_runs, read_about
from minigpt.engine.next_word import fast_copy
from minigpt.saving import load_gpt


def talk(folder: str | Path, **settings: Any) -> None:
    """Talk to a saved model until an empty line, the end of the input, or Ctrl-C.

    Args:
        folder: a run, or a folder of several, of which the newest one answers.
        settings: `max_new_tokens`, `temperature`, `top_k`, `top_p` and `seed`, as for `answer`.

    Raises:
        MinigptError: the model cannot be read, or a setting is out of range.
    """
    run = find_runs(folder)[0]
    model, tokenizer = load_gpt(run)
    model = fast_copy(model) or model  # made once, not once a question
    if is_dialogue(tokenizer):
        print(f"Talking to {run}. Ask a question; an empty line ends the conversation.")
        for example in read_about(run).get("examples", [])[:1]:
            print(f"For example: {example}")
    else:
        print(f"{run} was not tuned on dialogue: it continues your words. An empty line ends the conversation.")
    while question := _ask():
        if unknown := unknown_in(tokenizer, question):
            print(f"     (words it does not know: {', '.join(map(repr, unknown))})")
        print("gpt: ", end="", flush=True)
        for number, piece in enumerate(stream_answer(model, tokenizer, question, **settings)):
            print(piece if number else piece.lstrip(), end="", flush=True)
        print()


def _ask() -> str:
    try:
        return input("you: ").strip()
    except (EOFError, KeyboardInterrupt):
        print()
        return ""
