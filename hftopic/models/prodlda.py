"""ProdLDA: topics multiplied as experts, on a simplex."""

from dataclasses import dataclass
from typing import Annotated

import torch
from sklearn.utils._param_validation import StrOptions
from torch import Tensor

from hftopic.latent.priors import DirichletLaplace, Prior
from hftopic.latent.space import LatentSpace
from hftopic.models.base import BaseTopicModel
from hftopic.models.parameters import SHARE
from hftopic.models.registry import register
from hftopic.networks.decoders import Decoder, ProdLDADecoder
from hftopic.networks.encoder import Encoder
from hftopic.networks.layers import softplus


@register
@dataclass(eq=False, repr=False)
class ProdLDA(BaseTopicModel):
    """Topic model whose topics are multiplied as experts, in groups (Srivastava & Sutton 2017; HFVAE).

    A document's words follow softmax(shift-only batch norm of θ B), with topic proportions θ = softmax(z).
    Training minimises the hierarchically factorised objective of Esmaeili et al. (2019): topics of one group
    become independent and the superfluous ones fall silent, while topics may correlate across groups.

    Parameters
    ----------
    groups : int, Normal or Concrete, or tuple of them, default=(25, 25)
        Topics of each group; a single number is one group. A :class:`hftopic.Concrete` is a discrete variable
        beside the topics, and tuples inside the tuple are groups of groups, as ``((10, 10), (10, 20))``.
    alpha : float or Ramp, default=1.0
        Weight α of the mutual information I(x; z). A :class:`hftopic.Ramp` changes a weight over the epochs.
    beta : float or Ramp, or tuple of them, default=0.1
        Weight β of the total correlation between groups; below 1 lets groups correlate. Of nested groups a
        tuple has one for each level, the outermost first.
    gamma : float or Ramp, default=10.0
        Weight γ of the total correlation within groups; above 1 pushes topics of a group apart.
    objective : objective, optional
        In place of the three weights, one of those in :mod:`hftopic.objective`, such as ``hftopic.VAE()`` or
        ``hftopic.BetaTCVAE(4.0)``.
    marginals : {"hfvae", "mws", "mss", "full"}, default="hfvae"
        How the marginals q(z), q(z_d), q(z_d,e) are estimated from a batch, see
        :func:`hftopic.objective.minibatch.mixture_weights`. "full" encodes all documents in every step and
        mixes over
        them, which is exact, and for small corpora.
    partners : int or None, default=64
        Documents of the batch, at the least, that the marginal of a single topic q(z_d,e) is mixed over; the
        joint and the groups are always mixed over the batch. Fewer are faster, None is the whole batch, see
        :class:`hftopic.objective.minibatch.Mixing`.
    prior : prior, optional
        On the logits: ``hftopic.DirichletLaplace(1.0)`` if not given, ``hftopic.StandardNormal()``, or one
        with correlations, ``hftopic.FullCovariance(...)`` or ``hftopic.BlockCorrelation(...)``.
    topic_softmax : {"joint", "group"}, default="joint"
        One softmax over all topics, or one for each group; ``transform`` then divides by the number of
        groups, so that rows sum to 1 either way.
    hidden : tuple of int, default=(200, 200)
        Sizes of the encoder's hidden layers.
    dropout : float, default=0.02
        Share of the encoder's last layer and of the topic proportions left out in a training step.
    word_dropout : float, default=0.1
        Share of a document's distinct words that the encoder does not see in a training step. It learns to
        say what a document is about from a part of it, and new documents are described better.
    encoder_norm : {"none", "shift"}, default="none"
        Batch norm with a shift on the encoder's outputs. "shift" keeps any topic from falling silent.
    batch_size : int or "auto", default="auto"
        Documents a step, drawn without replacement; also the sample from which marginals are estimated.
        "auto" is a twentieth of the documents, at least 64 and at most 256.
    max_iter : int, default=40
        Epochs.
    learning_rate : float, default=0.004
        Of Adam at the start; it falls along a cosine.
    warm_up : int or float, default=0.5
        Epochs over which the weights of all terms but the reconstruction rise from 0 to their full value:
        an int counts epochs, a float is a share of ``max_iter``. Without it short texts lose most topics.
    ramp : int or float, default=1.0
        Epochs over which alpha, beta and gamma go in a straight line from 1, the weights of the plain
        autoencoder, to their values, times the warm-up: 1 is one epoch and 1.0 all of ``max_iter``; in more
        than ``max_iter`` they do not get there. With 0 they have their values from the start, and fewer
        topics stay in use; the paper's text experiment is ``gamma=4.0, ramp=0``. It moves numbers alone: a
        weight that is a :class:`hftopic.Ramp`, and an `objective`, change as they say themselves.
    validation_fraction : float, default=0.0
        Share of the documents held out to stop early, by the loss of the objective that training ends with;
        the weights of the best epoch are kept. With 0 all documents are trained on, for ``max_iter`` epochs.
    patience : int, default=10
        Epochs without a lower validation loss, after the warm-up, before training stops.
    device : str or torch.device, default="auto"
        "auto" is a GPU where there is one.
    verbose : int, default=0
        1 shows a progress bar.
    random_state : int, RandomState or None, default=None
        The same number, machine and data give the same bytes.

    Attributes
    ----------
    components_ : ndarray, shape (n_topics, n_words), float32
        Effect of each topic on the words' logits, batch norm's scale folded in.
    topic_word_ : ndarray, shape (n_topics, n_words), float32
        p(w | topic) of each topic alone; rows sum to 1.
    topic_groups_ : ndarray, shape (n_topics,), int
        Group of each topic, the innermost one where groups are nested.
    topic_simplex_ : ndarray, shape (n_topics,), int
        Simplex that each topic is on: topics with the same number have proportions that sum to 1. -1 for
        signed topics, which are on none.
    signed_topics_ : bool
        Whether topics have two poles, as those of :class:`NVDM`.
    latent_space_ : LatentSpace
        Layout of the groups: how they nest, and which columns are classes of a Concrete variable.
    prior_mean_, prior_variance_ : ndarray, shape (n_dims,), float32
        Moments of the prior on the topics' logits, without the columns of classes.
    prior_covariance_ : ndarray, shape (n_dims, n_dims), float32
    history_ : DataFrame
        A row an epoch: the mean of each term of the objective, unweighted, in nats per document, and
        ``own_share``, the document's own part in the estimate of q(z): near 1, I(x; z) stands at its bound.
    n_iter_ : int
        Epochs trained.
    n_features_in_ : int
        Words.
    feature_names_in_ : ndarray of str, shape (n_words,)
        Only where fitted on a DataFrame.
    vocabulary_ : ndarray of str, shape (n_words,)
        Only where fitted on a Corpus.

    References
    ----------
    Esmaeili et al., "Structured Disentangled Representations", AISTATS 2019.
    Srivastava & Sutton, "Autoencoding Variational Inference for Topic Models", ICLR 2017.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> corpus = make_correlated_topics(200, groups=(3, 3), random_state=0).corpus
    >>> model = ProdLDA(groups=(3, 3), max_iter=5, random_state=0).fit(corpus)
    >>> model.transform(corpus).shape
    (200, 6)
    """

    dropout: Annotated[float, SHARE] = 0.02
    word_dropout: Annotated[float, SHARE] = 0.1
    topic_softmax: Annotated[str, StrOptions({"joint", "group"})] = "joint"

    _network_parameters = (*BaseTopicModel._network_parameters, "topic_softmax")

    def _default_prior(self) -> Prior:
        return DirichletLaplace(1.0)

    def _build_encoder(self, n_words: int, space: LatentSpace, generator: torch.Generator) -> Encoder:
        return self._encoder(n_words, space, softplus, generator)

    def _build_decoder(self, space: LatentSpace, background: Tensor, generator: torch.Generator) -> Decoder:
        return ProdLDADecoder(space, self.topic_softmax, self.dropout, background, generator)
