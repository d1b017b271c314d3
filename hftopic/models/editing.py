"""Merging, dropping and renaming topics of a fitted model."""

import os
from typing import Any

from hftopic._torch_state import neutral_torch
from hftopic.data.columns import of_pandas
from hftopic.data.documents import BagsOfWords
from hftopic.data.sequences import described
from hftopic.editing.edits import Edits, named_by_id
from hftopic.models.edited import EditedModel
from hftopic.models.fitted import FittedModel
from hftopic.models.saving import WORDS
from hftopic.models.summary import REMEMBERED
from hftopic.topics.ids import check_known


@neutral_torch()
def edit_topics(
    model: FittedModel,
    *,
    merge: Any = (),
    drop: Any = (),
    names: Any = None,
    X: Any = None,
    metadata: Any = None,
    embeddings: Any = None,
) -> EditedModel:
    r"""Merge, drop and rename topics of a fitted model; the model itself is left as it is.

    The result answers and is saved as a fitted model does, and can be edited again. Topics keep their ids:
    topic 12 is topic 12 in every table, file and figure, however many are merged or dropped before it.

    Parameters
    ----------
    model : fitted ProdLDA, NVDM or EditedModel
    merge : sequence of sequences of int or str, optional
        Ids of topics that become one: ``[(3, 7), (1, 4, 5)]``. The merged topic has the id and the group of
        the first, and the name that this was given, by ``set_topic_names`` or with seed words; if it has
        none, that of the others, if one of them has. The topics may be of different groups, but not of
        different softmaxes (``topic_simplex_``), and not signed.
    drop : sequence or set of int or str, optional
        Ids of topics to leave out.
    names : dict of int or str to str, DataFrame or path-like, optional
        Names by id, of topics that are left, as for :meth:`hftopic.ProdLDA.set_topic_names`. The index of a
        Series has the ids.
    X : Corpus, sparse matrix, ndarray, DataFrame or Encoded, (n_documents, n_words), optional
        Documents over which the numbers of topics are computed anew, such as the training documents. They are
        needed for a model that was loaded or unpickled, unless it is only renamed; a fitted model remembers
        4,000 of its training documents.
    metadata : DataFrame or dict of sequences, optional
        Metadata of these documents, for a model with ``prevalence``, instead of those of a Corpus.
    embeddings : array-like, shape (n_documents, F), optional
        Embeddings of these documents, for a model whose encoder reads some, instead of those of a Corpus.

    Returns
    -------
    EditedModel

    Raises
    ------
    ValueError
        A topic does not exist, is in two merges, or is merged and dropped; topics cannot be merged; no topic
        would be left, or one class of a Concrete variable; a name is empty, not unique, or of a topic that is
        merged into another or dropped; ``X`` is needed.
    TypeError
        ``model`` is no fitted model of this package, or an id is neither an int nor a str of one.
    sklearn.exceptions.NotFittedError

    Notes
    -----
    Let z be the latent vector whose softmax is the topic proportions. Topics are merged by

    .. math:: z'_m = \log \sum_{i \in m} \exp z_i,

    with which the proportion of the merged topic is exactly the sum of the proportions of its members, and
    the others keep theirs. Dropping leaves a dimension out: proportions are the shares of what is left.
    Posterior and prior of z' are the Gaussians with its mean and variance, by quadrature; more than two
    topics are added one by one. Information and correlations are those of these Gaussians. ``transform`` has
    the exact sums of the original's proportions, which for merged topics differ a little from the softmax of
    the means of z'. A merged topic has the words of its members: the numbers of documents that use a word for
    one of them are added. Words of dropped topics are background. Effects (``components_``) are averages,
    weighted by the usage of the members. Contributions to words are sums, and those of dropped topics are
    part of the total. The probability of a merged class of a Concrete variable is the sum.

    Examples
    --------
    >>> from hftopic import ProdLDA, edit_topics, make_correlated_topics
    >>> corpus = make_correlated_topics(200, groups=(3, 3), random_state=0).corpus
    >>> model = ProdLDA(groups=(3, 3), max_iter=5, random_state=0).fit(corpus)
    >>> edited = edit_topics(model, merge=[(1, 4)], drop=[2], names={1: "faith"})
    >>> edited
    <EditedModel of ProdLDA: 4 of 6 topics. merged 1, 4. dropped 2>
    >>> edited.topic_ids_.tolist(), str(edited.topic_names_[1])
    ([0, 1, 3, 5], 'faith')
    """
    if not isinstance(model, FittedModel):
        raise TypeError(
            f"expected a fitted ProdLDA or NVDM, got {described(model)}; of a TopicPipeline, pass the model_"
        )
    with model._reading() as fitted:
        original = fitted.original_ if isinstance(fitted, EditedModel) else fitted
        before = fitted.edits_ if isinstance(fitted, EditedModel) else Edits.none(len(fitted.topic_ids_))
        edits = before.then(merge, drop)
        named = _named(names)
        if isinstance(named, dict):
            check_known(named, edits.ids.tolist(), edits.merged_into)
        edited = EditedModel(original, edits)
        vars(edited).update({name: getattr(fitted, name) for name in WORDS if hasattr(fitted, name)})
        edited._given_names = _kept_names(fitted, before, edits)
        if X is not None:
            documents = fitted._documents_and_known(X, metadata, embeddings)[0].with_words()
            if not len(documents):
                raise ValueError("no document of X has a word of the model")
            edited._remembered = (documents.sampled(REMEMBERED),)
        elif edits == before:
            edited._summaries, edited._automatic = [fitted._summary()], [fitted._automatic_names()]
        else:
            edited._remembered = _remembered(fitted)
    is_renamed = not isinstance(named, dict) or named
    return edited.set_topic_names(named) if is_renamed else edited


def _named(names: Any) -> Any:
    """Names by id, or a table or a file of them, as it is."""
    if names is None:
        return {}
    if of_pandas(names, "Series"):
        names = dict(zip(names.index.tolist(), names.tolist(), strict=True))
    is_table = of_pandas(names, "DataFrame") or isinstance(names, str | os.PathLike)
    return names if is_table else named_by_id(names)


def _kept_names(model: FittedModel, before: Edits, edits: Edits) -> dict[int, str]:
    """Given names of the topics that are left, those of merged topics included."""
    given, guided = model._given_names, model._guided_names()
    kept = {topic: name for topic, name in given.items() if topic in edits.ids}
    for topics in edits.members:
        parts = [topic for topic in topics if topic in before.ids]
        names = {given.get(topic, guided.get(topic)) for topic in parts[1:]} - {None}
        if len(names) == 1 and parts[0] not in given.keys() | guided.keys():
            kept[parts[0]] = str(names.pop())
    return kept


def _remembered(model: FittedModel) -> tuple[BagsOfWords, ...]:
    """Training documents that a fitted model remembers.

    Raises
    ------
    ValueError
        It has none.
    """
    known: tuple[BagsOfWords, ...] = vars(model).get("_remembered", ())
    if not known:
        raise ValueError(
            "a model that was loaded has no documents, over which the numbers of merged topics and of those "
            "that are left are computed: pass X, such as the training corpus"
        )
    return known
