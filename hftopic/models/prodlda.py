"""ProdLDA: a product of experts with topic proportions on a simplex."""

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
from hftopic.networks.log_linear import ProdLDADecoder


@register
class ProdLDA(BaseTopicModel):
    """ProdLDA topic model (Srivastava & Sutton 2017) with groups of topics (HFVAE, Esmaeili et al. 2019).

    The words of a document have the distribution softmax(batch norm of θ B), with topic proportions
    θ = softmax(z). Training minimises the hierarchically factorised objective of Esmaeili et al.
    (2019): topics of one group become nearly uncorrelated, while topics may correlate across groups. The
    correlations across groups are parameters of the prior, and training also chooses the group of each topic.
    :func:`hftopic.paper_text_settings` has the settings of the paper, without these two extensions.

    Parameters
    ----------
    groups : int, Normal or Concrete, or tuple of them, default=(25, 25)
        Number of topics of each group; a single number is one group. A :class:`hftopic.Concrete` is a
        discrete variable in addition to the topics. Tuples inside the tuple are nested groups, such as
        ``((10, 10), (10, 20))``.
    alpha : float or Ramp, default=1.0
        Weight α of the mutual information I(x; z). A :class:`hftopic.Ramp` changes a weight over the epochs.
    beta : float or Ramp, or tuple of them, default=1.0
        Weight β of the total correlation between groups, compared with that of the prior. With learned
        correlations of the prior, 1 matches the correlations between groups to those of the prior, and values
        below 1 match them less strictly. With a prior without correlations, values below 1 let groups
        correlate. For nested groups, a tuple gives one weight per level, outermost first.
    gamma : float or Ramp, default=3.0
        Weight γ of the total correlation within groups; values above 1 push the topics of a group towards
        independence.
    objective : objective, optional
        Objective to use instead of the three weights, from :mod:`hftopic.objective`, such as
        ``hftopic.VAE()`` or ``hftopic.BetaTCVAE(4.0)``.
    marginals : {"gaussian", "hfvae", "mws", "mss", "full"}, default="gaussian"
        Estimator of the marginals q(z), q(z_d), q(z_d,e). "gaussian" uses Gaussians with the running mean and
        covariance of q(z): the terms are in closed form, and the grouped terms measure correlations only. The
        others are mixtures over documents, see :func:`hftopic.objective.minibatch.mixture_weights`. "full"
        encodes all documents in every step. It is exact, but only practical for small corpora.
    partners : int or None, default=64
        Minimum number of documents in the mixture that estimates the marginal of a single topic q(z_d,e). The
        joint and the groups always use the whole mini-batch. Smaller is faster; None uses the whole
        mini-batch. Not used by "gaussian" and "full". See :class:`hftopic.objective.minibatch.Mixing`.
    assignment : {"auto", "learned", "fixed"}, default="auto"
        Whether training chooses the group of each topic, such that topics of one group are correlated as
        little as possible. In the first half of the epochs alpha, beta and gamma are 1 and all correlations
        of the prior are free. Then the topics are assigned to groups of the given sizes, and the weights
        change over `ramp`. Topics may be exchanged again until 90% of the epochs. "fixed" keeps topics in the
        groups that they begin in. "auto" is "learned" where topics of different groups can be exchanged, and
        "fixed" otherwise: with ``topic_softmax="group"``, with a prior whose correlations are given, with an
        `objective` that is not exchangeable (``AnchoredVAE``, and ``FactorVAE`` with a discriminator), and
        with a decoder of your own without ``topic_axes``.
    prior : prior, optional
        Prior of the logits, by default ``hftopic.LearnedCorrelation(base=hftopic.DirichletLaplace(1.0))``,
        which learns the correlations between topics of different groups. If there are none to learn, as with
        a single group, the default is ``hftopic.DirichletLaplace(1.0)``. Others are
        ``hftopic.StandardNormal()``, and priors with given correlations, ``hftopic.FullCovariance(...)`` and
        ``hftopic.BlockCorrelation(...)``.
    topic_softmax : {"joint", "group"}, default="joint"
        "joint" is one softmax over all topics. "group" is one softmax per group; ``transform`` then divides
        by the number of groups, so that its rows also sum to 1.
    prevalence : str, optional
        Formula of metadata, such as ``"party + bs(day, df=4)"``, on which the mean of the prior of a document
        depends; without an intercept, which the prior has. Columns are those of ``metadata``, or those of
        the Corpus, whose labels and dates are ``label`` and ``date``; dates count in years. The extra
        ``effects`` is needed. Without it, all documents have the same prior.
    prevalence_shrinkage : "auto" or float >= 0, default="auto"
        How the coefficients of ``prevalence`` are shrunk to 0. "auto" learns it for each column of the design
        (automatic relevance determination); a number is that of a ridge, in documents.
    missing_metadata : {"raise", "drop"}, default="raise"
        What becomes of documents without a value that ``prevalence`` needs: an error, or they are left out of
        training and otherwise have the prior of average metadata, with a warning that counts them.
    encoder_input : {"counts", "embeddings", "both"}, default="counts"
        What the encoder reads of a document: its word counts, its embedding, such as that of a sentence
        encoder, or both. Embeddings are passed as ``embeddings``, or are those of the Corpus; their columns
        are standardised over the training documents. The decoder explains the counts in any case, so that
        training needs these; with "embeddings" alone, ``transform(embeddings=E)`` needs no counts.
    seed_words : dict, optional
        Words that guide topics, such as ``{"economy": ["bank", "market"], 7: ["team"], (1, "law"):
        ["court"]}``. A key is a name, which the next topic without seed words gets; the number of a topic; or
        a pair of a group and a name or None. With numbers or groups `assignment` is "fixed"; topics that are
        guided by name may go to another group, and keep their words and name. ``guided_topics_`` says which
        topics these are. Words that the vocabulary lacks are listed in a warning. For an `X` without words,
        give numbers of columns. All other topics are free. :func:`hftopic.read_seed_words` reads a file.
    seed_strength : float, default=0.5
        How much the seed words guide their topics, from 0 to 1. Training begins with an encoder that sends
        documents with the words to the topic, and a decoder in which the topic has them. In training, each
        guided topic has a prior, of pseudo-tokens of its seed words, and each seed word in a document is a
        soft observation of its topic (see :class:`hftopic.networks.guidance.Guidance`). With 0 the model is
        that without seed words, also in its names.
    hidden : tuple of int, default=(200, 200)
        Sizes of the encoder's hidden layers.
    dropout : float, default=0.05
        Dropout rate on the encoder's last hidden layer and on the topic proportions.
    word_dropout : float, default=0.1
        Fraction of a document's distinct words hidden from the encoder in each training step. The encoder
        learns to infer topics from part of a document, which improves the representation of new documents.
    encoder_norm : {"none", "shift", "scale"}, default="none"
        Batch norm of the encoder's outputs. "shift" has a learned shift and no learned scale. It keeps topics
        from falling silent: from telling nothing about any document. "scale" normalises the posterior means
        alone, with one learned scale for all topics: they stay alike, and tell as little about short
        documents as these have to tell.
    decoder_norm : {"full", "shift"}, default="full"
        Batch norm of the decoder's logits. "full" learns a shift and a scale for each word. "shift" learns no
        scale, as in Srivastava & Sutton (2017): the logit of every word then has the same variance.
    batch_size : int or "auto", default="auto"
        Number of documents per step, drawn without replacement; the marginals are also estimated from them.
        "auto" is 1/20 of the documents, between 64 and 256.
    max_iter : int or None, default=None
        Number of epochs. None is enough epochs for 1,200 steps; with more than 2,500 documents the number of
        steps grows with the square root of the documents. For example, 256 epochs for 300 documents, 60 to 86
        for 1,300 to 10,000, 20 for 100,000 and 7 for a million. For ``partial_fit`` without an earlier
        ``fit``, None is 60.
    learning_rate : float, default=0.004
        Initial learning rate of Adam; it decreases on a cosine schedule.
    warm_up : int or float, default=0.1
        Epochs over which the weights of all terms except the reconstruction rise from 0 to their full value:
        an int is a number of epochs, a float is a fraction of ``max_iter``. Without warm-up, the KL
        divergence can silence topics before the decoder uses them: their posterior is then their prior.
    ramp : int or float, default=1.0
        Epochs over which alpha, beta and gamma change linearly from 1 (the plain VAE) to their final values.
        The change begins when topics are assigned to groups or, with fixed groups, at the first epoch. An int
        is a number of epochs (1 is one epoch), a float is a fraction of the epochs from there to the end (1.0
        is all of them). The warm-up multiplies the result. If the ramp goes beyond ``max_iter``, the final
        values are not reached. With 0 the weights change at once. Applies only to numeric weights: a weight
        that is a :class:`hftopic.Ramp`, and an `objective`, follow their own schedule, also before topics are
        assigned to groups.
    n_init : int, default=1
        Number of starts with different random weights. The fit with the lowest loss is kept, see ``losses_``.
        The first start does not depend on `n_init`.
    n_jobs : int or None, default=None
        Number of starts that are trained in parallel processes; None is 1.
    validation_fraction : float, default=0.0
        Fraction of the documents held out for early stopping. The validation loss uses the final weights of
        the objective, and the weights of the best epoch are kept. If groups are learned, only epochs after
        the assignment of topics to groups count. With 0, training uses all documents for ``max_iter`` epochs.
    patience : int, default=10
        Number of epochs without a lower validation loss before training stops, counted from the end of the
        warm-up and from the assignment of topics to groups. If it stops before the end of the `ramp`, topics
        of a group stay more correlated.
    device : str or torch.device, default="auto"
        Device of the model; "auto" is a GPU if one is available, otherwise the CPU.
    verbose : int, default=0
        1 shows a progress bar.
    random_state : int, RandomState or None, default=None
        Seed. The same seed and data give bitwise identical results on the same machine.

    Attributes
    ----------
    components_ : ndarray, shape (n_topics, n_words), float32
        Effect of each topic on the logits of the words, including the scale of the batch norm.
    topic_word_ : ndarray, shape (n_topics, n_words), float32
        p(w | topic): the distribution of the distinct words that documents use for the topic; words that all
        documents use alike belong to a background instead. Rows sum to 1. :meth:`word_scores` has other
        descriptions of the topics.
    topic_ids_ : ndarray, shape (n_topics,), int
        Number of each topic in tables, files and figures: 0 to n_topics - 1, of which an edited model
        (:func:`hftopic.edit_topics`) has those that are left.
    topic_groups_ : ndarray, shape (n_topics,), int
        Group of each topic; the innermost group if groups are nested.
    topic_simplex_ : ndarray, shape (n_topics,), int
        Number of the simplex that each topic is on: the proportions of topics with the same number sum to 1.
        -1 for signed topics, which are not on a simplex.
    signed_topics_ : bool
        Whether topics have two poles, like those of :class:`NVDM`.
    latent_space_ : LatentSpace
        Layout of the groups: their nesting, and the columns that are classes of a Concrete variable.
    prior_mean_, prior_variance_ : ndarray, shape (n_dims,), float32
        Moments of the prior of the logits, without the columns of classes.
    prior_covariance_ : ndarray, shape (n_dims, n_dims), float32
        Covariance of the prior of the logits.
    prior_correlation_ : ndarray, shape (n_dims, n_dims), float32
        Correlations of the prior of the logits, also those that were learned.
        :func:`hftopic.analysis.topic_correlation` with ``of="prior"`` returns them as a table.
    prevalence_ : DataFrame or None
        Coefficients of ``prevalence``: how much the prior mean of each topic's logit changes with one unit of
        each column of the design. The prior moments above are those of a document with average metadata.
    design_ : Design or None
        How ``prevalence`` codes metadata: categories, knots and scales of the training documents.
    embedding_size_ : int or None
        Number of columns of the embeddings that the encoder reads; None if it reads counts alone.
    topic_names_ : ndarray of str, shape (n_topics,)
        A unique name of each topic, see :meth:`name_topics` and :meth:`set_topic_names`.
    guided_topics_ : DataFrame
        Topic, group, name and words of each set of seed words, in the order in which these were given.
    topic_summary_ : DataFrame
        Numbers of each topic over the training documents, which :func:`hftopic.analysis.topic_summary`
        returns with names and words.
    reading_ : dict or None
        How the texts of the training documents became counts, as ``Corpus.reading``; None if it is unknown.
    history_ : DataFrame
        One row per epoch: the mean of each term of the objective, unweighted, in nats per document. If the
        marginals are mixtures, there is also ``own_share``, the share of the document's own component in the
        estimate of q(z). Near 1, the estimate of I(x; z) is saturated. With seed words the loss also
        has ``seed_words``, the negative logarithm of their prior, and ``seed_topics``, that of the likelihood
        of the topics that they have in documents.
    losses_ : ndarray, shape (n_init,)
        Loss of each start, of which the lowest was kept: the lowest validation loss, or the training loss of
        the last epoch if there are no validation documents; infinite if the training diverged. Only after
        ``fit``.
    n_iter_ : int
        Number of epochs trained.
    n_features_in_ : int
        Number of words in the vocabulary.
    feature_names_in_ : ndarray of str, shape (n_words,)
        Vocabulary; only if fitted on a DataFrame. Columns with numbers as labels have no names.
    vocabulary_ : ndarray of str, shape (n_words,)
        Vocabulary; only if fitted on a Corpus. Documents with names of columns must have the words of the
        model in the same order, whichever of the two it has.

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

    dropout: Annotated[float, SHARE] = 0.05
    word_dropout: Annotated[float, SHARE] = 0.1
    topic_softmax: Annotated[str, StrOptions({"joint", "group"})] = "joint"
    decoder_norm: Annotated[str, StrOptions({"full", "shift"})] = "full"

    def _default_prior(self) -> Prior:
        return LearnedCorrelation(base=DirichletLaplace(1.0))

    def _build_decoder(self, space: LatentSpace, background: Tensor, generator: torch.Generator) -> Decoder:
        return ProdLDADecoder(
            space, self.topic_softmax, self.decoder_norm, self.dropout, background, generator
        )
