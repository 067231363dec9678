"""How checks are run and how their failures are explained: messages, fixtures, reference parts, stub models."""
