"""What people look at: each function returns a matplotlib Figure, a table, or Netron's view of the network.

Each name is loaded when it is first used, because matplotlib and TensorFlow take their time to start.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["figures", "figures_model"],
    submod_attrs={
        "text": ["plot_word_frequencies", "plot_windows"],
        "network": ["plot_positional_encoding", "plot_causal_mask"],
        "parameters": ["count_parameters", "plot_parameters", "plot_parameters_by_layers"],
        "training": ["plot_training"],
        "live": ["LiveCurve"],
        "attention": ["plot_attention"],
        "next_words": ["plot_next_words"],
        "word_map": ["plot_word_map"],
        "tracing": ["trace", "Trace"],
        "netron_page": ["show_netron", "stop_netron"],
    },
)
