"""ETM: a mixture of topics that are linear in word vectors."""

from collections.abc import Sequence
from numbers import Integral
from typing import Annotated, Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval, StrOptions
from torch import Tensor

from hftopic.data.inputs import column_words, known_words
from hftopic.latent.space import LatentSpace
from hftopic.models import evaluation
from hftopic.models.nvlda import NVLDA
from hftopic.models.registry import register
from hftopic.models.vectors import FoundVectors, found_vectors, warn_of_missing
from hftopic.models.widening import widened
from hftopic.networks.decoders import Decoder
from hftopic.networks.etm import ETMDecoder


@register
class ETM(NVLDA):
    """Embedded topic model of Dieng et al. (2020), with groups of topics (HFVAE).

    The words of a document have the distribution θ β: a mixture of the topics' distributions over words, as
    in :class:`NVLDA`. The logits of a topic are linear in the vectors of the words: β_k = softmax(ρ α_k + b),
    with ρ of shape (V, L), a vector α_k for each topic, and a bias b of each word that all topics share.
    Words with similar vectors therefore have similar topics, also if they are rare. Vectors from a larger
    corpus, such as those of word2vec or GloVe, bring in what is known of the words there.
    :meth:`with_words` gives a fitted model words that it has never seen.

    Parameters
    ----------
    groups : int, Normal or Concrete, or tuple of them, default=(25, 25)
        Number of topics of each group, as in :class:`ProdLDA`.
    word_vectors : WordVectors, dict, gensim KeyedVectors, path-like, array or None, default=None
        Vectors of words; a path is read as by :func:`hftopic.read_word_vectors`. An array, of shape
        (n_words, size), has one row for each column of `X`. Words without a vector are learned; they are
        counted in a warning, and ``words_without_vectors_`` lists them. With None all vectors are learned.
    vector_size : int, default=100
        L, the number of dimensions of vectors that are learned, where none are given.
    train_vectors : bool or "auto", default="auto"
        Whether training changes vectors that are given. With "auto" it does not.
    **parameters
        All other parameters are those of :class:`NVLDA`, with the same defaults.

    Attributes
    ----------
    components_ : ndarray, shape (n_topics, n_words), float32
        Log p(w | topic) relative to that of the average topic.
    topic_word_ : ndarray, shape (n_topics, n_words), float32
        β, p(w | topic). Rows sum to 1, and ``transform(X) @ topic_word_`` is ``word_probabilities(X)``,
        unless there are discrete variables.
    topic_vectors_ : ndarray, shape (n_topics, size), float32
        α, the vector of each topic.
    word_vectors_ : ndarray, shape (n_words, size), float32
        ρ, the vectors of the words as the model has them: given vectors are centred and have a common scale.
    words_without_vectors_ : ndarray of str
        Words of the vocabulary for which `word_vectors` has no vector, which were learned.
    topic_groups_, latent_space_, prior_correlation_, history_, losses_, n_iter_, vocabulary_
        As in :class:`ProdLDA`, like all other attributes.

    References
    ----------
    Dieng, Ruiz & Blei, "Topic Modeling in Embedding Spaces", TACL 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from hftopic import ETM, WordVectors, make_correlated_topics
    >>> corpus = make_correlated_topics(200, groups=(3, 3), random_state=0).corpus
    >>> vectors = np.random.default_rng(0).normal(size=(len(corpus.vocabulary), 20))
    >>> vectors = WordVectors(corpus.vocabulary, vectors)
    >>> model = ETM(groups=(3, 3), word_vectors=vectors, max_iter=5, random_state=0).fit(corpus)
    >>> model.transform(corpus).shape, model.topic_vectors_.shape
    ((200, 6), (6, 20))
    """

    word_vectors: Annotated[Any, object] = None  # WordVectors.of refuses what holds no vectors
    vector_size: Annotated[int, Interval(Integral, 1, None, closed="left")] = 100
    train_vectors: Annotated[bool | str, "boolean", StrOptions({"auto"})] = "auto"

    _found: FoundVectors | None = None

    def _build_decoder(self, space: LatentSpace, background: Tensor, generator: torch.Generator) -> Decoder:
        found = self._found or self._found_vectors()
        return ETMDecoder(
            space,
            self.topic_softmax,
            background,
            found.vectors,
            found.columns,
            self.train_vectors != "auto" and bool(self.train_vectors),
            generator,
        )

    def _found_vectors(self) -> FoundVectors:
        if self.word_vectors is None:
            return FoundVectors.none(self.vector_size)
        return found_vectors(self.word_vectors, known_words(self), self.n_features_in_)

    def _read_vocabulary(self) -> None:
        """Find the vectors of the words, with a warning that counts those without any."""
        if self.word_vectors is None and not self.train_vectors:
            raise ValueError("train_vectors=False needs word_vectors; without any, they must be learned")
        self._found = self._found_vectors()
        if self.word_vectors is not None:
            warn_of_missing(self._found, known_words(self), self.n_features_in_)

    def _values_of_call(self) -> dict[str, Any]:
        return {**super()._values_of_call(), "word_vectors": self._found}

    def _expose(self) -> None:
        super()._expose()
        self._found = None  # the network has them

    @property
    def topic_vectors_(self) -> NDArray[np.float32]:
        """α, the vector of each topic, shape (n_topics, size)."""
        with self._reading() as model:
            return evaluation.to_numpy(model._decoder().topic_vectors)

    @property
    def word_vectors_(self) -> NDArray[np.float32]:
        """ρ, the vectors of the words as the model has them, shape (n_words, size)."""
        with self._reading() as model, torch.inference_mode():
            return evaluation.to_numpy(model._decoder().word_vectors())

    @property
    def words_without_vectors_(self) -> NDArray[np.object_]:
        """Words for which no vector was given, which were learned; all, if none were given."""
        with self._reading() as model:
            words, missing = column_words(model, None), model._decoder().without_vectors()
            return np.asarray(words[missing.cpu().numpy()])

    def with_words(self, words: Sequence[str], vectors: Any = None) -> Self:
        """The fitted model with words that no training document had, from their vectors.

        The logits of a new word in the topics follow from its vector, as those of all words, with a bias that
        is the mean of the others: a word of typical frequency. The encoder learns nothing either: the new
        rows of its first layer are a ridge regression on the vectors, fitted to the words that it knows. What
        the model knows of the other words stays: the ratios of their probabilities in each topic, names of
        topics, and the ``transform`` of documents without new words.

        Parameters
        ----------
        words : sequence of str (n_new,)
            Words that the vocabulary lacks; they become its last columns.
        vectors : WordVectors, dict, gensim KeyedVectors, path-like or array, (n_new, size), optional
            Vectors of these words, of the same source as those of the model; by default those of the
            parameter `word_vectors`. A model that was loaded has only those of its own words. If the vectors
            were learned, these are in the space of ``word_vectors_``.

        Returns
        -------
        ETM
            Another model; this one is left as it is. Its parameter ``word_vectors`` has the vectors that were
            given for words of this model, and the new ones; None, if all vectors were learned. It
            can be saved, and ``partial_fit`` continues with documents that have the new words.

        Raises
        ------
        ValueError
            A word is in the vocabulary already, is there twice or has no vector; the vectors have another
            size; or the columns of the model have no words.
        sklearn.exceptions.NotFittedError

        Examples
        --------
        >>> from hftopic import ETM, make_correlated_topics
        >>> corpus = make_correlated_topics(200, groups=(3, 3), random_state=0).corpus
        >>> model = ETM(groups=(3, 3), vector_size=20, max_iter=5, random_state=0).fit(corpus)
        >>> wider = model.with_words(["new"], [model.word_vectors_[0]])
        >>> wider.n_features_in_ - model.n_features_in_, wider.vocabulary_[-1]
        (1, 'new')
        """
        with self._reading() as model:
            return widened(model, words, vectors)

    def _decoder(self) -> ETMDecoder:
        decoder = self._network.decoder
        assert isinstance(decoder, ETMDecoder)
        return decoder
