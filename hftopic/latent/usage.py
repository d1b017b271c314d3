"""Use of the words of documents for topics, as a model offers it to the analysis."""

from typing import Protocol

import scipy.sparse as sp


class WordUsage(Protocol):
    """For which topic each distinct word of each document is used, under the mixture of ``topic_word_``."""

    def __call__(self, topic: int, pole: str = "+") -> sp.csr_array:
        """Probability that each distinct word of a document is used for a topic, (n_documents, n_words).

        It has the places of the counts of the documents. Summed over the documents, it is the expected number
        of documents that use a word for the topic, from which ``topic_word_`` is made. Over the topics of a
        simplex, it adds up to at most 1: the rest is the background, words of the whole corpus. If the model
        is itself a mixture, such as :class:`hftopic.NVLDA`, it is the responsibility of the topic for the
        word: there is no background, and it adds up to 1 over all topics, unless some were
        dropped.

        Parameters
        ----------
        topic : int
        pole : {"+", "-"}
            Pole of a signed topic.
        """
