"""NVDM: neural variational document model with signed Gaussian topics."""

import torch
from torch import Tensor

from hftopic.latent.priors import LearnedCorrelation, Prior, StandardNormal
from hftopic.latent.space import LatentSpace
from hftopic.models.base import BaseTopicModel
from hftopic.models.registry import register
from hftopic.networks.decoders import Decoder
from hftopic.networks.encoder import Encoder
from hftopic.networks.log_linear import NVDMDecoder


@register
class NVDM(BaseTopicModel):
    """Neural variational document model of Miao et al. (2016), with grouped dimensions (HFVAE).

    The words of a document have the distribution softmax(z W + b) with Gaussian z. Dimensions are signed, so
    each topic has two poles, and ``transform`` returns the posterior mean E[z|x].

    Parameters
    ----------
    groups : int, Normal or Concrete, or tuple of them, default=(25, 25)
        Number of dimensions of each group, as in :class:`ProdLDA`.
    prior : prior, optional
        Prior of z, by default ``LearnedCorrelation(base=StandardNormal())``, which learns the correlations
        between dimensions of different groups.
    dropout : float, default=0.05
        Dropout rate on the encoder's last hidden layer.
    word_dropout : float, default=0.3
        As in :class:`ProdLDA`, where the default is 0.1.
    **parameters
        All other parameters are those of :class:`ProdLDA`, with the same defaults, except ``topic_softmax``.

    Attributes
    ----------
    components_ : ndarray, shape (n_topics, n_words), float32
        W, the effect of each dimension on the logits of the words.
    topic_word_ : ndarray, shape (n_topics, n_words), float32
        p(w | topic) of the positive pole: the distribution of the distinct words that documents with a high
        z_k use for it. ``word_scores(by="probability", pole="-")`` returns the negative pole.
    topic_groups_, latent_space_, prior_correlation_, history_, losses_, n_iter_, vocabulary_
        As in :class:`ProdLDA`, like all other attributes.

    References
    ----------
    Miao, Yu & Blunsom, "Neural Variational Inference for Text Processing", ICML 2016.

    Examples
    --------
    >>> from hftopic import NVDM, make_correlated_topics
    >>> corpus = make_correlated_topics(200, groups=(3, 3), random_state=0).corpus
    >>> model = NVDM(groups=(3, 3), max_iter=5, random_state=0).fit(corpus)
    >>> model.transform(corpus).shape
    (200, 6)
    """

    def _default_prior(self) -> Prior:
        return LearnedCorrelation(base=StandardNormal())

    def _build_encoder(self, n_words: int, space: LatentSpace, generator: torch.Generator) -> Encoder:
        return self._encoder(n_words, space, torch.tanh, generator)

    def _build_decoder(self, space: LatentSpace, background: Tensor, generator: torch.Generator) -> Decoder:
        return NVDMDecoder(space, background, generator)
