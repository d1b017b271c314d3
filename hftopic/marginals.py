"""Inference marginals: log q(z), log q(z_d) and log q(z_d,e) as mixtures over documents.

Each is the log of a weighted sum, over documents x', of q(z|x') at a sample z. One autograd function computes
the densities of every sample under every document, group by group, and the marginals of single dimensions on
the way, in buffers of one (rows, documents) block; nothing of shape (rows, documents, dimensions) exists. The
outer levels are sums over groups.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import Any

import torch
from torch import Tensor

from hftopic.latent import LatentSpace, Levels
from hftopic.posterior import LOG_2PI, MeanFieldPosterior

# Entries in one (rows, documents) block: 1 MB of float32 stays in a core's cache.
BLOCK_ENTRIES = 2**18
# Entries of the densities of all groups that an evaluation keeps at once: 32 MB of float32.
CHUNK_ENTRIES = 2**23

ESTIMATORS = ("hfvae", "mws", "mss", "full")


@dataclass(frozen=True)
class MixtureWeights:
    """Log weights of the documents in the mixture at a sample of one of them.

    Attributes
    ----------
    own : float
        Of the document the sample comes from.
    following : float
        Of the one after it in the batch, where the first follows the last.
    other : float
        Of each other one.
    """

    own: float
    following: float
    other: float

    def relative_(self, log_density: Tensor, first_row: int = 0) -> Tensor:
        """Adds each document's log weight less that of an "other" one, in place, to (rows, documents)."""
        if self.own != self.other:
            log_density.diagonal(offset=first_row).add_(self.own - self.other)
        if self.following != self.other:
            log_density.diagonal(offset=first_row + 1).add_(self.following - self.other)
            if first_row + len(log_density) == log_density.shape[1]:
                log_density[-1, 0] += self.following - self.other
        return log_density


def mixture_weights(estimator: str, batch_size: int, n_documents: int) -> MixtureWeights:
    """Weights by which a batch of B documents stands for all N.

    With M = B - 1:

    - ``"hfvae"``: own 1/N, every other (N-1)/(N M) (Esmaeili et al. 2019, section 3.1). The document itself
      is in the corpus for certain; the others stand for a sample of the rest. They sum to 1.
    - ``"mws"``: each 1/(B N), minibatch weighted sampling (Chen et al. 2018, eq. 5). They sum to 1/N, so that
      where documents look alike every level is log N too low, and I(x; z) log N too high.
    - ``"mss"``: own 1/N, the following one (N-M)/(N M), every other 1/M, minibatch stratified sampling
      (ibid., appendix C). They sum to 1, and averaged over which document is the following one they are
      those of "hfvae".
    - ``"full"``: each 1/N, for mixtures over all documents.

    Raises
    ------
    ValueError
        An unknown estimator, a batch of one document, or one larger than the corpus.
    """
    if estimator not in ESTIMATORS:
        raise ValueError(f"marginals={estimator!r} is unknown; there are {', '.join(map(repr, ESTIMATORS))}")
    if estimator == "full":
        return _even(-math.log(n_documents))
    if not 2 <= batch_size <= n_documents:
        raise ValueError(
            f"the marginals need a batch of 2 documents or more, at most all {n_documents}; got {batch_size}"
        )
    others = batch_size - 1
    if estimator == "mws":
        return _even(-math.log(batch_size * n_documents))
    if estimator == "mss":
        following = math.log((n_documents - others) / (n_documents * others))
        return MixtureWeights(-math.log(n_documents), following, -math.log(others))
    other = math.log((n_documents - 1) / (n_documents * others))
    return MixtureWeights(-math.log(n_documents), other, other)


def _even(log_weight: float) -> MixtureWeights:
    return MixtureWeights(log_weight, log_weight, log_weight)


def log_marginals(
    z: Tensor,
    posterior: MeanFieldPosterior,
    space: LatentSpace,
    weights: MixtureWeights,
    components: MeanFieldPosterior | None = None,
) -> Levels:
    """Marginals at samples of documents, as mixtures over components.

    Classes of Concrete variables are enumerated: a level that holds some is Σ_k π_k log q̂(z, k), with the
    classes weighted by the sample's own π.

    Parameters
    ----------
    z : Tensor, shape (R, K)
        ``z[b]`` drawn from the posterior of document b.
    posterior : MeanFieldPosterior
        Of the R documents the samples come from.
    space : LatentSpace
    weights : MixtureWeights
    components : MeanFieldPosterior, optional
        Of the M documents that are mixed; if not given, of the same ones.

    Returns
    -------
    Levels
        In nats; differentiable in ``z``, in both posteriors' moments and in their classes.
    """
    mixed = posterior if components is None else components
    pairs, dims = _pairwise(z, mixed, space.dim_slices, weights, with_dims=True)
    nodes: dict[tuple[int, int], Tensor] = {}
    for node in chain(*space.partitions):
        if (node.start, node.stop) not in nodes:  # a group may stand at several levels
            density = pairs[node].sum(0)
            held = space.concretes_in(node)
            nodes[node.start, node.stop] = _averaged(density, held, posterior, mixed, weights)
    partitions = [
        torch.stack([nodes[node.start, node.stop] for node in partition], dim=1)
        for partition in space.partitions
    ]
    classes = [nodes[i, i + 1][:, None] for i in range(space.n_groups) if space.concretes_in(slice(i, i + 1))]
    return Levels(tuple(partitions), torch.cat([dims, *classes], 1))


def log_mixture(
    z: Tensor, posterior: MeanFieldPosterior, space: LatentSpace, components: MeanFieldPosterior
) -> Levels:
    """Marginals under the full mixture (1/M) Σ_m q(z|x_m), for evaluation: chunked, without gradients.

    Parameters
    ----------
    z : Tensor, shape (R, K)
    posterior : MeanFieldPosterior
        Of the R documents the samples come from; only the classes matter.
    space : LatentSpace
    components : MeanFieldPosterior
        Of the M documents.
    """
    weights = mixture_weights("full", len(components), len(components))
    height = max(1, CHUNK_ENTRIES // (len(components) * space.n_groups))
    with torch.no_grad():
        chunks = [
            log_marginals(
                z[start : start + height], posterior[start : start + height], space, weights, components
            )
            for start in range(0, len(z), height)
        ]
    return Levels(
        tuple(torch.cat(level) for level in zip(*(chunk.partitions for chunk in chunks), strict=True)),
        torch.cat([chunk.variables for chunk in chunks]),
    )


def log_subset(
    z: Tensor,
    posterior: MeanFieldPosterior,
    dims: Tensor,
    concretes: list[int],
    weights: MixtureWeights,
    components: MeanFieldPosterior | None = None,
) -> Tensor:
    """log q̂ of any chosen variables together, shape (R,), in nats, as :func:`log_marginals` does.

    Parameters
    ----------
    dims : Tensor of int
        Gaussian dimensions.
    concretes : list of int
        Concrete variables, by their order.
    """
    mixed = posterior if components is None else components
    chosen = MeanFieldPosterior(mixed.mean[:, dims], mixed.log_variance[:, dims])
    pairs, _ = _pairwise(z[:, dims], chosen, (slice(0, len(dims)),), weights, with_dims=False)
    return _averaged(pairs.sum(0), concretes, posterior, mixed, weights)


def log_dims(grid: Tensor, components: MeanFieldPosterior) -> Tensor:
    """log (1/M) Σ_m q(z_e|x_m) of each Gaussian dimension alone at any points, shape (R, K), in nats."""
    weights = mixture_weights("full", len(components), len(components))
    with torch.no_grad():
        return _pairwise(grid, components, (), weights, with_dims=True)[1]


def _averaged(
    log_density: Tensor,
    concretes: list[int],
    posterior: MeanFieldPosterior,
    components: MeanFieldPosterior,
    weights: MixtureWeights,
) -> Tensor:
    """log Σ_m w_m q(z|x_m), or Σ_k π_k log Σ_m w_m q(z|x_m) π_m,k where there are classes, shape (R,)."""
    weighted = weights.relative_(log_density)
    if not concretes:
        return torch.logsumexp(weighted, 1) + weights.other
    own, mixed = (_joint_classes(p, concretes).exp() for p in (posterior, components))
    highest = weighted.detach().amax(1, keepdim=True)
    shares = torch.exp(weighted - highest) @ mixed  # (R, C)
    log_q = shares.clamp_min(torch.finfo(shares.dtype).tiny).log() + highest + weights.other
    return (own * log_q).sum(1)


def _joint_classes(posterior: MeanFieldPosterior, concretes: list[int]) -> Tensor:
    """log π of every combination of classes of some Concrete variables, shape (B, product of classes)."""
    joint = posterior.log_classes[concretes[0]]
    for c in concretes[1:]:
        joint = (joint[:, :, None] + posterior.log_classes[c][:, None, :]).flatten(1)
    return joint


def _pairwise(
    z: Tensor,
    components: MeanFieldPosterior,
    slices: tuple[slice, ...],
    weights: MixtureWeights,
    *,
    with_dims: bool,
) -> tuple[Tensor, Tensor]:
    apply: Callable[..., tuple[Tensor, Tensor]] = _Pairwise.apply
    return apply(z, components.mean, components.log_variance, slices, weights, with_dims)


class _Components:
    """Log densities of a block of samples under every document, one dimension at a time.

    Dimensions come first in memory (K, M), so that each is one contiguous run.
    """

    def __init__(self, mean: Tensor, log_variance: Tensor) -> None:
        self.mean = mean.T.contiguous()
        self.precision = torch.exp(-0.5 * log_variance).T.contiguous()  # 1/σ
        self.constant = (-0.5 * (log_variance + LOG_2PI)).T.contiguous()

    def scaled(self, z: Tensor, e: int, out: Tensor) -> Tensor:
        """(z_e - μ_e) / σ_e, shape (R, M)."""
        return torch.sub(z[:, e, None], self.mean[e], out=out).mul_(self.precision[e])

    def log_density(self, scaled: Tensor, e: int, out: Tensor) -> Tensor:
        """log q(z_e|x'), shape (R, M)."""
        return torch.addcmul(self.constant[e], scaled, scaled, value=-0.5, out=out)


def _row_blocks(n_rows: int, n_columns: int) -> list[slice]:
    height = max(1, BLOCK_ENTRIES // n_columns)
    return [slice(start, min(start + height, n_rows)) for start in range(0, n_rows, height)]


def _logsumexp_(block: Tensor) -> Tensor:
    """Row-wise log of a sum of exponentials that uses the block as its working space."""
    highest = block.amax(1, keepdim=True)
    return block.sub_(highest).exp_().sum(1).log_().add_(highest[:, 0])


def _group_of(e: int, slices: tuple[slice, ...]) -> int | None:
    return next((d for d, dims in enumerate(slices) if dims.start <= e < dims.stop), None)


class _Pairwise(torch.autograd.Function):
    """log q(z_d|x_m) of each group, sample and document, and the marginals of single dimensions.

    Returns (D, R, M) and (R, K). Nothing is kept for the backward pass but the arguments: it computes the
    densities of a dimension again, and its responsibilities r = w_m q(z_e|x_m) / q̂(z_e).
    """

    @staticmethod
    def forward(
        ctx: Any,
        z: Tensor,
        mean: Tensor,
        log_variance: Tensor,
        slices: tuple[slice, ...],
        weights: MixtureWeights,
        with_dims: bool,
    ) -> tuple[Tensor, Tensor]:
        components = _Components(mean, log_variance)
        pairs = z.new_zeros(len(slices), len(z), len(mean))
        dims = z.new_empty(z.shape if with_dims else (len(z), 0))
        groups = [_group_of(e, slices) for e in range(z.shape[1])]
        for rows in _row_blocks(len(z), len(mean)):
            block = z[rows]
            scaled, density = (z.new_empty(len(block), len(mean)) for _ in range(2))
            for e, d in enumerate(groups):
                components.scaled(block, e, out=scaled)
                components.log_density(scaled, e, out=density)
                if d is not None:
                    pairs[d, rows] += density
                if with_dims:
                    dims[rows, e] = _logsumexp_(weights.relative_(density, rows.start))
        ctx.save_for_backward(z, mean, log_variance)
        ctx.groups, ctx.weights, ctx.with_dims = groups, weights, with_dims
        ctx.set_materialize_grads(False)
        return pairs, dims + weights.other

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor | None) -> tuple[Tensor | None, ...]:
        z, mean, log_variance = ctx.saved_tensors
        into_pairs, into_dims = upstream
        components = _Components(mean, log_variance)
        into_z = torch.zeros_like(z)
        into_mean, into_log_variance = torch.zeros_like(components.mean), torch.zeros_like(components.mean)
        for rows in _row_blocks(len(z), len(mean)):
            block = z[rows]
            scaled, density = (z.new_empty(len(block), len(mean)) for _ in range(2))
            powers = torch.ones(2, len(block), dtype=z.dtype, device=z.device)  # rows 1 and z_e
            for e, d in enumerate(ctx.groups):
                components.scaled(block, e, out=scaled)
                shared = None if into_pairs is None or d is None else into_pairs[d, rows]
                if ctx.with_dims and into_dims is not None:
                    components.log_density(scaled, e, out=density)
                    share = torch.softmax(ctx.weights.relative_(density, rows.start), 1)
                    share *= into_dims[rows, e, None]
                    shared = share if shared is None else torch.add(share, shared, out=density)
                if shared is None:
                    continue
                share_of_document = powers[0] @ shared  # shared is Σ_levels g r
                scaled *= shared
                powers[1] = block[:, e]
                zeroth, first = powers @ scaled  # Σ_b g r t and Σ_b g r t z, where t = (z-μ)/σ
                precision = components.precision[e]
                into_z[rows, e] = -(scaled @ precision)
                into_mean[e] += precision * zeroth
                squares = precision * (first - components.mean[e] * zeroth)  # Σ_b g r t²
                into_log_variance[e] += 0.5 * (squares - share_of_document)
        return into_z, into_mean.T, into_log_variance.T, None, None, None
