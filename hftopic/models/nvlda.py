"""NVLDA: a mixture of topics, as in latent Dirichlet allocation, with an encoder."""

from typing import Annotated

import torch
from sklearn.utils._param_validation import StrOptions
from torch import Tensor

from hftopic.latent.priors import DirichletLaplace, LearnedCorrelation, Prior
from hftopic.latent.space import LatentSpace
from hftopic.models.base import BaseTopicModel
from hftopic.models.parameters import SHARE
from hftopic.models.registry import register
from hftopic.networks.decoders import Decoder
from hftopic.networks.encoder import Encoder
from hftopic.networks.layers import softplus
from hftopic.networks.nvlda import NVLDADecoder


@register
class NVLDA(BaseTopicModel):
    """Neural variational LDA of Srivastava & Sutton (2017), with groups of topics (HFVAE).

    The words of a document have the distribution θ β: the mixture of the topics' distributions over words,
    with the topic proportions θ = softmax(z). Therefore ``transform(X) @ topic_word_`` is
    ``word_probabilities(X)``. Training scores only the words that occur: nothing has the size of documents
    times words.
    """

    word_dropout: Annotated[float, SHARE] = 0.1
    encoder_norm: Annotated[str, StrOptions({"none", "shift"})] = "shift"
    topic_softmax: Annotated[str, StrOptions({"joint", "group"})] = "joint"

    def _default_prior(self) -> Prior:
        return LearnedCorrelation(base=DirichletLaplace(1.0))

    def _build_encoder(self, n_words: int, space: LatentSpace, generator: torch.Generator) -> Encoder:
        return self._encoder(n_words, space, softplus, generator)

    def _build_decoder(self, space: LatentSpace, background: Tensor, generator: torch.Generator) -> Decoder:
        return NVLDADecoder(space, self.topic_softmax, background, generator)
