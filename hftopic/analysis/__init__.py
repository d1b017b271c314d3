"""Analysis of fitted models: information, correlation, coherence and summaries, as DataFrames."""

from hftopic.analysis.coherence import topic_coherence
from hftopic.analysis.correlation import TopicCorrelation, topic_correlation
from hftopic.analysis.information import Decomposition, decompose, topic_information
from hftopic.analysis.topics import topic_diversity, topic_summary

__all__ = [
    "Decomposition",
    "TopicCorrelation",
    "decompose",
    "topic_coherence",
    "topic_correlation",
    "topic_diversity",
    "topic_information",
    "topic_summary",
]
