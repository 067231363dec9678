"""How checks are run and their failures explained: messages, fixtures, reference parts, stub models."""
