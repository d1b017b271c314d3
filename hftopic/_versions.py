"""What a report of a problem should say: versions, threads, and what computes."""

import platform
import sys
from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("hftopic", "torch", "numpy", "scipy", "scikit-learn", "pandas", "gensim", "numba")


def show_versions() -> None:
    """Print the versions of Python, of this package and of what it computes with, its threads and loops.

    The line of the compiled loops says whether ``pip install hftopic[fast]`` takes effect and, if not, why.

    Examples
    --------
    >>> from hftopic import show_versions
    >>> show_versions()
    Python ...
    hftopic ...
    compiled loops ...
    """
    for name, told in versions().items():
        print(f"{name:<16}{told}")


def versions() -> dict[str, str]:
    """The same, by name."""
    import torch

    from hftopic._compiled import why_not

    reason = why_not()
    return {
        "Python": sys.version.split()[0],
        "system": f"{platform.system()} {platform.machine()}",
        **{name: _version(name) for name in PACKAGES},
        "threads": str(torch.get_num_threads()),
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
        "compiled loops": "yes" if reason is None else f"no: {reason}",
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
