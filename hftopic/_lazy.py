"""Lazy public names: a package imports each of them on first use, so that importing the package is fast."""

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any


def lazy_names(
    package: str, homes: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Values of ``__getattr__``, ``__dir__`` and ``__all__`` for a package with lazy names (PEP 562).

    Parameters
    ----------
    package : str
        ``__name__`` of the package.
    homes : mapping of str to sequence of str
        For each module (relative to the package), the public names that it defines.
    """
    home_of = {name: module for module, names in homes.items() for name in names}
    public = sorted(home_of)

    def getattr_(name: str) -> Any:
        if name not in home_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}; it has {', '.join(public)}")
        value = getattr(importlib.import_module(f"{package}.{home_of[name]}"), name)
        setattr(sys.modules[package], name, value)
        return value

    return getattr_, lambda: list(public), public
