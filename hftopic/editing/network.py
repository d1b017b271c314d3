"""A network of edited topics: posterior, proportions and words that follow from those of the original."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hftopic.data.batches import Batch
from hftopic.editing.edits import Edits
from hftopic.editing.layout import check_mergeable, edited_space, members_by_variable
from hftopic.editing.sums import means_of_sums, sum_of_independent, sums_of
from hftopic.latent.log_prior import LatentPrior
from hftopic.latent.posterior import MeanFieldPosterior, Sample
from hftopic.latent.space import LatentSpace
from hftopic.networks.decoders import Decoder
from hftopic.networks.mixture import relative_logs
from hftopic.networks.network import TopicNetwork

NO_LIKELIHOOD = "edited topics have no likelihood of their own: that of the original is used"


@dataclass(frozen=True)
class WithShares(MeanFieldPosterior):
    """Posterior of edited topics with their proportions, the sums of those of the original.

    They are not a function of the moments of the posterior, as log Σ exp is not linear.
    """

    log_shares: Tensor | None = None  # (B, n_topics), float64


class EditedDecoder(Decoder):
    """What the decoder of a model says of its topics, for edited ones."""

    weights: Tensor

    def __init__(self, original: Decoder, edits: Edits, space: LatentSpace, used: Tensor) -> None:
        super().__init__()
        self.original, self.edits, self.space = original, edits, space
        self.n_words = original.n_words
        self.register_buffer("weights", _weights_of_members(edits, used))

    def forward(self, sample: Sample, generator: torch.Generator | None = None) -> Any:
        raise NotImplementedError(NO_LIKELIHOOD)

    def topics(self, sign: int = 1) -> Any:
        raise NotImplementedError(NO_LIKELIHOOD)

    def simplex(self) -> NDArray[np.int64]:
        return self.original.simplex()[self.edits.ids]

    def components(self) -> Tensor:
        """Average of the members' effects, weighted by how much documents use each.

        If p(w|x) is a mixture, it is the distributions over words that are averaged.
        """
        words = self.topic_words()
        if words is None:
            return self.weights @ self.original.components()
        tiny = torch.finfo(words.dtype).tiny
        return relative_logs(words.clamp_min(tiny).log())

    def topic_words(self) -> Tensor | None:
        """Average of the members' distributions over words, weighted likewise; None without a mixture."""
        of_original = self.original.topic_words()
        return None if of_original is None else self.weights @ of_original

    def represent(self, posterior: MeanFieldPosterior) -> Tensor:
        shares = self.log_proportions(posterior).exp().float()
        if not self.signed:
            return shares
        gaussian = torch.from_numpy(self.space.gaussian).to(shares.device)
        columns = self.columns(posterior.mean, [log_pi.exp() for log_pi in posterior.log_classes])
        return torch.where(gaussian, columns, shares)

    def log_proportions(self, posterior: MeanFieldPosterior) -> Tensor:
        """Sums of the original proportions, if the posterior has them; else the softmax of its means."""
        known = posterior.log_shares if isinstance(posterior, WithShares) else None
        values = posterior.mean.double(), [log_pi.double() for log_pi in posterior.log_classes]
        return self._normalised(self.columns(*values)) if known is None else known

    def log_shares(self, original: MeanFieldPosterior) -> Tensor:
        """Logarithm of the proportions of the edited topics from the posterior of the original, float64."""
        whole = self.original.log_proportions(original)
        merged = [whole[:, list(topics)].logsumexp(1) for topics in self.edits.members]
        return self._normalised(torch.stack(merged, 1))

    def _normalised(self, logits: Tensor) -> Tensor:
        """Logarithm of shares of what is left: Gaussian topics sum to 1, and so does each variable."""
        simplex, gaussian = self.simplex(), self.space.gaussian
        parts = len(np.unique(simplex[gaussian]))
        result = torch.empty_like(logits)
        for number in np.unique(simplex):
            own = torch.from_numpy(np.flatnonzero(simplex == number)).to(logits.device)
            among = np.log(parts) if gaussian[simplex == number].all() else 0.0
            result[:, own] = torch.log_softmax(logits[:, own], 1) - among
        return result


class SignedEditedDecoder(EditedDecoder):
    """That of signed topics, which can be dropped but not merged."""

    signed: ClassVar[bool] = True


class EditedNetwork(TopicNetwork):
    """Network of the topics that edits of a trained network leave; it infers, and is not trained.

    Parameters
    ----------
    original : TopicNetwork
    edits : Edits

    Attributes
    ----------
    classes : list of lists of lists of int
        For each discrete variable of the original, the classes of which each one that is left consists.
    slopes : ndarray of float64, shape (K', K)
        Means over the prior of the derivatives of the Gaussian dimensions in those of the original.

    Raises
    ------
    ValueError
        The edits merge topics whose proportions cannot be added, or leave one class of a discrete variable.
    """

    def __init__(self, original: TopicNetwork, edits: Edits) -> None:
        check_mergeable(edits, original.space, original.decoder.simplex().tolist(), original.decoder.signed)
        space = edited_space(original.space, edits)
        gaussian, classes = members_by_variable(original.space, edits)
        kind = SignedEditedDecoder if original.decoder.signed else EditedDecoder
        decoder = kind(original.decoder, edits, space, original.usage.words.sum((0, 2)))
        prior, self.slopes = _edited_prior(original.prior, space, gaussian)
        super().__init__(original.encoder, decoder, prior)
        self.original, self.edited_decoder, self.edits = original, decoder, edits
        self._gaussian, self.classes = gaussian, classes
        self.to(original.device)
        self._describe()

    def encode(self, batch: Batch, generator: torch.Generator | None = None) -> MeanFieldPosterior:
        """q(z|x) of each document."""
        return self.encode_at(batch, self.offsets(batch), generator)

    def encode_at(
        self, batch: Batch, offsets: Tensor | None, generator: torch.Generator | None = None
    ) -> MeanFieldPosterior:
        """q(z|x) of each document, with the offsets of its prior."""
        return self._edited(self.original.encode(batch, generator), batch, offsets)

    def evaluation_encoder(self) -> Callable[[Batch, Tensor | None], MeanFieldPosterior]:
        """The encoder of the original in evaluation; documents of which nothing is read get the prior."""
        encode, of_original = self.original.evaluation_encoder(), self.original.offsets
        return lambda batch, offsets: self._edited(encode(batch, of_original(batch)), batch, offsets)

    def decode(self, sample: Sample, generator: torch.Generator | None = None) -> Any:
        raise NotImplementedError(NO_LIKELIHOOD)

    def offsets(self, batch: Batch) -> Tensor | None:
        """How far the metadata of each document move the prior mean of the edited topics, (B, K')."""
        moved, prior = self.original.offsets(batch), self.original.prior
        if moved is None or not self._gaussian:
            return None
        there = means_of_sums(prior.mean + moved, _matrix(prior), self._gaussian)
        return (there - self.prior_mean.double()).to(moved)

    def _edited(
        self, original: MeanFieldPosterior, batch: Batch, offsets: Tensor | None
    ) -> MeanFieldPosterior:
        """The posterior of the edited topics from that of the original, with the moments of each sum."""
        log_classes = [
            torch.log_softmax(torch.stack([log_pi[:, own].logsumexp(1) for own in of_variable], 1), 1)
            for log_pi, of_variable in zip(original.log_classes, self.classes, strict=True)
            if of_variable
        ]
        mean, log_variance = original.mean[:, :0], original.log_variance[:, :0]
        if self._gaussian:
            variance = original.log_variance.exp()
            sums = [sum_of_independent(original.mean, variance, topics) for topics in self._gaussian]
            means, variances = (torch.stack(one, 1) for one in zip(*sums, strict=True))
            mean, log_variance = means.to(mean), variances.log().to(log_variance)
        at_prior = self.prior.expand(len(mean))
        edited = MeanFieldPosterior(mean, log_variance, tuple(log_classes)).replaced(
            self.encoder.without_input(batch), at_prior if offsets is None else at_prior.moved(offsets)
        )
        shares = self.edited_decoder.log_shares(original)
        return WithShares(edited.mean, edited.log_variance, edited.log_classes, shares)

    def _describe(self) -> None:
        """The words of the topics: the sums of the usage of the members; what is dropped is background."""
        usage, own = self.original.usage, self.usage
        words = torch.stack([usage.words[:, list(topics)].sum(1) for topics in self.edits.members], 1)
        n_simplexes, n_left = (len(np.unique(of.simplex())) for of in (self.original.decoder, self.decoder))
        everywhere = usage.documents * (n_left / n_simplexes)
        own.replace(words, (everywhere - words.sum((0, 1))).clamp_min(0))
        own.count(usage.tokens, usage.squares, 0)
        own.n_documents.copy_(usage.n_documents)


def _weights_of_members(edits: Edits, used: Tensor) -> Tensor:
    """Share of each original topic in the edited ones, by its usage; rows sum to 1, (n_edited, n_topics)."""
    weights = torch.zeros(len(edits.members), len(used), dtype=torch.float32)
    for row, topics in enumerate(edits.members):
        own = used[list(topics)].cpu().double() + torch.finfo(torch.float32).tiny
        weights[row, list(topics)] = (own / own.sum()).float()
    return weights


def _edited_prior(
    prior: LatentPrior, space: LatentSpace, gaussian: Sequence[Sequence[int]]
) -> tuple[LatentPrior, NDArray[np.float64]]:
    """The prior of the edited topics, the Gaussian with the moments of the sums; and their mean slopes."""
    if not gaussian:
        return LatentPrior(space, prior.mean[:0], prior.variance[:0]), np.zeros((0, len(prior.mean)))
    moments = sums_of(prior.mean, _matrix(prior), gaussian)
    joint = moments.covariance.diagonal() if prior.factorises else moments.covariance
    edited = LatentPrior(space, moments.mean.to(prior.mean), joint.to(prior.mean))
    return edited, moments.slopes.cpu().numpy()


def _matrix(prior: LatentPrior) -> Tensor:
    return torch.diag(prior.covariance) if prior.factorises else prior.covariance
