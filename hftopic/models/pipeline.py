"""Texts to topics in one estimator, as scikit-learn has pipelines: the model knows its words."""

import os
from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils import Tags
from sklearn.utils.metaestimators import available_if

from hftopic.data.corpus import Corpus, CorpusError
from hftopic.data.embedding_models import embed_texts
from hftopic.data.embeddings import encoder_input_of
from hftopic.data.inputs import column_words, known_words
from hftopic.data.sequences import check_sequence, described, listed
from hftopic.data.text import TextOptions, corpus_from_texts, options_of_model
from hftopic.models.bases import TransformerMixin
from hftopic.models.display import ShownFitted
from hftopic.models.exchange import twin
from hftopic.models.prodlda import ProdLDA
from hftopic.training.epochs import Callback


def _predicts(pipeline: "TopicPipeline") -> bool:
    """Whether the model has classes."""
    return hasattr(getattr(pipeline, "model_", pipeline.model), "predict")


class TopicPipeline(TransformerMixin, ShownFitted):
    """Topic model of raw texts: words are counted, and the model is fitted on the counts.

    It works in :class:`sklearn.model_selection.GridSearchCV`, with the scorers of ``hftopic.analysis`` and in
    a longer :class:`sklearn.pipeline.Pipeline`. Functions of ``hftopic.analysis``, ``plots`` and ``report``
    take its model and the documents that it reads: ``topic_summary(pipeline.model_, pipeline.read(texts))``.

    Parameters
    ----------
    model : ProdLDA, NVDM or a subclass, optional
        It is cloned in ``fit``, and so stays unfitted; ``ProdLDA()`` by default.
    words : TextOptions, or a vectoriser such as CountVectorizer, optional
        How texts become counts; ``TextOptions()`` by default. A vectoriser is cloned; it must return counts
        and have ``get_feature_names_out``.
    embed : str, path-like, object or function, optional
        The model with which texts are embedded, as in :func:`hftopic.embed_texts`, for a topic model that
        reads embeddings (``encoder_input``). It is not saved with the topic model. Without it, embeddings of
        the texts are passed to each method.

    Attributes
    ----------
    model_ : fitted model
        To be used with word counts, and to be saved: :meth:`from_model` makes a pipeline of it again. A
        vectoriser is not saved with it; keep that in a file of its own, or pickle the pipeline.
    vectorizer_ : fitted vectoriser, or None if `words` is TextOptions

    Examples
    --------
    >>> from hftopic import ProdLDA, TextOptions, TopicPipeline
    >>> texts = ["the ball hit the net", "the net of the team", "faith and god", "god of the church"] * 10
    >>> topics = TopicPipeline(ProdLDA(groups=2, max_iter=5, random_state=0), TextOptions(min_df=2))
    >>> topics.fit_transform(texts).shape
    (40, 2)
    >>> topics.transform(["a church without a net"]).shape
    (1, 2)
    >>> sorted(topics.model_.vocabulary_)
    ['ball', 'church', 'faith', 'god', 'hit', 'net', 'team']
    """

    model_: Any
    vectorizer_: Any

    def __init__(self, model: Any = None, words: Any = None, embed: Any = None) -> None:
        self.model = model
        self.words = words
        self.embed = embed

    @classmethod
    def from_model(
        cls, model: Any, vectorizer: Any = None, *, tokenizer: Any = None, embed: Any = None
    ) -> Self:
        """Fitted pipeline of a fitted model, such as a loaded one, that was fitted on texts.

        Parameters
        ----------
        model : fitted model
        vectorizer : fitted vectoriser, optional
            What counted the words of the model, such as the first steps of a Pipeline:
            ``TopicPipeline.from_model(pipeline[-1], pipeline[:-1])``. The model in ``model_`` then has its
            words. By default texts are read as those were that the model was fitted on, which a model knows
            only if this package read them.
        tokenizer : callable, optional
            The function that split those texts into words, if one did: no file keeps it.
        embed : optional
            The model with which those texts were embedded, if the topic model reads embeddings.

        Raises
        ------
        ValueError
            The model does not know its words or how its texts were read, or the vectoriser has others. Or a
            function split its texts, and no ``tokenizer`` is given; or one is given beside a vectoriser.
        """
        words = known_words(model) if vectorizer is None else vectorizer.get_feature_names_out()
        if words is None:
            raise ValueError(
                f"{described(model)} has no words, so texts cannot be counted for it: pass the fitted "
                "vectoriser too, or fit it on a Corpus"
            )
        if vectorizer is not None and tokenizer is not None:
            raise ValueError(
                "a tokenizer has no effect with a vectoriser, which has its own; remove one of them"
            )
        advice = "pass the fitted vectoriser that counted them, from_model(model, vectorizer)"
        changed = {} if tokenizer is None else {"tokenizer": tokenizer}
        options = vectorizer if vectorizer is not None else options_of_model(model, advice, **changed)
        pipeline = cls(model, options, embed)
        pipeline.model_, pipeline.vectorizer_ = with_words(model, words), vectorizer
        return pipeline

    def fit(
        self,
        X: Any,
        y: Any = None,  # noqa: ARG002
        *,
        metadata: Any = None,
        embeddings: Any = None,
        callbacks: Sequence[Callback] = (),
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_minutes: float = 10.0,
    ) -> Self:
        """Choose the words and learn topics.

        Parameters
        ----------
        X : sequence of str
            Texts, one per document.
        y : ignored
        metadata, embeddings, callbacks, checkpoint, checkpoint_minutes
            As in :meth:`ProdLDA.fit`. Without ``embeddings``, ``embed`` makes them of the texts.

        Raises
        ------
        CorpusError
            `X` is no sequence of texts, or no word is left.
        TypeError
            `model` is no topic model, or `words` can count no words.
        ValueError
            As in :meth:`ProdLDA.fit`.
        """
        model = ProdLDA() if self.model is None else self.model
        if isinstance(model, type) or not hasattr(model, "fit") or not hasattr(model, "groups"):
            raise TypeError(f"model must be ProdLDA(...) or NVDM(...), not {described(model)}")
        self._check_embedded(model, embeddings)
        vectorizer, corpus = self._counted(X)
        corpus = self._embedded(corpus, model, embeddings)
        kept = {"checkpoint": checkpoint, "checkpoint_minutes": checkpoint_minutes}
        fitted = clone(model).fit(corpus, metadata=metadata, callbacks=callbacks, **kept)
        self.model_, self.vectorizer_ = fitted, vectorizer
        return self

    def _counted(self, X: Any) -> tuple[Any, Corpus]:
        """The fitted vectoriser, or None, and the corpus of the texts to fit on."""
        if self.words is None or isinstance(self.words, TextOptions):
            return None, corpus_from_texts(X, options=self.words)
        if isinstance(self.words, type) or not hasattr(self.words, "get_feature_names_out"):
            raise TypeError(
                "words must be TextOptions(...) or a vectoriser that knows its words, such as "
                f"CountVectorizer(), not {described(self.words)}"
            )
        texts, vectorizer = _texts(X), clone(self.words)
        counts = vectorizer.fit_transform(texts)
        return vectorizer, Corpus(counts, vectorizer.get_feature_names_out(), texts=texts)

    def read(
        self,
        X: Any,
        *,
        labels: Iterable[Any] | None = None,
        names: Iterable[Any] | None = None,
        dates: Iterable[Any] | None = None,
        metadata: Any = None,
        embeddings: Any = None,
    ) -> Corpus:
        """Corpus of texts in the words of the model, for ``hftopic.analysis``, ``plots`` and ``report``.

        Parameters
        ----------
        X : sequence of str
            Texts, one per document.
        labels, names, dates, metadata, embeddings
            What else is known of each document, as in :class:`hftopic.Corpus`. Without ``embeddings``,
            ``embed`` makes them if the model reads embeddings.

        Raises
        ------
        sklearn.exceptions.NotFittedError
        CorpusError
            `X` is no sequence of texts, or another part does not have one value per text.
        """
        fitted = self._fitted()
        self._check_embedded(fitted, embeddings)
        words: Any = known_words(fitted)
        known: dict[str, Any] = {"labels": labels, "names": names, "dates": dates, "metadata": metadata}
        if self.vectorizer_ is None:
            corpus = corpus_from_texts(X, options=self._options(), vocabulary=words, **known)
        else:
            texts = _texts(X)
            corpus = Corpus(self.vectorizer_.transform(texts), words, texts=texts, **known)
        return self._embedded(corpus, fitted, embeddings)

    def _check_embedded(self, model: Any, embeddings: Any) -> None:
        """Raise ValueError if the model reads embeddings, and nothing gives any."""
        if encoder_input_of(model) != "counts" and self.embed is None and embeddings is None:
            raise ValueError(
                f"the model reads embeddings (encoder_input={encoder_input_of(model)!r}): pass embed= to the "
                "pipeline, a model as embed_texts takes, or embeddings= with the texts"
            )

    def _embedded(self, corpus: Corpus, model: Any, embeddings: Any) -> Corpus:
        """The corpus of texts with the given embeddings, or with those that ``embed`` makes for the model."""
        if embeddings is not None:
            return corpus.with_embeddings(embeddings)
        if encoder_input_of(model) == "counts" or corpus.texts is None:
            return corpus
        return corpus.with_embeddings(embed_texts(corpus.texts, self.embed))

    def _options(self) -> TextOptions | None:
        """Options of the texts that the model was fitted on, with the phrases that were found in them."""
        words: TextOptions | None = self.words
        if words is None or words.sought_phrases is None:
            return words
        return TextOptions.like(self.model_, tokenizer=words.tokenizer)

    def transform(self, X: Any, *, metadata: Any = None, embeddings: Any = None) -> NDArray[np.float32]:
        """Topic proportions (ProdLDA) or posterior means (NVDM) of texts, shape (n_documents, n_topics)."""
        documents = self.read(X, embeddings=embeddings)
        shares: NDArray[np.float32] = self._fitted().transform(documents, metadata=metadata)
        return np.asarray(shares)

    @available_if(_predicts)  # type: ignore[untyped-decorator]
    def predict(self, X: Any, *, metadata: Any = None, embeddings: Any = None) -> NDArray[np.int64]:
        """Most probable class of each text; only for models with a Concrete variable."""
        documents = self.read(X, embeddings=embeddings)
        classes: NDArray[np.int64] = self._fitted().predict(documents, metadata=metadata)
        return classes

    def score(
        self,
        X: Any,
        y: Any = None,  # noqa: ARG002
        *,
        metadata: Any = None,
        embeddings: Any = None,
        sample_weight: Any = None,
    ) -> float:
        """Mean ELBO per text, in nats. It cannot compare vocabularies, nor ``beta`` and ``gamma``."""
        weighted = {"metadata": metadata, "sample_weight": sample_weight}
        return float(self._fitted().score(self.read(X, embeddings=embeddings), **weighted))

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:  # noqa: ARG002
        """Names of the columns of ``transform``, those of the model."""
        names: NDArray[np.object_] = self._fitted().get_feature_names_out()
        return names

    def _shown_model(self) -> Any:
        return getattr(self, "model_", None)

    def _fitted(self) -> Any:
        if not self.__sklearn_is_fitted__():
            raise NotFittedError(f"this {type(self).__name__} is not fitted yet: call fit first")
        return self.model_

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.string, tags.input_tags.two_d_array = True, False
        tags.transformer_tags.preserves_dtype = []
        return tags


def with_words(model: Any, words: Any) -> Any:
    """The fitted model, or one with the same state that has these words for its columns.

    Raises
    ------
    ValueError
        They are not one word per column, or those of the model in another order.
    """
    checked = column_words(model, words)
    if known_words(model) is not None:
        return model
    named = twin(model)
    named.vocabulary_, named._automatic = checked, []  # names of topics are made of the words
    return named


def _texts(X: Any) -> list[str]:
    """Texts as a list, for vectorisers, which would read a single text letter by letter.

    Raises
    ------
    CorpusError
        This is no sequence of texts.
    """
    if isinstance(X, str | bytes):
        raise CorpusError("X is a single text; pass a sequence of texts, one per document")
    check_sequence(X, "X", "pass a sequence of texts, one per document", CorpusError, lines=True)
    texts = listed(X)
    strange = next((place for place, text in enumerate(texts) if not isinstance(text, str)), None)
    if strange is not None:
        raise CorpusError(f"text {strange} is of type {type(texts[strange]).__name__}, not a string")
    return texts
