"""Analysis of fitted models: information, correlation, coherence and summaries, as DataFrames."""

from hftopic.analysis.coherence import topic_coherence
from hftopic.analysis.comparison import Comparison, compare
from hftopic.analysis.contributions import contributions, word_contributions
from hftopic.analysis.correlation import TopicCorrelation, topic_correlation
from hftopic.analysis.disentanglement import (
    DCI,
    dci,
    factor_information,
    kim_mnih_score,
    mutual_information_gap,
)
from hftopic.analysis.documents import representative_documents
from hftopic.analysis.exclusivity import frex_words, topic_exclusivity
from hftopic.analysis.exports import get_topic_info, to_pyldavis
from hftopic.analysis.groups import group_dependence
from hftopic.analysis.information import Decomposition, decompose, topic_information
from hftopic.analysis.labels import topics_by_label, topics_over_time
from hftopic.analysis.layout import topic_map
from hftopic.analysis.names import topic_names
from hftopic.analysis.quality import document_coverage, effective_topics, inverted_rbo, topic_quality
from hftopic.analysis.recurrence import recurring_pairs
from hftopic.analysis.scorers import active_topics_score, coherence_score
from hftopic.analysis.stability import match_topics, topic_stability
from hftopic.analysis.topics import topic_diversity, topic_summary

__all__ = [
    "DCI",
    "Comparison",
    "Decomposition",
    "TopicCorrelation",
    "active_topics_score",
    "coherence_score",
    "compare",
    "contributions",
    "dci",
    "decompose",
    "document_coverage",
    "effective_topics",
    "factor_information",
    "frex_words",
    "get_topic_info",
    "group_dependence",
    "inverted_rbo",
    "kim_mnih_score",
    "match_topics",
    "mutual_information_gap",
    "recurring_pairs",
    "representative_documents",
    "to_pyldavis",
    "topic_coherence",
    "topic_correlation",
    "topic_diversity",
    "topic_exclusivity",
    "topic_information",
    "topic_map",
    "topic_names",
    "topic_quality",
    "topic_stability",
    "topic_summary",
    "topics_by_label",
    "topics_over_time",
    "word_contributions",
]
