"""What the class promised for later, one idea a file. So far: fine-tuning with LoRA."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs={"lora": ["use_lora", "merge_lora"]})
