"""The dialogue: how a language model becomes an assistant, and the page to talk to it.

In order: read the questions, hold out some phrasings, make turns, train on the story, fine-tune on the dialogue, evaluate,
save, talk.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "questions": ["Fact", "read_dialogue", "hold_out_phrasings"],
        "turns": ["asked", "turn", "turn_prompt", "dialogue_tokenizer", "turn_arrays", "DialogueBatches"],
        "fine_tuning": ["dialogue_config", "answer_loss", "answer_accuracy", "fine_tune", "train_dialogue"],
        "answering": ["answer", "stream_answer", "unknown_in"],
        "evaluation": ["evaluate_dialogue"],
        "saved_runs": ["save_dialogue", "find_runs"],
    },
)
