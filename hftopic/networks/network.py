"""Networks: an encoder, a decoder and a prior, with the interface that training and evaluation use."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hftopic._devices import sent
from hftopic.data.batches import Batch
from hftopic.latent.log_prior import LatentPrior
from hftopic.latent.posterior import MeanFieldPosterior, Sample
from hftopic.latent.priors import LearnedCorrelation
from hftopic.latent.space import LatentSpace
from hftopic.networks.decoders import Decoder
from hftopic.networks.encoder import Encoder
from hftopic.networks.guidance import Guidance
from hftopic.networks.likelihood import Likelihood, WordDistribution
from hftopic.networks.moments import RunningMoments
from hftopic.networks.prevalence import Prevalence
from hftopic.networks.tiles import SCORED_DOCUMENTS
from hftopic.networks.usage import TopicUsage

BatchT = TypeVar("BatchT")

PRIOR_AXES = {
    "prior_mean": (0,),
    "prior_covariance": (0, 1),
    "moments.mean": (0,),
    "moments.products": (0, 1),
    "moments.variance": (0,),
    "moments.design_cross": (1,),
    "prevalence.coefficients": (1,),
}
"""Axes over Gaussian dimensions of the tensors that every network has."""

CHUNK_DOCUMENTS = 2048
# Entries of one (documents, words) block of a decoder in evaluation: 16 MB of float32, because a larger block
# does not stay in the cache.
CHUNK_ENTRIES = 2**22


class Network(nn.Module, ABC, Generic[BatchT]):
    """Variational autoencoder for any type of documents; the trainer can train it.

    Subclasses define :meth:`encode` and :meth:`decode`. Training and evaluation use only these, the other
    members of this class, and those of ``torch.nn.Module``.

    Parameters
    ----------
    prior : LatentPrior
        Prior of the latent variables. Its moments are buffers, which are saved and moved with the network.
    learned : LearnedCorrelation, optional
        How the trainer learns the correlations of the prior, whose covariance must then be a matrix.
    prevalence : Prevalence, optional
        How the mean of the prior depends on the metadata of a document.

    Attributes
    ----------
    space : LatentSpace
    moments : RunningMoments
        Moments of the aggregate posterior in training, with prevalence that of the residuals.
    """

    prior_mean: Tensor
    prior_covariance: Tensor

    def __init__(
        self,
        prior: LatentPrior,
        learned: LearnedCorrelation | None = None,
        prevalence: Prevalence | None = None,
    ) -> None:
        super().__init__()
        self.space: LatentSpace = prior.space
        self.register_buffer("prior_mean", prior.mean)
        self.register_buffer("prior_covariance", prior.covariance)
        self.learned, self.prevalence = learned, prevalence
        self.moments = RunningMoments(prior.space, 0 if prevalence is None else len(prevalence.coefficients))

    @abstractmethod
    def encode(self, batch: BatchT, generator: torch.Generator | None = None) -> MeanFieldPosterior:
        """q(z|x) of each document; ``generator`` draws the noise of training, such as dropout masks."""

    @abstractmethod
    def decode(self, sample: Sample, generator: torch.Generator | None = None) -> Likelihood[BatchT]:
        """p(x|z) at a sample; ``generator`` draws the noise of training."""

    def design_of(self, batch: BatchT) -> Tensor | None:  # noqa: ARG002
        """Design of the metadata of each document, shape (B, P); None if there are none."""
        return None

    def offsets(self, batch: BatchT) -> Tensor | None:
        """How far the metadata of each document move the mean of its prior, shape (B, K); None if not."""
        design = None if self.prevalence is None else self.design_of(batch)
        return None if self.prevalence is None or design is None else self.prevalence.offsets(design)

    def encode_at(
        self,
        batch: BatchT,
        offsets: Tensor | None,  # noqa: ARG002
        generator: torch.Generator | None = None,
    ) -> MeanFieldPosterior:
        """As :meth:`encode`, with the :meth:`offsets` of the documents, which are then computed once."""
        return self.encode(batch, generator)

    def residual(
        self, batch: BatchT, offsets: Tensor | None, generator: torch.Generator | None = None
    ) -> MeanFieldPosterior:
        """q(z - offset | x) of each document, which is compared with the prior."""
        posterior = self.encode_at(batch, offsets, generator)
        return posterior if offsets is None else posterior.moved(-offsets)

    def more_terms(
        self,
        batch: BatchT,  # noqa: ARG002
        residual: MeanFieldPosterior,  # noqa: ARG002
        offsets: Tensor | None,  # noqa: ARG002
    ) -> dict[str, Tensor]:
        """Terms that training adds to the loss beside those of the objective, in nats per document.

        They have shape (B,) or (). By default there are none.
        """
        return {}

    def evaluation_encoder(self) -> Callable[[BatchT, Tensor | None], MeanFieldPosterior]:
        """:meth:`encode_at` for evaluation: a posterior must not depend on other documents of the batch."""
        return self.encode_at

    def evaluation_decoder(self) -> Callable[[Sample], Likelihood[BatchT]]:
        """Decoder for evaluation, with the weights of the network fixed."""
        return self.decode

    def topic_axes(self) -> dict[str, tuple[int, ...]] | None:
        """Axes that run over topics, of each parameter and buffer that has any, by its name.

        Exchanging two topics along these axes must change nothing but the numbers of the topics. None, the
        default, if topics cannot be exchanged.
        """
        return None

    def reorder(self, order: NDArray[np.int64], state: Mapping[str, Tensor]) -> None:
        """Reorder the topics of tensors, in place: place i gets the Gaussian dimension ``order[i]``.

        Parameters
        ----------
        order : ndarray of int, shape (K,)
        state : mapping of str to Tensor
            Tensors with the names and the shapes of parameters and buffers: the state itself, or that of an
            optimiser.

        Raises
        ------
        ValueError
            The topics of this network cannot be exchanged.
        """
        own = self.topic_axes()
        if (order == np.arange(len(order))).all():
            return
        if own is None:
            raise ValueError(f"the topics of a {type(self).__name__} cannot be exchanged")
        topics = np.arange(self.space.n_topics)
        topics[self.space.gaussian] = topics[self.space.gaussian][order]
        orders = {len(index): torch.from_numpy(index) for index in (order, topics)}
        for name, axes in {**PRIOR_AXES, **own}.items():
            if name in state:
                tensor = state[name]
                for axis in axes[: tensor.ndim]:
                    index = orders[tensor.shape[axis]].to(tensor.device)
                    tensor.copy_(tensor.index_select(axis, index))

    def simplex(self) -> NDArray[np.int64]:
        """Number of the simplex of each Gaussian dimension, shape (K,); -1, the default, if it is on none.

        A common shift of all dimensions of a simplex does not change p(x|z).
        """
        return np.full(self.space.n_dims, -1)

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
        """Number of documents whose word probabilities evaluation computes at once."""
        return CHUNK_DOCUMENTS

    @property
    def scored_documents(self) -> int:
        """Number of documents that evaluation scores at once."""
        return self.chunk_documents


class TopicNetwork(Network[Batch]):
    """Network of a topic model: encoder, decoder and prior for word counts.

    ``usage`` describes its topics by the words that documents use for them, and ``guidance`` is the prior of
    topics that are guided by words.
    """

    def __init__(
        self,
        encoder: Encoder,
        decoder: Decoder,
        prior: LatentPrior,
        learned: LearnedCorrelation | None = None,
        prevalence: Prevalence | None = None,
        guidance: Guidance | None = None,
    ) -> None:
        super().__init__(prior, learned, prevalence)
        self.encoder, self.decoder, self.guidance = encoder, decoder, guidance
        self.usage = TopicUsage(prior.space.n_topics, decoder.n_words, decoder.signed)

    def encode(self, batch: Batch, generator: torch.Generator | None = None) -> MeanFieldPosterior:
        """q(z|x) of each document."""
        return self.encode_at(batch, self.offsets(batch), generator)

    def encode_at(
        self, batch: Batch, offsets: Tensor | None, generator: torch.Generator | None = None
    ) -> MeanFieldPosterior:
        """q(z|x) of each document, with the offsets of its prior."""
        return self._at_prior(self.encoder(batch, generator), offsets)

    def design_of(self, batch: Batch) -> Tensor | None:
        """Design of the metadata of each document."""
        return None if batch.design is None else sent(batch.design, batch.device)

    def _at_prior(self, evidence: MeanFieldPosterior, offsets: Tensor | None) -> MeanFieldPosterior:
        """The posterior with the prior of each document, from that with the prior of an average one."""
        if self.prevalence is None or offsets is None:
            return evidence
        return self.prevalence.shifted(evidence, offsets, self.prior)

    def decode(self, sample: Sample, generator: torch.Generator | None = None) -> WordDistribution:
        """Distribution over words of each document."""
        distribution: WordDistribution = self.decoder(sample, generator)
        return distribution

    def topic_axes(self) -> dict[str, tuple[int, ...]] | None:
        """Axes of the encoder's outputs and of the decoder; None if the decoder does not give its own."""
        of_decoder = self.decoder.topic_axes()
        if of_decoder is None:
            return None
        return {
            **{f"encoder.{name}": axes for name, axes in self.encoder.topic_axes().items()},
            **{f"decoder.{name}": axes for name, axes in of_decoder.items()},
            "usage.words": (1,),
            "guidance.places": (0,),
        }

    def more_terms(
        self, batch: Batch, residual: MeanFieldPosterior, offsets: Tensor | None
    ) -> dict[str, Tensor]:
        """Terms of the seed words, if topics are guided."""
        if self.guidance is None:
            return {}
        posterior = residual if offsets is None else residual.moved(offsets)
        return self.guidance.terms(batch, posterior, self.decoder)

    def check_exchange(self, batch: Batch) -> None:
        """Check that reversing the topics only reverses their numbers; the network stays as it is.

        Raises
        ------
        ValueError
            The encoder or the decoder has parameters of topics that its ``topic_axes`` does not name.
        """
        order = np.arange(self.space.n_dims)[::-1].copy()
        self.eval()
        with torch.no_grad():
            posterior = self.encode(batch)
            classes = tuple(map(torch.exp, posterior.log_classes))
            likelihood = self.decode(Sample(posterior.mean, classes)).log_likelihood(batch)
            self.reorder(order, self.state_dict())
            other = self.encode(batch)
            reversed_sample = Sample(posterior.mean[:, order], classes)
            same = (
                torch.allclose(other.mean, posterior.mean[:, order], atol=1e-4)
                and torch.allclose(other.log_variance, posterior.log_variance[:, order], atol=1e-4)
                and torch.allclose(
                    self.decode(reversed_sample).log_likelihood(batch), likelihood, rtol=1e-4, atol=1e-4
                )
            )
            self.reorder(order, self.state_dict())
        if not same:
            raise ValueError(
                f"topics of {type(self.encoder).__name__} and {type(self.decoder).__name__} cannot be "
                "exchanged: name every parameter and buffer with an axis of topics in their topic_axes(), or "
                "use assignment='fixed'"
            )

    def topic_words(self, sign: int = 1) -> Tensor:
        """p(w|topic), shape (n_topics, V): that of a decoder that is a mixture, or else of the usage."""
        of_decoder = self.decoder.topic_words()
        return self.usage.probabilities(sign) if of_decoder is None else of_decoder

    def simplex(self) -> NDArray[np.int64]:
        """The simplexes of the decoder."""
        return self.decoder.simplex()[self.space.gaussian]

    def evaluation_encoder(self) -> Callable[[Batch, Tensor | None], MeanFieldPosterior]:
        """Encoder of documents alone, in float32; those of which nothing is read get the prior."""
        encoder, prior = self.encoder.for_evaluation(), self.prior

        def encode(batch: Batch, offsets: Tensor | None) -> MeanFieldPosterior:
            evidence: MeanFieldPosterior = encoder(batch.to(torch.float64))
            unread = encoder.without_input(batch)
            evidence = evidence.map(Tensor.float).replaced(unread, prior.expand(len(batch)))
            return self._at_prior(evidence, offsets)

        return encode

    def evaluation_decoder(self) -> Callable[[Sample], WordDistribution]:
        """The decoder with what does not depend on the sample computed once."""
        return self.decoder.for_evaluation()

    @property
    def chunk_documents(self) -> int:
        """Number of documents with :data:`CHUNK_ENTRIES` word probabilities in total."""
        return max(1, CHUNK_ENTRIES // self.decoder.n_words)

    @property
    def scored_documents(self) -> int:
        """Other than :attr:`chunk_documents` if scores need no array of the probabilities of all words."""
        return SCORED_DOCUMENTS if self.decoder.scores_words_in_parts else self.chunk_documents
