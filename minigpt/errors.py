"""The errors of minigpt: one line that says what was given, what is needed and what to type next."""


class MinigptError(ValueError):
    """The base of every error that minigpt raises on purpose.

    The command line prints it as one line; a notebook does the same through `_render_traceback_`, the hook that
    IPython asks first, so that a student reads the sentence and not forty lines of our files.
    """

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]


class ConfigError(MinigptError):
    """A hyper-parameter or another setting that cannot be right."""


class TextError(MinigptError):
    """A text that cannot be read or used."""


class TextNotFound(TextError, FileNotFoundError):
    """A path where there is no text."""


class TokenizerError(MinigptError):
    """A tokenizer that is not fitted, a file that holds no tokenizer, or an id outside the vocabulary."""


class WindowTooLarge(MinigptError):
    """A text with too few words for one window."""


class TrainingError(MinigptError):
    """Windows that do not fit the model, a checkpoint of another training, a loss that is NaN or has exploded."""


class SavedModelError(MinigptError):
    """A folder that is not a saved GPT, or is one that cannot be read or written."""


class FolderInUse(SavedModelError, TrainingError):
    """A folder in which another process is saving or training."""


class GenerationError(MinigptError):
    """A setting of `generate_text` that cannot be right."""


class ShowError(MinigptError):
    """Something that cannot be shown: a wrong layer, an unknown word, a path without a model."""
