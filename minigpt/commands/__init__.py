"""The commands of `minigpt`, one file each with `add_arguments` and `run`; the options that they share are in `options.py`."""
