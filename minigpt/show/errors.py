"""The error of minigpt.show."""

from minigpt.errors import MinigptError


class ShowError(MinigptError):
    """Something that cannot be shown: a wrong layer, an unknown word, a path without a model."""
