"""Notice when a submission changes what it is judged by, such as numpy.testing or the checks, and restore it."""

import sys
from types import FunctionType, ModuleType
from typing import Any

GUARDED = ("builtins", "math", "numpy", "keras", "minigpt")


class Guard:
    """Remembers the functions and classes of the guarded modules, and the code inside those that judge."""

    def __init__(self) -> None:
        self.values: list[tuple[Any, str, Any]] = []  # (owner, name, what it was)
        for name, module in list(sys.modules.items()):
            if name.split(".")[0] in GUARDED:
                self._remember(module, judges=name.startswith(("minigpt", "numpy.testing")))

    def _remember(self, owner: Any, judges: bool) -> None:
        for name, value in list(vars(owner).items()):
            if not callable(value) or (isinstance(owner, type) and not isinstance(value, FunctionType)):
                continue
            self.values.append((owner, name, value))
            if judges and isinstance(value, FunctionType):
                self.values.append((value, "__code__", value.__code__))
            if judges and isinstance(owner, ModuleType) and isinstance(value, type) and value.__module__ == owner.__name__:
                self._remember(value, judges)  # the methods of our classes

    def restore(self) -> list[str]:
        """Restore what was changed; return its names, such as "numpy.testing.assert_allclose"."""
        changed = [entry for entry in self.values if getattr(entry[0], entry[1], None) is not entry[2]]
        for owner, name, value in changed:
            setattr(owner, name, value)
        names = [f"{getattr(owner, '__name__', owner)}.{name}" for owner, name, _ in changed]
        return list(dict.fromkeys(names))  # several modules can share a function
