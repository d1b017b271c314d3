"""The words of the topics of a fitted model."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from hftopic.data.inputs import column_words
from hftopic.models import evaluation
from hftopic.networks.network import TopicNetwork

RANKINGS = ("probability", "weight")
POLES = {"+": 1, "-": -1}


class TopicWords:
    """Methods of a topic model that list the words of its topics."""

    _network: TopicNetwork
    n_features_in_: int
    topic_groups_: NDArray[np.int64]
    signed_topics_: bool
    components_: NDArray[np.float32]
    topic_word_: NDArray[np.float32]

    def top_words(
        self,
        n: int = 10,
        vocabulary: Sequence[str] | None = None,
        *,
        by: str | None = None,
        pole: str = "+",
    ) -> pd.DataFrame:
        """Top words of each topic, highest first.

        Parameters
        ----------
        n : int, default=10
            Number of words per topic.
        vocabulary : sequence of str, length n_words, optional
            Word of each column, for a model not fitted on a Corpus or a DataFrame. If missing, column numbers
            are used.
        by : {"probability", "weight"}, optional
            Ranking criterion: ``topic_word_``, p(w|topic), or ``components_``, the effect on a word's logit,
            which favours rare but characteristic words. The default is "probability", and "weight" for signed
            topics: one standard deviation of a dimension changes p(w|topic) only a little, so ranking by
            probability gives common words for every topic.
        pole : {"+", "-"}, default="+"
            Only for a model with signed topics, such as :class:`hftopic.NVDM`: words that become more
            probable with a positive or with a negative z.

        Returns
        -------
        DataFrame
            One row per topic: ``group``, ``word_1`` to ``word_n``.

        Raises
        ------
        ValueError
            ``by`` or ``pole`` is unknown, the model has no negative pole, or ``n`` is larger than the
            vocabulary.
        """
        check_is_fitted(self)
        if by is not None and by not in RANKINGS:
            raise ValueError(f"by must be one of {', '.join(map(repr, RANKINGS))}; got {by!r}")
        if pole not in POLES:
            raise ValueError(f"pole must be '+' or '-'; got {pole!r}")
        if pole == "-" and not self.signed_topics_:
            raise ValueError(
                f"topics of {type(self).__name__} have no negative pole; remove pole. "
                "Only signed topics have one, such as those of NVDM"
            )
        ranking = by or ("weight" if self.signed_topics_ else "probability")
        if ranking == "weight":
            return self._word_table(POLES[pole] * self.components_, n, vocabulary)
        return self._word_table(self._topic_word(POLES[pole]), n, vocabulary)

    def _topic_word(self, sign: int) -> NDArray[np.float32]:
        """p(w|topic) of the positive or the negative pole."""
        if sign > 0:
            return self.topic_word_
        with torch.inference_mode():
            return evaluation.to_numpy(self._network.decoder.topics(sign).probabilities())

    def _word_table(
        self, weights: NDArray[np.float32], n: int, vocabulary: Sequence[str] | None
    ) -> pd.DataFrame:
        words = column_words(self, vocabulary)
        if not 1 <= n <= len(words):
            raise ValueError(f"n must be from 1 to {len(words)} (the vocabulary size); got {n}")
        ranked = words[np.argsort(-weights, axis=1, kind="stable")[:, :n]]
        table = pd.DataFrame(ranked, columns=[f"word_{i + 1}" for i in range(n)])
        table.insert(0, "group", self.topic_groups_)
        return table.rename_axis("topic")
