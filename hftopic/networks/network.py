"""Networks: an encoder, a decoder and a prior, with the interface that training and evaluation use."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

from hftopic.data.batches import Batch
from hftopic.latent.log_prior import LatentPrior
from hftopic.latent.posterior import MeanFieldPosterior, Sample
from hftopic.latent.space import LatentSpace
from hftopic.networks.decoders import Decoder
from hftopic.networks.encoder import Encoder
from hftopic.networks.likelihood import Likelihood, WordDistribution

BatchT = TypeVar("BatchT")

CHUNK_DOCUMENTS = 4096
# Entries of one (documents, words) block of a decoder in evaluation: 32 MB of float32.
CHUNK_ENTRIES = 2**23


class Network(nn.Module, ABC, Generic[BatchT]):
    """Variational autoencoder for any type of documents; the trainer can train it.

    Subclasses define :meth:`encode` and :meth:`decode`. Training and evaluation use only these, the other
    members of this class, and those of ``torch.nn.Module``.

    Parameters
    ----------
    prior : LatentPrior
        Prior of the latent variables. Its moments are buffers, which are saved and moved with the network.

    Attributes
    ----------
    space : LatentSpace
    """

    prior_mean: Tensor
    prior_covariance: Tensor

    def __init__(self, prior: LatentPrior) -> None:
        super().__init__()
        self.space: LatentSpace = prior.space
        self.register_buffer("prior_mean", prior.mean)
        self.register_buffer("prior_covariance", prior.covariance)

    @abstractmethod
    def encode(self, batch: BatchT, generator: torch.Generator | None = None) -> MeanFieldPosterior:
        """q(z|x) of each document; ``generator`` draws the noise of training, such as dropout masks."""

    @abstractmethod
    def decode(self, sample: Sample, generator: torch.Generator | None = None) -> Likelihood[BatchT]:
        """p(x|z) at a sample; ``generator`` draws the noise of training."""

    def evaluation_encoder(self) -> Callable[[BatchT], MeanFieldPosterior]:
        """Encoder for evaluation: a posterior must not depend on the other documents of the mini-batch."""
        return self.encode

    @property
    def prior(self) -> LatentPrior:
        """p(z)."""
        return LatentPrior(self.space, self.prior_mean, self.prior_covariance)

    @property
    def device(self) -> torch.device:
        """Device of the network."""
        return self.prior_mean.device

    @property
    def chunk_documents(self) -> int:
        """Number of documents that evaluation decodes at once."""
        return CHUNK_DOCUMENTS


class TopicNetwork(Network[Batch]):
    """Network of a topic model: encoder, decoder and prior for word counts."""

    def __init__(self, encoder: Encoder, decoder: Decoder, prior: LatentPrior) -> None:
        super().__init__(prior)
        self.encoder, self.decoder = encoder, decoder

    def encode(self, batch: Batch, generator: torch.Generator | None = None) -> MeanFieldPosterior:
        """q(z|x) of each document."""
        posterior: MeanFieldPosterior = self.encoder(batch, generator)
        return posterior

    def decode(self, sample: Sample, generator: torch.Generator | None = None) -> WordDistribution:
        """Distribution over words of each document."""
        distribution: WordDistribution = self.decoder(sample, generator)
        return distribution

    def evaluation_encoder(self) -> Callable[[Batch], MeanFieldPosterior]:
        """Encoder in float64 with results in float32; empty documents get the prior."""
        encoder, prior = self.encoder.in_float64(), self.prior

        def encode(batch: Batch) -> MeanFieldPosterior:
            encoded: MeanFieldPosterior = encoder(batch.to(torch.float64))
            return encoded.map(Tensor.float).replaced(batch.empty, prior.expand(len(batch)))

        return encode

    @property
    def chunk_documents(self) -> int:
        """Number of documents with :data:`CHUNK_ENTRIES` word probabilities in total."""
        return max(1, CHUNK_ENTRIES // self.decoder.n_words)
