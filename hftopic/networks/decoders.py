"""Decoders p(x|z): their interface, and what those with topic proportions share."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hftopic.latent.attribution import Attribution
from hftopic.latent.groups import Discrete
from hftopic.latent.posterior import MeanFieldPosterior, Sample
from hftopic.latent.space import LatentSpace
from hftopic.networks.attribution import ProductAttribution
from hftopic.networks.likelihood import WordDistribution

FAVOUR = 0.25  # rise of the effect of a topic on a word that guides it, with amount 1
FIRST = 0.1  # standard deviation of the first weights or vectors of the topics of a mixture


class Decoder(nn.Module, ABC):
    """p(x|z): the distribution over words, given a sample of the latent variables.

    A decoder also describes its topics for the model and the analysis: whether they are :attr:`signed`, which
    of them share a :meth:`simplex`, and the :meth:`attribution` of words to them.

    Attributes
    ----------
    space : LatentSpace
    n_words : int
        V, the number of words in the vocabulary.
    signed : bool
        Whether a Gaussian topic has two poles; such a topic has no proportion in a document.
    scores_words_in_parts : bool
        Whether evaluation computes the likelihood without an array of all words of each document.
    """

    space: LatentSpace
    n_words: int
    signed: ClassVar[bool] = False
    scores_words_in_parts: ClassVar[bool] = False

    @abstractmethod
    def forward(self, sample: Sample, generator: torch.Generator | None = None) -> WordDistribution:
        """Distribution over words of each sample; ``generator`` draws the dropout masks in training."""

    def for_evaluation(self) -> Callable[[Sample], WordDistribution]:
        """The decoder with fixed weights; a subclass computes once what does not depend on the sample."""
        return self

    @abstractmethod
    def represent(self, posterior: MeanFieldPosterior) -> Tensor:
        """The output of ``transform``, shape (B, n_topics); columns of classes have class probabilities."""

    @abstractmethod
    def components(self) -> Tensor:
        """Effect of each topic on the logits of the words, shape (n_topics, V)."""

    @abstractmethod
    def topics(self, sign: int = 1) -> WordDistribution:
        """Distribution over words of each single topic, one row per topic; -1 selects the negative pole."""

    def topic_words(self) -> Tensor | None:
        """p(w|topic), shape (n_topics, V), if p(w|x) is a mixture of these; by default it is none."""
        return None

    def simplex(self) -> NDArray[np.int64]:
        """Number of the simplex that each topic is on, shape (n_topics,); -1 for signed topics.

        The proportions of topics with the same number sum to 1. By default all Gaussian topics share one
        simplex, and the classes of each discrete variable share another.
        """
        numbers, gaussian = self.space.topic_groups.copy(), self.space.gaussian
        if gaussian.any():
            numbers[gaussian] = -1 if self.signed else numbers[gaussian][0]
        return numbers

    def topic_axes(self) -> dict[str, tuple[int, ...]] | None:
        """Axes that run over topics, of each parameter and buffer that has any, by its name.

        Groups are learned by exchanging topics along these axes. None, the default, if topics of different
        groups cannot be exchanged; groups are then fixed.
        """
        return None

    def favour(self, topic: int, words: NDArray[np.integer], amount: float) -> None:
        """Raise the probability of some words in a topic, before training; by default nothing happens.

        ``amount`` is from 0 to 1. The prior of guided topics then raises it in training, for any decoder.
        """

    def check(self, space: LatentSpace, n_words: int) -> None:
        """Check that the methods of the decoder fit each other, before the decoder is trained.

        Raises
        ------
        ValueError
            A method returns another shape than it should, or probabilities that do not sum to 1.
        """
        name, n_topics = type(self).__name__, space.n_topics
        training = self.training
        self.eval()
        with torch.no_grad():
            example = MeanFieldPosterior(
                torch.zeros(2, space.n_dims, dtype=torch.float32),
                torch.zeros(2, space.n_dims, dtype=torch.float32),
                tuple(variable.log_prior().float().expand(2, -1) for variable in space.concretes),
            )
            words = self.topics().probabilities()
            found = {
                "n_words": (self.n_words, n_words),
                "components()": (tuple(self.components().shape), (n_topics, n_words)),
                "topics().probabilities()": (tuple(words.shape), (n_topics, n_words)),
                "simplex()": (np.shape(self.simplex()), (n_topics,)),
                "represent()": (tuple(self.represent(example).shape), (2, n_topics)),
                "log_proportions()": (tuple(self.log_proportions(example).shape), (2, n_topics)),
            }
        self.train(training)
        for method, (got, expected) in found.items():
            if got != expected:
                raise ValueError(f"{method} of {name} must be {expected}; got {got}")
        if not torch.allclose(words.sum(1), torch.ones_like(words[:, 0]), atol=1e-3):
            raise ValueError(f"topics().probabilities() of {name} must have rows that sum to 1")
        self._check_topic_axes(n_topics)

    def _check_topic_axes(self, n_topics: int) -> None:
        """Check that reversing the topics along their axes reverses the topics; they are reversed back."""
        named, state = self.topic_axes(), self.state_dict()
        if named is None:
            return
        for tensor, axes in named.items():
            if tensor not in state or any(state[tensor].shape[axis] != n_topics for axis in axes):
                raise ValueError(
                    f"topic_axes() of {type(self).__name__} names {tensor!r} with axes {axes}, not a "
                    f"parameter or buffer with {n_topics} topics along them"
                )

        def reversed_components() -> Tensor:
            for tensor, axes in named.items():
                state[tensor].copy_(state[tensor].flip(axes))
            return self.components().clone()

        with torch.no_grad():
            backwards, forwards = reversed_components(), reversed_components()
        if not torch.allclose(backwards, forwards.flip(0), atol=1e-4):
            raise ValueError(
                f"topic_axes() of {type(self).__name__} does not name every parameter and buffer with "
                "an axis of topics: with these reversed, components() is not"
            )

    def log_proportions(self, posterior: MeanFieldPosterior) -> Tensor:
        """Logarithm of the topic proportions at the posterior means, shape (B, n_topics), in float64."""
        represented = self.represent(posterior).double()
        return represented.clamp_min(torch.finfo(torch.float32).tiny).log()

    def softmax_sizes(self) -> NDArray[np.int64]:
        """Number of topics that share a softmax with each Gaussian dimension, shape (K,), for the prior."""
        gaussian = self.simplex()[self.space.gaussian]
        _, place, sizes = np.unique(gaussian, return_inverse=True, return_counts=True)
        return np.asarray(sizes[place])

    def attribution(
        self, components: NDArray[np.float32], mean: NDArray[np.float64], frequency: NDArray[np.float64]
    ) -> Attribution:
        """Attribution of the words of documents to topics; by default from the effects on the logits.

        Parameters
        ----------
        components : ndarray, shape (n_topics, V)
            Output of :meth:`components` as an array.
        mean : ndarray, shape (n_topics,)
            Average of ``transform`` over documents.
        frequency : ndarray, shape (V,)
            Number of tokens of each word.
        """
        return ProductAttribution.of(components, self.simplex(), self.divided_by(), mean, frequency)

    def divided_by(self) -> NDArray[np.float64]:
        """By what ``transform`` divides the weight of each topic, shape (n_topics,)."""
        simplex, gaussian = self.simplex(), self.space.gaussian
        divisor = np.ones(len(simplex))
        divisor[gaussian] = max(1, len(np.unique(simplex[gaussian])))
        return divisor

    def columns(self, gaussian: Tensor, classes: Sequence[Tensor]) -> Tensor:
        """Values of the Gaussian dimensions (B, K) and of the classes, in the order of the topics."""
        if not classes:
            return gaussian
        of_group = iter(classes)
        return torch.cat(
            [
                next(of_group) if isinstance(group, Discrete) else gaussian[:, dims]
                for group, dims in zip(self.space.groups, self.space.dim_slices, strict=True)
            ],
            dim=1,
        )


class SimplexDecoder(Decoder):
    """Decoder of topic proportions θ: a softmax over all Gaussian topics, or one for each group.

    A Concrete variable is a separate simplex, outside every softmax of the proportions.

    Parameters
    ----------
    space : LatentSpace
    n_words : int
        V, the number of words in the vocabulary.
    softmax : {"joint", "group"}
    """

    def __init__(self, space: LatentSpace, n_words: int, softmax: str) -> None:
        super().__init__()
        self.space, self.n_words, self.softmax = space, n_words, softmax
        one = (slice(0, space.n_dims),) if space.n_dims else ()
        self.softmax_slices = (
            tuple(s for s in space.dim_slices if s.stop > s.start) if softmax == "group" else one
        )

    def proportions(self, z: Tensor) -> Tensor:
        """θ: a softmax over all topics, or one for each group, shape (B, K)."""
        return torch.cat([torch.softmax(z[:, s], 1) for s in self.softmax_slices], 1) if z.shape[1] else z

    def represent(self, posterior: MeanFieldPosterior) -> Tensor:
        proportions = self.proportions(posterior.mean) / max(1, len(self.softmax_slices))
        return self.columns(proportions, [log_pi.exp() for log_pi in posterior.log_classes])

    def log_proportions(self, posterior: MeanFieldPosterior) -> Tensor:
        """Log softmax, also where a proportion is too small for float32."""
        z, n = posterior.mean.double(), max(1, len(self.softmax_slices))
        parts = [torch.log_softmax(z[:, s], 1) - math.log(n) for s in self.softmax_slices]
        gaussian = torch.cat(parts, 1) if parts else z
        return self.columns(gaussian, [log_pi.double() for log_pi in posterior.log_classes])

    def simplex(self) -> NDArray[np.int64]:
        """All Gaussian topics share a simplex or, with a softmax per group, those of each group."""
        return self.space.topic_groups.copy() if self.softmax == "group" else super().simplex()

    def if_one_softmax(self, axes: dict[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]] | None:
        """Axes over topics; None with a softmax per group, which topics of other groups cannot join."""
        return axes if len(self.softmax_slices) <= 1 else None


@torch.no_grad()
def raise_weights(weights: Tensor, topic: int, words: NDArray[np.integer], amount: float) -> None:
    """Raise the weights (K, V) of some words for a topic, before training."""
    weights[topic, torch.from_numpy(words).long().to(weights.device)] += FAVOUR * amount
