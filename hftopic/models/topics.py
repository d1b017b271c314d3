"""The words of the topics of a fitted model."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Self

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from hftopic._numbers import is_one_of
from hftopic._torch_state import neutral_torch
from hftopic.data.forms import first_forms
from hftopic.data.inputs import column_words, words_to_list
from hftopic.models import evaluation
from hftopic.models.exchange import twin
from hftopic.networks.network import TopicNetwork
from hftopic.topics.names import POLES

RANKINGS = ("relevance", "probability", "weight", "exclusivity")
SIGNS = dict(zip(POLES, (1, -1), strict=True))
EVEN_DOCUMENTS = 10.0  # documents with a word, evenly from all topics, that are added for its exclusivity


class TopicWords:
    """Methods of a topic model that list the words of its topics."""

    _network: TopicNetwork
    n_features_in_: int
    topic_ids_: NDArray[np.int64]
    topic_groups_: NDArray[np.int64]
    topic_simplex_: NDArray[np.int64]
    signed_topics_: bool
    components_: NDArray[np.float32]
    topic_word_: NDArray[np.float32]

    def top_words(
        self,
        n: int | None = None,
        vocabulary: Sequence[str] | None = None,
        *,
        by: str = "relevance",
        pole: str = "+",
        merge_forms: bool = False,
    ) -> pd.DataFrame:
        """Top words of each topic, highest first.

        Parameters
        ----------
        n : int, optional
            Number of words per topic; 10 by default, or all words if there are fewer.
        vocabulary : sequence of str, length n_words, optional
            Word of each column, for a model not fitted on a Corpus or a DataFrame. If missing, column numbers
            are used. The words of the model in another order are an error.
        by : {"relevance", "probability", "weight", "exclusivity"}, default="relevance"
            Ranking criterion, see :meth:`word_scores`.
        pole : {"+", "-"}, default="+"
            Only for a model with signed topics, such as :class:`hftopic.NVDM`: words that become more
            probable with a positive or with a negative z.
        merge_forms : bool, default=False
            List only the highest of the inflected forms of an English word, such as "sort", "sorted" and
            "sorting".

        Returns
        -------
        DataFrame
            One row per topic: ``group``, ``word_1`` to ``word_n``. With `merge_forms`, a row of a small
            vocabulary can end with missing values.

        Raises
        ------
        ValueError
            ``by`` or ``pole`` is unknown, the model has no negative pole, ``n`` is not a positive int or is
            larger than the vocabulary, or ``vocabulary`` is not one word per column.
        """
        if not isinstance(merge_forms, bool | np.bool_):
            raise ValueError(f"merge_forms must be True or False; got {merge_forms!r}")
        with self._reading() as model:
            scores, groups, ids = model.word_scores(by=by, pole=pole), model.topic_groups_, model.topic_ids_
            words = column_words(model, vocabulary)
        n = words_to_list(n, len(words))
        order = np.argsort(-scores, axis=1, kind="stable")
        if merge_forms:
            ranked = np.array([_distinct_forms(words[of_topic], n) for of_topic in order], dtype=object)
        else:
            ranked = words[order[:, :n]]
        table = pd.DataFrame(ranked, columns=[f"word_{i + 1}" for i in range(n)], index=ids)
        table.insert(0, "group", groups)
        return table.rename_axis("topic")

    def word_scores(self, *, by: str = "relevance", pole: str = "+") -> NDArray[np.float32]:
        r"""Score of each word for each topic, by which :meth:`top_words` ranks.

        Parameters
        ----------
        by : {"relevance", "probability", "weight", "exclusivity"}, default="relevance"
            - "probability": ``topic_word_``, p(w|k)
            - "relevance": p(w|k) log(p(w|k) / p(w)), in nats, with p(w|k) of the words that documents use
              for the topic rather than for a background. The sum over all words is the divergence of
              the topic from the corpus, so the top words are those that distinguish the topic most: frequent
              in the topic, and more frequent than elsewhere
            - "exclusivity": p(k|w), the fraction of the documents with the word that use it for the topic;
              it is moved towards an even distribution if the word is rare
            - "weight": ``components_``, the effect on the logit of the word when the proportion of the topic
              changes. It also depends on words that occur in no document of the topic
        pole : {"+", "-"}, default="+"
            Pole of signed topics.

        Returns
        -------
        ndarray, shape (n_topics, n_words), float32

        Raises
        ------
        ValueError
            ``by`` or ``pole`` is unknown, or the model has no negative pole.
        """
        if not is_one_of(by, RANKINGS):
            raise ValueError(f"by must be one of {', '.join(map(repr, RANKINGS))}; got {by!r}")
        if not is_one_of(pole, POLES):
            raise ValueError(f"pole must be '+' or '-'; got {pole!r}")
        with self._reading() as model, torch.inference_mode():
            if pole == "-" and not model.signed_topics_:
                raise ValueError(
                    f"topics of {type(self).__name__} have no negative pole; remove pole. "
                    "Only signed topics have one, such as those of NVDM"
                )
            sign, usage = SIGNS[pole], model._network.usage
            if by == "weight":
                return np.asarray(sign * model.components_)
            probability, frequency = usage.probabilities(sign), usage.frequency
            if by == "relevance":
                tiny = torch.finfo(frequency.dtype).tiny
                scores = probability * (probability.clamp_min(tiny) / frequency.clamp_min(tiny)).log()
            elif by == "exclusivity":
                _, place, sizes = np.unique(model.topic_simplex_, return_inverse=True, return_counts=True)
                even = EVEN_DOCUMENTS / torch.from_numpy(len(usage.words) * sizes[place])[:, None]
                of_topic = usage.words[0 if sign > 0 else 1] + even.to(usage.words)
                scores = of_topic / (usage.documents / len(sizes) + EVEN_DOCUMENTS)
            else:
                scores = model._network.topic_words(sign)
            return evaluation.to_numpy(scores)

    @contextmanager
    def _reading(self) -> Iterator[Self]:
        """This fitted model as it is now, in the torch state of the package; it may be fitted meanwhile.

        Raises
        ------
        sklearn.exceptions.NotFittedError
        """
        with neutral_torch():
            model = twin(self)
            check_is_fitted(model)
            yield model


def _distinct_forms(words: NDArray[np.object_], n: int) -> list[object]:
    """The first `n` words that are no inflected form of a word before them; missing values at the end."""
    length = 2 * n
    while True:
        kept = first_forms([str(word) for word in words[:length]])[:n]
        if len(kept) == n or length >= len(words):
            return [words[place] for place in kept] + [pd.NA] * (n - len(kept))
        length *= 2
