"""Effects of metadata on topics, by the method of composition."""

from typing import Any, Literal, cast
from warnings import warn

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from hftopic._callers import level_of_the_caller
from hftopic._numbers import is_finite, is_one_of, is_whole
from hftopic.analysis.documents.shares import chosen_topics
from hftopic.analysis.effects.draws import DrawsOfPosterior, DrawsOfWords
from hftopic.analysis.effects.effects import Effects
from hftopic.analysis.effects.regression import composed
from hftopic.analysis.effects.studied import Studied, studied
from hftopic.analysis.encoded import empty_documents_known
from hftopic.analysis.models import FittedTopicModel, documents_of, has_poles
from hftopic.analysis.sampled import samples_shards
from hftopic.data.embeddings import embeddings_of
from hftopic.data.known import columns_known
from hftopic.data.sequences import described
from hftopic.latent.encoded import Encoded
from hftopic.latent.posterior import Posterior
from hftopic.topics.shares import in_use


@samples_shards
def estimate_effects(
    model: FittedTopicModel,
    X: Any,
    formula: str,
    *,
    metadata: Any = None,
    topics: Any = "active",
    draws: Literal["words", "posterior"] | None = None,
    n_draws: int = 100,
    level: float = 0.95,
    cluster: str | None = None,
    missing: Literal["raise", "drop"] = "raise",
    random_state: Any = 0,
) -> Effects:
    r"""Effects of metadata on the shares of topics, with an uncertainty that includes that of the topics.

    By the method of composition (Treier and Jackman, 2008; Roberts et al., 2014): the topics of all documents
    are drawn many times, each draw is regressed on the design of the metadata, and the regressions are
    combined by the rules of Rubin (1987).

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    X : Corpus, ShardedCorpus, sparse matrix, ndarray, DataFrame or Encoded, (n_documents, n_words)
        Documents, best those that the model was fitted on. Documents without words are left out.
    formula : str
        Such as "rating + bs(day, df=4)", of columns of the metadata. A column of dates is read as years.
    metadata : DataFrame or dict of sequences, optional
        By default those of the Corpus, with ``label`` and ``date``.
    topics : {"active", "all"}, array of bool (n_topics,) or of topic numbers, default="active"
        Topics that are told of. Shares are those among the topics in use and these.
    draws : {"words", "posterior"}, optional
        "words" reads the model as a mixture that begins at its topics, draws the words of these, and reads
        the shares of the documents from their words, see Notes. It is the default; it needs whole counts, and
        topics with proportions. "posterior" draws from q(z|x), and is the default for NVDM, whose
        outcome is z, and for models with a Concrete variable.
    n_draws : int, default=100
    level : float, default=0.95
        Of the intervals.
    cluster : str, optional
        Column of the metadata: documents with the same value go together, such as those of an author. The
        standard errors then need many clusters, some 40 or more.
    missing : {"raise", "drop"}, default="raise"
        What is done with documents that lack a value; "drop" leaves them out, and says how many.
    random_state : int, RandomState or None, default=0

    Returns
    -------
    Effects
        With ``table``, ``groups``, ``margins``, ``contrast`` and ``curve``.

    Raises
    ------
    FormulaError
        The formula or `cluster` has an unknown column, a value is missing, columns of the design are constant
        or linearly dependent, one document alone determines a coefficient, or there are no more clusters than
        coefficients.
    ValueError
        An argument is out of range, no topic is chosen, all documents are empty, or `draws` does not suit
        the model or the counts.
    ImportError
        formulaic or statsmodels is not installed: ``pip install 'hftopic[effects]'``.

    Warns
    -----
    UserWarning
        Documents were left out for a missing value; the words of a topic, as the draws have them, are more
        like those of another topic of the model; or there are few clusters.

    Notes
    -----
    Draws from q(z|x) give intervals that are too short, and effects that are too small: q is a mean-field
    approximation, its shares are drawn towards the prior, and the words of the topics are taken as known.

    The mixture knows nothing of the metadata: if it did, words and effects would strengthen each other, and
    turn the chance of short documents into effects (Plummer, 2015, Statistics and Computing 25). Several
    samplers from the topics of the model draw the words of the topics. For each draw φ, the shares of a
    document are read from its frequencies of words by a matrix R for which φ R is the identity: they have no
    prior, so that nothing is drawn towards 0, and no bias, but noise, which the standard errors hold. They
    can be below 0 or above 1 in a document. The more topics and the shorter the documents, the wider the
    intervals. On 50 corpora of 500 documents with planted effects, 95% intervals held the truth in 94% of the
    cases with 80 tokens a document and in 97% with 12; those of "posterior" in 62% and 70%
    (``benchmarks/effects.py``). A topic can move:
    ``Effects.topics`` has the similarity of its words to those of the model. All words belong to topics in
    use, also those of silent topics, and of the topics that an edited model has dropped.

    Standard errors are those of HC3, or robust to clusters. They tell of the mean share in documents like
    these, with the metadata as given: an effect is causal only if the design of the study makes it so.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import estimate_effects
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    >>> known = {"party": ["left", "right"] * 100}
    >>> found = estimate_effects(model, corpus, "party", metadata=known, topics="all", n_draws=5)
    >>> found.contrast({"party": "left"}, {"party": "right"}).columns.tolist()[3:6]
    ['estimate', 'error', 'low']
    """
    of_words = not has_poles(model) and bool(model.latent_space_.gaussian.all())
    source = ("words" if of_words else "posterior") if draws is None else draws
    _check(source, n_draws, level, cluster, missing, of_words)
    found = studied(model, X, formula, metadata, cluster, missing == "drop")
    chosen = chosen_topics(model, topics)
    if not chosen.any():
        raise ValueError(f"topics={described(topics)} chooses no topic; pass 'all' for all of them")
    counted = chosen | in_use(model.topic_summary_)
    generator = np.random.default_rng(check_random_state(random_state).randint(2**31))
    drawn = (
        _of_words(model, found, counted, generator)
        if source == "words"
        else DrawsOfPosterior(model, _posterior(model, X, metadata, found), counted, generator)
    )
    numbers, groups = np.flatnonzero(chosen), _groups_with_shares(model)
    outcomes = _Outcomes(numbers, [model.topic_groups_ == group for group in groups])
    regressions = composed(
        map(outcomes.of, drawn.draws(n_draws)),
        drawn.chains(n_draws),
        found.covariates.design,
        found.clusters,
    )
    table = pd.DataFrame(
        {
            "topic": np.asarray(model.topic_ids_)[numbers],
            "group": np.asarray(model.topic_groups_)[numbers],
            "name": model.topic_names_[numbers],
            "share": outcomes.means[: len(numbers)],
            "similarity": drawn.similarity[numbers],
        }
    )
    _warn_of_moved(np.asarray(model.topic_ids_)[drawn.moved])
    return Effects(
        formula,
        float(level),
        source,
        n_draws,
        len(found.rows),
        found.n_empty,
        found.n_missing,
        table,
        drawn.words[numbers],
        groups,
        regressions,
        found.covariates,
    )


class _Outcomes:
    """Columns of a draw that are regressed, topics and the sums of groups, and their means over the draws."""

    def __init__(self, topics: NDArray[np.int64], groups: list[NDArray[np.bool_]]) -> None:
        self._topics, self._groups, self._sums = topics, groups, list[NDArray[np.float64]]()

    def of(self, draw: NDArray[np.float64]) -> NDArray[np.float64]:
        """Outcomes of a draw, (n_documents, n_outcomes)."""
        groups = [draw[:, members].sum(axis=1) for members in self._groups]
        values = np.column_stack([draw[:, self._topics], *groups])
        self._sums.append(values.mean(axis=0))
        return values

    @property
    def means(self) -> NDArray[np.float64]:
        """Mean of each outcome over documents and draws, (n_outcomes,)."""
        return np.asarray(np.mean(self._sums, axis=0))


def _check(source: Any, n_draws: Any, level: Any, cluster: Any, missing: Any, of_words: bool) -> None:
    if not is_one_of(source, ("words", "posterior")):
        raise ValueError(f"draws={source!r} is unknown; did you mean 'words' or 'posterior'?")
    if source == "words" and not of_words:
        raise ValueError(
            "draws='words' needs topics that have proportions, and no Concrete variables: pass "
            "draws='posterior'"
        )
    if not isinstance(cluster, str | None):
        raise TypeError(f"cluster must be the name of a column of the metadata; got {described(cluster)}")
    if not is_one_of(missing, ("raise", "drop")):
        raise ValueError(f"missing={missing!r} is unknown; did you mean 'raise' or 'drop'?")
    if not is_whole(n_draws, 2):
        raise ValueError(f"n_draws must be at least 2, because they are compared; got {n_draws!r}")
    if not (is_finite(level) and 0 < level < 1):
        raise ValueError(f"level must be between 0 and 1, such as 0.95; got {level!r}")


def _of_words(
    model: FittedTopicModel, found: Studied, counted: NDArray[np.bool_], generator: np.random.Generator
) -> DrawsOfWords:
    """Draws of a mixture of the topics that are counted, which begins at their words."""
    topics = np.flatnonzero(counted)
    if len(topics) < 2:
        raise ValueError("a share has no effects if there is one topic: it is 1 in each document")
    if not np.array_equal(found.counts.data, np.rint(found.counts.data)):
        raise ValueError(
            "draws='words' draws the topic of each token, so it needs whole counts; pass draws='posterior'"
        )
    return DrawsOfWords(found.counts, topics, np.asarray(model.topic_word_), generator)


def _posterior(model: Any, X: Any, metadata: Any, found: Studied) -> Posterior:
    """Posterior of the documents of a study; the metadata are also those of a prior that depends on them."""
    design, rows = getattr(model, "design_", None), found.rows
    with empty_documents_known():
        if design is not None and not isinstance(X, Encoded):
            documents = documents_of(X)
            n_documents = found.n_empty + found.n_missing + len(rows)
            known = columns_known(documents, None, n_documents)
            if metadata is not None:
                known |= columns_known(documents, metadata, n_documents)
            read = {name: known[name][rows] for name in design.columns_in(known)}
            given = {}
            if getattr(model, "embedding_size_", None) is not None:
                held = embeddings_of(documents, None, n_documents)
                given = {} if held is None else {"embeddings": held[rows]}
            return cast(Posterior, model.posterior(found.counts, metadata=read, **given))
        return cast(Posterior, model.posterior(X)[rows])


def _groups_with_shares(model: FittedTopicModel) -> NDArray[np.int64]:
    """Groups whose topics have a share of the documents that differs: none if they are signed or one."""
    space = model.latent_space_
    groups = np.unique(space.topic_groups[space.gaussian])
    return groups if len(groups) > 1 and not model.signed_topics_ else groups[:0]


def _warn_of_moved(moved: NDArray[np.int64]) -> None:
    if len(moved):
        warn(
            f"the words of the topics {', '.join(map(str, moved))} in these documents are more like those of "
            "another topic of the model: read Effects.topic_word before their effects",
            UserWarning,
            stacklevel=level_of_the_caller(),
        )
