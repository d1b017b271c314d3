"""Progress bars with the time left: in a terminal on standard error, in a notebook as a widget."""

from collections.abc import Iterable
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

# Where the widgets are missing, tqdm.auto warns and falls back to the bar of a terminal.
if TYPE_CHECKING or find_spec("ipywidgets") is None:
    from tqdm import tqdm
else:
    from tqdm.auto import tqdm


def progress(iterable: Iterable[Any] | None = None, *, verbose: bool, **settings: Any) -> "tqdm[Any]":
    """Progress bar over an iterable, or one that is updated by hand; without `verbose` it shows nothing.

    Parameters
    ----------
    iterable : iterable, optional
    verbose : bool
    settings : parameters of tqdm, such as ``total``, ``desc`` and ``unit``
    """
    return tqdm(iterable, disable=not verbose, **settings)
