"""What people look at: each function returns a matplotlib Figure, a table, or Netron's picture of the network.

The names are loaded when first used, because matplotlib and TensorFlow take their time to start.
"""

import importlib

_MODULE_OF = {
    "plot_word_frequencies": "minigpt.show.text",
    "plot_windows": "minigpt.show.text",
    "plot_positional_encoding": "minigpt.show.network",
    "plot_causal_mask": "minigpt.show.network",
    "count_parameters": "minigpt.show.parameters",
    "plot_parameters": "minigpt.show.parameters",
    "plot_parameters_by_layers": "minigpt.show.parameters",
    "plot_training": "minigpt.show.training",
    "LiveCurve": "minigpt.show.live",
    "plot_attention": "minigpt.show.attention",
    "plot_next_words": "minigpt.show.next_words",
    "plot_word_map": "minigpt.show.word_map",
    "trace": "minigpt.show.tracing",
    "Trace": "minigpt.show.tracing",
    "show_netron": "minigpt.show.netron_page",
    "stop_netron": "minigpt.show.netron_page",
    "ShowError": "minigpt.show.errors",
}
__all__ = [*_MODULE_OF]


def __getattr__(name: str):
    if name not in _MODULE_OF:
        raise AttributeError(f"minigpt.show has no {name!r}: its names are {', '.join(__all__)}")
    value = getattr(importlib.import_module(_MODULE_OF[name]), name)
    globals()[name] = value  # the next look-up finds it without asking here
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
