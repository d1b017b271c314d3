"""What a fitted model knows of its topics: their numbers over the training documents, and their names."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from hftopic._numbers import is_whole
from hftopic.data.documents import BagsOfWords, evenly
from hftopic.data.inputs import column_words, known_words, words_to_list
from hftopic.latent.log_prior import LatentPrior
from hftopic.latent.posterior import MeanFieldPosterior, Posterior
from hftopic.latent.space import LatentSpace
from hftopic.models import evaluation
from hftopic.models.exchange import exchanged
from hftopic.models.guiding import Seeds
from hftopic.models.naming import check_unique, given_names
from hftopic.models.topics import TopicWords
from hftopic.topics.names import POLES, WORDS_IN_NAME, frequent, names_of, numbered_repeats
from hftopic.topics.shares import prominence
from hftopic.topics.summary import COMPARED, n_compared, summarised

INFORMED = 4000  # training documents at even distances over which the information of topics is computed
REMEMBERED = 4000  # documents of the last calls of ``partial_fit`` of which the summary is made


class TopicSummary(TopicWords):
    """Names of the topics of a model, and their numbers over the documents that it was fitted on."""

    latent_space_: LatentSpace
    _remembered: tuple[BagsOfWords, ...]  # documents of the summary, until it is made
    _summaries: list[pd.DataFrame]  # it, once it is known; shared with the twins that read it
    _automatic: list[list[str]]  # the automatic names, likewise
    _given_names: dict[int, str]  # by the ids of the topics
    _seeds: Seeds | None = None

    @property
    def guided_topics_(self) -> pd.DataFrame:
        """Topics that are guided by seed words, in the order in which these were given.

        One row per set of words, with the columns ``topic``, ``group``, ``name`` and ``words``, which joins
        the words that the vocabulary has.
        """
        with self._reading() as model:
            topics, seeds, words = model._guided(), model._seeds, column_words(model, None)
            columns = [] if seeds is None else seeds.columns
            return pd.DataFrame(
                {
                    "topic": topics,
                    "group": model.topic_groups_[topics],
                    "name": model._names()[topics],
                    "words": np.array([", ".join(words[list(of_set)]) for of_set in columns], dtype=object),
                }
            )

    @property
    def topic_summary_(self) -> pd.DataFrame:
        """Numbers of each topic over the training documents, without documents that are held out.

        One row per topic, with the columns of :func:`hftopic.analysis.topic_summary` except ``name`` and
        ``words``. They are those of at most 100,000 documents, and the information is that of at most
        4,000, at even distances. After
        ``partial_fit`` it is the table of the last 4,000 documents that were passed, at most; after ``load``
        and ``partial_fit``, of those passed since then.
        """
        with self._reading() as model:
            return model._summary().copy()

    @property
    def topic_names_(self) -> NDArray[np.object_]:
        """A unique name of each topic, shape (n_topics,), see :meth:`set_topic_names`."""
        with self._reading() as model:
            return model._names()

    def _guided(self) -> NDArray[np.int64]:
        """Topic of each set of seed words."""
        guidance = self._network.guidance
        return np.zeros(0, dtype=np.int64) if guidance is None else guidance.topics()

    def _guided_names(self) -> dict[int, str]:
        """Names that seed words give topics, by the ids of these."""
        sets = () if self._seeds is None else self._seeds.names
        return {
            int(topic): name for topic, name in zip(self._guided(), sets, strict=True) if name is not None
        }

    def name_topics(
        self, n_words: int | None = None, vocabulary: Sequence[str] | None = None
    ) -> NDArray[np.object_]:
        """Names of the topics with another number of words, or with the words of a vocabulary.

        Parameters
        ----------
        n_words : int, optional
            Number of words in an automatic name, for NVDM at each pole; 3 by default, or all words if there
            are fewer.
        vocabulary : sequence of str (n_words_of_model,), optional
            Word of each column, for a model not fitted on a Corpus or a DataFrame.

        Returns
        -------
        ndarray of str, shape (n_topics,)
            Names that were given by :meth:`set_topic_names` or with seed words are kept. An automatic name
            has the words of the highest relevance (:meth:`word_scores`) that are in enough documents: at
            least 0.3 times the square root of their number, so 17 of 3,000. No document may have more than a
            third of the tokens of such a word: (Σ n)² / Σ n² of its counts n in the documents is at least 9.
            Inflected forms are listed once. A word of the name of a more informative topic gives way to one
            that is nearly as relevant, and no two names have the same words.

        Raises
        ------
        ValueError
            ``n_words`` is not between 1 and the number of words, or ``vocabulary`` is not one word per
            column.
        """
        if n_words is not None and not is_whole(n_words):
            raise ValueError(f"n_words must be a positive int, got {n_words!r}")
        with self._reading() as model:
            listed = words_to_list(n_words, model.n_features_in_, WORDS_IN_NAME)
            words = [str(word) for word in column_words(model, vocabulary)]
            is_own = vocabulary is None or known_words(model) is not None
            if is_own and listed == min(WORDS_IN_NAME, len(words)):
                return model._names()
            return model._with_given(model._made_names(words, listed))

    def set_topic_names(self, names: Any) -> Self:
        """Name the topics; the names are saved with the model, and ``partial_fit`` keeps them.

        Parameters
        ----------
        names : dict of int to str, sequence of str, DataFrame, path-like or None
            A dict names some topics and leaves the names of the others; a sequence names all. A table, or the
            path of a CSV file, has the columns ``topic`` and ``name``; where the name is empty, the topic
            gets its automatic name. The file may be as a spreadsheet saves it: separated by commas,
            semicolons or tabs, in UTF-8, UTF-16 or Windows-1252. With None, all get automatic names; that of
            a guided topic is the one of its seed words.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            A topic does not exist or is named twice, a name is empty or has a control character or half of
            one, or two names are equal, also to one of seed words; for a file, the message has the line. The
            model then is unchanged.
        TypeError
            ``names`` is nothing of this, or a name is not a str.
        OSError
            The file cannot be read.

        Examples
        --------
        >>> from hftopic import ProdLDA, make_correlated_topics
        >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
        >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
        >>> model.set_topic_names({3: "sport"}).topic_names_[3]
        'sport'
        """
        with self._reading() as model:
            ids = model.topic_ids_.tolist()
            wanted = {} if names is None else {**model._given_names, **given_names(names, ids)}
            given = {topic: name for topic, name in wanted.items() if name is not None}
            check_unique({**model._guided_names(), **given})
        with exchanged(self) as fitted:
            fitted._given_names = given
        return self

    def _names(self) -> NDArray[np.object_]:
        return self._with_given(self._automatic_names())

    def _with_given(self, automatic: Sequence[str]) -> NDArray[np.object_]:
        """Automatic names, replaced by those that are given; unique, because an automatic one gives way."""
        given, ids = self._given_names, self.topic_ids_.tolist()
        names = [given.get(topic, name) for topic, name in zip(ids, automatic, strict=True)]
        return np.array(numbered_repeats(names, given, ids), dtype=object)

    def _automatic_names(self) -> list[str]:
        if not self._automatic:
            words = [str(word) for word in column_words(self, None)]
            self._automatic.append(self._made_names(words, min(WORDS_IN_NAME, len(words))))
        return self._automatic[0]

    def _made_names(self, words: Sequence[str], n_words: int) -> list[str]:
        usage = self._network.usage
        documents = evaluation.to_numpy(usage.documents) / len(np.unique(self.topic_simplex_))
        spread = evaluation.to_numpy(usage.effective_documents)
        poles = POLES[: 1 + self.signed_topics_]
        n_needed = n_words * len(poles) * len(self.topic_groups_)
        allowed = frequent(documents, spread, float(usage.n_documents), n_needed)
        summary, ids = self._summary(), self.topic_ids_.tolist()
        order = np.lexsort((-summary["information"], ~summary["active"], summary["duplicate"]))
        scores = [self.word_scores(pole=pole) for pole in poles]
        names = names_of(scores, words, allowed, order.tolist(), n_words, ids)
        guided = self._guided_names()
        named = [guided.get(topic, name) for topic, name in zip(ids, names, strict=True)]
        return numbered_repeats(named, guided, ids)

    def _summary(self) -> pd.DataFrame:
        if not self._summaries:
            self._summaries.append(self._summarised())
        return self._summaries[0]

    def _summarised(self) -> pd.DataFrame:
        prior, signed = self._network.prior, self.signed_topics_
        n_words = n_compared(COMPARED, self.n_features_in_)
        poles = [
            np.argsort(-self.word_scores(pole=pole), axis=1, kind="stable")[:, :n_words].tolist()
            for pole in POLES[: 1 + signed]
        ]
        values = np.concatenate([evaluation.represent(self._network, part) for part in self._remembered])
        prominent = values
        if signed:
            prominent = prominence(values, self._posterior_of_remembered(len(values))[0], prior.space, signed)
        posterior, residual = self._posterior_of_remembered(INFORMED)
        return summarised(
            posterior,
            values,
            prominent,
            LatentPrior(prior.space, prior.mean.cpu(), prior.covariance.cpu()),
            signed,
            poles,
            self.topic_ids_,
            residual=residual,
        )

    def _posterior_of_remembered(self, most: int) -> tuple[MeanFieldPosterior, MeanFieldPosterior | None]:
        """Posterior of at most so many remembered documents, and of the residual if that is another.

        It is rounded as that of documents that are passed.
        """
        ends = np.cumsum([len(part) for part in self._remembered])
        chosen = np.split(evenly(ends[-1], most), np.searchsorted(evenly(ends[-1], most), ends[:-1]))
        encoded = [
            evaluation.encode(self._network, part.select(rows - (end - len(part))))
            for part, rows, end in zip(self._remembered, chosen, ends, strict=True)
            if len(rows)
        ]
        posterior = MeanFieldPosterior.concatenated([of_part for of_part, _, _ in encoded])
        offsets = [offset for _, _, offset in encoded if offset is not None]
        residual = posterior.moved(-torch.from_numpy(np.concatenate(offsets))) if offsets else None
        return Posterior.of(posterior).mean_field(), residual

    def _remember(self, documents: BagsOfWords) -> None:
        """Keep the last documents, at most :data:`REMEMBERED`, for a summary that is made when needed."""
        parts = [*getattr(self, "_remembered", ()), documents]
        while len(parts) > 1 and sum(map(len, parts)) - len(parts[0]) >= REMEMBERED:
            del parts[0]
        self._remembered = (parts[0].sampled(REMEMBERED), *parts[1:])
