"""Analysis of fitted models: information, correlation, coherence and summaries, as DataFrames.

Every function that takes a Corpus takes a :class:`hftopic.ShardedCorpus`. Of more than 100,000 documents it
reads so many at even distances, and those that are asked for by number, and warns of this; the ``attrs`` of a
table then have ``sampled``, the number of documents that were read, and ``of``, that of all. To read the
sample only once, pass ``corpus.sampled(100_000)``. ``write_document_topics`` and ``representative_documents``
read all documents, and ``document_summary`` refuses so many.
"""

from typing import TYPE_CHECKING

from hftopic._lazy import lazy_names

if TYPE_CHECKING:
    from hftopic.analysis.coherence import topic_coherence as topic_coherence
    from hftopic.analysis.correlation.correlation import topic_correlation as topic_correlation
    from hftopic.analysis.correlation.groups import group_dependence as group_dependence
    from hftopic.analysis.correlation.pairs import TopicCorrelation as TopicCorrelation
    from hftopic.analysis.correlation.recurrence import recurring_pairs as recurring_pairs
    from hftopic.analysis.disentanglement import DCI as DCI
    from hftopic.analysis.disentanglement import dci as dci
    from hftopic.analysis.disentanglement import factor_information as factor_information
    from hftopic.analysis.disentanglement import kim_mnih_score as kim_mnih_score
    from hftopic.analysis.disentanglement import mutual_information_gap as mutual_information_gap
    from hftopic.analysis.distinct import distinct_topics as distinct_topics
    from hftopic.analysis.documents.contributions import contributions as contributions
    from hftopic.analysis.documents.contributions import word_contributions as word_contributions
    from hftopic.analysis.documents.documents import representative_documents as representative_documents
    from hftopic.analysis.documents.labels import label_topics as label_topics
    from hftopic.analysis.documents.labels import topics_by_label as topics_by_label
    from hftopic.analysis.documents.lift import topics_of_documents as topics_of_documents
    from hftopic.analysis.documents.similar import similar_documents as similar_documents
    from hftopic.analysis.documents.stream import write_document_topics as write_document_topics
    from hftopic.analysis.documents.summary import document_summary as document_summary
    from hftopic.analysis.documents.times import topics_over_time as topics_over_time
    from hftopic.analysis.documents.times import trends as trends
    from hftopic.analysis.documents.words import WordsOverTime as WordsOverTime
    from hftopic.analysis.documents.words import words_over_time as words_over_time
    from hftopic.analysis.effects.effects import Effects as Effects
    from hftopic.analysis.effects.estimate import estimate_effects as estimate_effects
    from hftopic.analysis.exclusivity import frex_words as frex_words
    from hftopic.analysis.exclusivity import topic_exclusivity as topic_exclusivity
    from hftopic.analysis.exports import get_topic_info as get_topic_info
    from hftopic.analysis.exports import to_pyldavis as to_pyldavis
    from hftopic.analysis.information import Decomposition as Decomposition
    from hftopic.analysis.information import decompose as decompose
    from hftopic.analysis.information import decompose_posterior as decompose_posterior
    from hftopic.analysis.information import topic_information as topic_information
    from hftopic.analysis.intrusion import word_intrusion as word_intrusion
    from hftopic.analysis.layout import topic_map as topic_map
    from hftopic.analysis.merges import suggest_merges as suggest_merges
    from hftopic.analysis.models import FittedTopicModel as FittedTopicModel
    from hftopic.analysis.names import topic_names as topic_names
    from hftopic.analysis.quality import document_coverage as document_coverage
    from hftopic.analysis.quality import effective_topics as effective_topics
    from hftopic.analysis.quality import inverted_rbo as inverted_rbo
    from hftopic.analysis.quality import topic_quality as topic_quality
    from hftopic.analysis.search import find_topics as find_topics
    from hftopic.analysis.selection.comparison import Comparison as Comparison
    from hftopic.analysis.selection.comparison import compare as compare
    from hftopic.analysis.selection.scorers import active_topics_score as active_topics_score
    from hftopic.analysis.selection.scorers import coherence_score as coherence_score
    from hftopic.analysis.selection.scorers import distinct_topics_score as distinct_topics_score
    from hftopic.analysis.selection.scorers import word_intrusion_score as word_intrusion_score
    from hftopic.analysis.selection.stability import match_topics as match_topics
    from hftopic.analysis.selection.stability import topic_stability as topic_stability
    from hftopic.analysis.subjects import topic_subjects as topic_subjects
    from hftopic.analysis.topics import topic_diversity as topic_diversity
    from hftopic.analysis.topics import topic_summary as topic_summary

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "coherence": ["topic_coherence"],
        "correlation.correlation": ["topic_correlation"],
        "correlation.groups": ["group_dependence"],
        "correlation.pairs": ["TopicCorrelation"],
        "correlation.recurrence": ["recurring_pairs"],
        "disentanglement": ["DCI", "dci", "factor_information", "kim_mnih_score", "mutual_information_gap"],
        "distinct": ["distinct_topics"],
        "documents.contributions": ["contributions", "word_contributions"],
        "documents.documents": ["representative_documents"],
        "documents.labels": ["label_topics", "topics_by_label"],
        "documents.lift": ["topics_of_documents"],
        "documents.similar": ["similar_documents"],
        "documents.stream": ["write_document_topics"],
        "documents.summary": ["document_summary"],
        "documents.times": ["topics_over_time", "trends"],
        "documents.words": ["WordsOverTime", "words_over_time"],
        "effects.effects": ["Effects"],
        "effects.estimate": ["estimate_effects"],
        "exclusivity": ["frex_words", "topic_exclusivity"],
        "exports": ["get_topic_info", "to_pyldavis"],
        "information": ["Decomposition", "decompose", "decompose_posterior", "topic_information"],
        "intrusion": ["word_intrusion"],
        "layout": ["topic_map"],
        "merges": ["suggest_merges"],
        "models": ["FittedTopicModel"],
        "names": ["topic_names"],
        "quality": ["document_coverage", "effective_topics", "inverted_rbo", "topic_quality"],
        "search": ["find_topics"],
        "selection.comparison": ["Comparison", "compare"],
        "selection.scorers": [
            "active_topics_score",
            "coherence_score",
            "distinct_topics_score",
            "word_intrusion_score",
        ],
        "selection.stability": ["match_topics", "topic_stability"],
        "subjects": ["topic_subjects"],
        "topics": ["topic_diversity", "topic_summary"],
    },
)
