"""Figures of a model, drawn by matplotlib from the tables of :mod:`hftopic.analysis`.

Each function takes an Axes or makes one, and returns it. Colours tell groups apart for every kind of colour
vision, and a second sign (position, marker or line) says the same.
"""

from hftopic.plots.correlations import plot_correlation, plot_network
from hftopic.plots.runs import plot_comparison, plot_history
from hftopic.plots.shares import plot_shares
from hftopic.plots.topics import plot_information, plot_map, plot_words

__all__ = [
    "plot_comparison",
    "plot_correlation",
    "plot_history",
    "plot_information",
    "plot_map",
    "plot_network",
    "plot_shares",
    "plot_words",
]
