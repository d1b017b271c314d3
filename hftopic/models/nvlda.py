"""NVLDA: a mixture of topics, as in latent Dirichlet allocation, with an encoder."""

from typing import Annotated

import torch
from sklearn.utils._param_validation import StrOptions
from torch import Tensor

from hftopic.latent.priors import DirichletLaplace, LearnedCorrelation, Prior
from hftopic.latent.space import LatentSpace
from hftopic.models.base import BaseTopicModel
from hftopic.models.parameters import ENCODER_NORM, SHARE
from hftopic.models.registry import register
from hftopic.networks.decoders import Decoder
from hftopic.networks.nvlda import NVLDADecoder


@register
class NVLDA(BaseTopicModel):
    """Neural variational LDA of Srivastava & Sutton (2017), with groups of topics (HFVAE).

    The words of a document have the distribution θ β: the mixture of the topics' distributions over words,
    with the topic proportions θ = softmax(z). Without discrete variables, ``transform(X) @ topic_word_`` is
    ``word_probabilities(X)``. Training scores only the words that occur: no array has the size of documents
    times words. Its cost still grows with the vocabulary, by the topics' softmaxes over all words.

    Parameters
    ----------
    groups : int, Normal or Concrete, or tuple of them, default=(25, 25)
        Number of topics of each group, as in :class:`ProdLDA`. A Concrete variable is a simplex of its own,
        and the mixture takes all simplexes with the same weight.
    topic_softmax : {"joint", "group"}, default="joint"
        "joint" is one softmax over all topics. "group" is one softmax per group; ``transform`` and the
        mixture then divide by the number of groups.
    dropout : float, default=0.05
        Dropout rate on the encoder's last hidden layer.
    word_dropout : float, default=0.1
        As in :class:`ProdLDA`.
    encoder_norm : {"none", "shift", "scale"}, default="scale"
        As in :class:`ProdLDA`. Without a norm many topics of a mixture stay unused.
    **parameters
        All other parameters are those of :class:`ProdLDA`, with the same defaults, except ``decoder_norm``.

    Attributes
    ----------
    components_ : ndarray, shape (n_topics, n_words), float32
        Log p(w | topic), less its average over the topics.
    topic_word_ : ndarray, shape (n_topics, n_words), float32
        β, the topics' distributions over words of the mixture. Common words are probable in many topics:
        ``word_scores()`` and ``top_words()`` therefore rank by the words that documents use for the topic
        rather than for a background, as in :class:`ProdLDA`, and ``by="probability"`` by β.
    topic_groups_, latent_space_, prior_correlation_, history_, losses_, n_iter_, vocabulary_
        As in :class:`ProdLDA`, like all other attributes.

    References
    ----------
    Srivastava & Sutton, "Autoencoding Variational Inference for Topic Models", ICLR 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from hftopic import NVLDA, make_correlated_topics
    >>> corpus = make_correlated_topics(200, groups=(3, 3), random_state=0).corpus
    >>> model = NVLDA(groups=(3, 3), max_iter=5, random_state=0).fit(corpus)
    >>> mixture = model.transform(corpus) @ model.topic_word_
    >>> np.allclose(mixture, model.word_probabilities(corpus), atol=1e-6)
    True
    """

    word_dropout: Annotated[float, SHARE] = 0.1
    encoder_norm: Annotated[str, ENCODER_NORM] = "scale"
    topic_softmax: Annotated[str, StrOptions({"joint", "group"})] = "joint"

    def _default_prior(self) -> Prior:
        return LearnedCorrelation(base=DirichletLaplace(0.25))

    def _build_decoder(self, space: LatentSpace, background: Tensor, generator: torch.Generator) -> Decoder:
        return NVLDADecoder(space, self.topic_softmax, background, generator)
