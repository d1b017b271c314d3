"""Figures of a model, drawn with matplotlib from the tables of :mod:`hftopic.analysis`.

Each function takes a fitted model and its documents, ``plot_x(model, corpus)``, or a result of the analysis,
``plot_x(result)``; but :func:`plot_words` takes no result, and :func:`plot_comparison` nothing else. It takes
an Axes or creates one, and returns it. Group colours are distinguishable with all types of colour vision, and
position, marker or line style repeats the information. What does not vary by more than chance is grey.
"""

from typing import TYPE_CHECKING

from hftopic._lazy import lazy_names

if TYPE_CHECKING:
    from hftopic.plots.correlations import plot_network as plot_network
    from hftopic.plots.drift import plot_words_over_time as plot_words_over_time
    from hftopic.plots.effects import plot_effects as plot_effects
    from hftopic.plots.maps import plot_map as plot_map
    from hftopic.plots.matrix import plot_correlation as plot_correlation
    from hftopic.plots.runs import plot_comparison as plot_comparison
    from hftopic.plots.runs import plot_history as plot_history
    from hftopic.plots.shares import plot_shares as plot_shares
    from hftopic.plots.times import plot_over_time as plot_over_time
    from hftopic.plots.topics import plot_information as plot_information
    from hftopic.plots.topics import plot_words as plot_words

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "correlations": ["plot_network"],
        "drift": ["plot_words_over_time"],
        "effects": ["plot_effects"],
        "maps": ["plot_map"],
        "matrix": ["plot_correlation"],
        "runs": ["plot_comparison", "plot_history"],
        "shares": ["plot_shares"],
        "times": ["plot_over_time"],
        "topics": ["plot_information", "plot_words"],
    },
)
