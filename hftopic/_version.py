"""The version of the package, which takes half of the time of its import to look up."""

from importlib.metadata import version

__version__ = version("hftopic")
