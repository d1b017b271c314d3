"""The two models, ProdLDA and NVDM, and how they are read back from their files."""

import os
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from hftopic import inference
from hftopic.base import BaseTopicModel
from hftopic.latent import GroupsLike, LatentSpace
from hftopic.layers import softplus
from hftopic.networks import Decoder, Encoder, NVDMDecoder, ProdLDADecoder, softmax_slices
from hftopic.objective import Objective
from hftopic.parameters import CONSTRAINTS, RandomState, WeightLike, chosen_device
from hftopic.persistence import ModelFileError, load_model
from hftopic.priors import DirichletLaplace, Prior, StandardNormal


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
        :func:`hftopic.mixtures.mixture_weights`. "full" encodes all documents in every step and mixes over
        them, which is exact, and for small corpora.
    partners : int or None, default=64
        Documents of the batch, at the least, that the marginal of a single topic q(z_d,e) is mixed over; the
        joint and the groups are always mixed over the batch. Fewer are faster, None is the whole batch, see
        :class:`hftopic.mixtures.Mixing`.
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

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "topic_softmax": [StrOptions({"joint", "group"})],
    }

    def __init__(
        self,
        groups: GroupsLike = (25, 25),
        *,
        alpha: WeightLike = 1.0,
        beta: WeightLike | tuple[WeightLike, ...] = 0.1,
        gamma: WeightLike = 10.0,
        objective: Objective | None = None,
        marginals: str = "hfvae",
        partners: int | None = 64,
        prior: Prior | None = None,
        topic_softmax: str = "joint",
        hidden: Sequence[int] = (200, 200),
        dropout: float = 0.02,
        word_dropout: float = 0.1,
        encoder_norm: str = "none",
        batch_size: int | str = "auto",
        max_iter: int = 40,
        learning_rate: float = 0.004,
        warm_up: int | float = 0.5,
        ramp: int | float = 1.0,
        validation_fraction: float = 0.0,
        patience: int = 10,
        device: str | torch.device = "auto",
        verbose: int = 0,
        random_state: RandomState = None,
    ) -> None:
        super().__init__(
            groups,
            alpha=alpha,
            beta=beta,
            gamma=gamma,
            objective=objective,
            marginals=marginals,
            partners=partners,
            prior=prior,
            hidden=hidden,
            dropout=dropout,
            word_dropout=word_dropout,
            encoder_norm=encoder_norm,
            batch_size=batch_size,
            max_iter=max_iter,
            learning_rate=learning_rate,
            warm_up=warm_up,
            ramp=ramp,
            validation_fraction=validation_fraction,
            patience=patience,
            device=device,
            verbose=verbose,
            random_state=random_state,
        )
        self.topic_softmax = topic_softmax

    def _default_prior(self) -> Prior:
        return DirichletLaplace(1.0)

    def _simplex_sizes(self, space: LatentSpace) -> NDArray[np.int64]:
        sizes = [s.stop - s.start for s in softmax_slices(space, self.topic_softmax)]
        return np.repeat(sizes, sizes).astype(np.int64)

    def _build_encoder(self, n_words: int, space: LatentSpace, generator: torch.Generator) -> Encoder:
        return self._encoder(n_words, space, softplus, generator)

    def _build_decoder(self, space: LatentSpace, background: Tensor, generator: torch.Generator) -> Decoder:
        return ProdLDADecoder(space, self.topic_softmax, self.dropout, background, generator)


class NVDM(BaseTopicModel):
    """Neural variational document model of Miao et al. (2016), with grouped dimensions (HFVAE).

    A document's words follow softmax(z W + b) with Gaussian z. A dimension is signed, so a topic has two
    poles, and ``transform`` returns the posterior mean E[z|x].

    Parameters
    ----------
    groups, alpha, beta, gamma, objective, marginals, partners, hidden, encoder_norm, batch_size, \
max_iter, learning_rate, warm_up, ramp, validation_fraction, patience, device, verbose, random_state
        As in :class:`ProdLDA`.
    prior : prior, optional
        ``StandardNormal()`` if not given.
    dropout : float, default=0.05
        Share of the encoder's last layer left out in a training step.
    word_dropout : float, default=0.3
        As in :class:`ProdLDA`, whose default is 0.1.

    Attributes
    ----------
    components_ : ndarray, shape (n_topics, n_words), float32
        W, the effect of each dimension on the words' logits.
    topic_word_ : ndarray, shape (n_topics, n_words), float32
        softmax(W_k + b): p(w | topic) at one standard deviation of the prior on the positive pole.
    topic_groups_, latent_space_, prior_mean_, prior_variance_, prior_covariance_, history_, n_iter_, \
n_features_in_, feature_names_in_, vocabulary_
        As in :class:`ProdLDA`.

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
        return StandardNormal()

    def _simplex_sizes(self, space: LatentSpace) -> NDArray[np.int64]:
        return np.full(space.n_dims, space.n_dims)

    def _build_encoder(self, n_words: int, space: LatentSpace, generator: torch.Generator) -> Encoder:
        return self._encoder(n_words, space, torch.tanh, generator)

    def _build_decoder(self, space: LatentSpace, background: Tensor, generator: torch.Generator) -> Decoder:
        return NVDMDecoder(space, background, generator)

    def top_words(
        self,
        n: int = 10,
        vocabulary: Sequence[str] | None = None,
        *,
        by: str = "weight",
        pole: str = "+",
    ) -> pd.DataFrame:
        """Highest words of one pole of each topic; see :meth:`ProdLDA.top_words`.

        Parameters
        ----------
        by : {"weight", "probability"}, default="weight"
            One standard deviation of one dimension moves p(w|topic) little from the frequency of words in
            the corpus, so ranking by probability brings up common words on every topic.
        pole : {"+", "-"}, default="+"
            Words that a positive or a negative z makes likelier.
        """
        if pole not in ("+", "-"):
            raise ValueError(f"pole must be '+' or '-'; got {pole!r}")
        if pole == "+":
            return super().top_words(n, vocabulary, by=by)
        check_is_fitted(self)
        self._check_ranking(by)
        if by == "weight":
            return self._word_table(-self.components_, n, vocabulary)
        with torch.inference_mode():
            opposite = inference.to_numpy(self._network.decoder.topics(sign=-1).probabilities())
        return self._word_table(opposite, n, vocabulary)


_MODELS = {"ProdLDA": ProdLDA, "NVDM": NVDM}


def load(path: str | os.PathLike[str], *, device: str | torch.device | None = None) -> BaseTopicModel:
    """Read a model that its ``save`` method wrote; nothing in the file is executed.

    Parameters
    ----------
    path : path-like
        The folder.
    device : str or torch.device, optional
        Where the model is to work, in place of what its parameter ``device`` was when it was saved.

    Returns
    -------
    ProdLDA or NVDM
        Fitted, with the same answers as the model that was saved.

    Raises
    ------
    ModelFileError
        No saved model, not whole, or of another version's form. It is a ValueError.
    ValueError
        The device is not here: name another by ``device``.
    """
    description, tensors = load_model(path)
    try:
        parameters = description["parameters"] | ({} if device is None else {"device": str(device)})
        model = _MODELS[description["estimator"]](**parameters)
    except (KeyError, TypeError) as error:
        raise ModelFileError(f"{os.fspath(path)} is not whole: {type(error).__name__}: {error}") from error
    chosen_device(model.device)
    try:
        model._restore(description, tensors)
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        raise ModelFileError(f"{os.fspath(path)} is not whole: {type(error).__name__}: {error}") from error
    return model
