"""Example corpora: docstrings of installed packages, 20 Newsgroups, and synthetic corpora."""

from hftopic.data.datasets.docstrings import cache_folder, load_docstrings
from hftopic.data.datasets.generated import CorrelatedTopics, make_correlated_topics
from hftopic.data.datasets.newsgroups import fetch_20newsgroups

__all__ = [
    "CorrelatedTopics",
    "cache_folder",
    "fetch_20newsgroups",
    "load_docstrings",
    "make_correlated_topics",
]
