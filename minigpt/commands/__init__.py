"""The commands of `minigpt`, one module each: `add_arguments` and `run`."""
