"""The dialogue: how a language model becomes an assistant, and the page to talk to it.

In the order of the work: read the questions, hold some phrasings back, make turns, train on the story, tune on the
dialogue, measure, save, talk.
"""

import importlib

_MODULE_OF = {
    "Fact": "questions",
    "read_dialogue": "questions",
    "hold_out_phrasings": "questions",
    "asked": "turns",
    "turn": "turns",
    "turn_prompt": "turns",
    "dialogue_tokenizer": "turns",
    "turn_arrays": "turns",
    "DialogueBatches": "turns",
    "dialogue_config": "tuning",
    "answer_loss": "tuning",
    "answer_accuracy": "tuning",
    "fine_tune": "tuning",
    "train_dialogue": "tuning",
    "use_lora": "lora",
    "merge_lora": "lora",
    "answer": "answering",
    "stream_answer": "answering",
    "unknown_in": "answering",
    "evaluate_dialogue": "evaluation",
    "save_dialogue": "runs",
    "find_runs": "runs",
}
__all__ = [*_MODULE_OF]


def __getattr__(name: str):
    if name not in _MODULE_OF:
        raise AttributeError(f"minigpt.chat has no {name!r}: its names are {', '.join(__all__)}")
    return getattr(importlib.import_module(f"minigpt.chat.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
