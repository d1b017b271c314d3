"""Inference marginals: log q(z), log q(z_d) and log q(z_d,e) as mixtures over documents.

Each is log Σ_x' w q(z|x') at a sample z, a weighted sum over documents x'. The densities of the innermost
groups under every document are computed once; the log densities of outer levels are sums over groups.
"""

from itertools import chain

import torch
from torch import Tensor

from hftopic.latent.posterior import MeanFieldPosterior
from hftopic.latent.space import LatentSpace, Levels
from hftopic.objective.minibatch import Mixing, MixtureWeights
from hftopic.objective.pairwise import LOG_2, LOWEST_EXPONENT, dimension_marginals, group_densities, log_mixed

# Entries of the densities of all groups in one chunk of an evaluation: 32 MB of float32.
CHUNK_ENTRIES = 2**23


def log_marginals(
    z: Tensor,
    posterior: MeanFieldPosterior,
    space: LatentSpace,
    mixing: Mixing,
    components: MeanFieldPosterior | None = None,
) -> Levels:
    """Log marginals at samples of documents, as mixtures over the posteriors of documents.

    Classes of Concrete variables are enumerated: a level with Concrete variables is Σ_k π_k log q̂(z, k), with
    the class probabilities π of the document that the sample was drawn from.

    Parameters
    ----------
    z : Tensor, shape (R, K)
        Samples; ``z[b]`` is drawn from the posterior of document b.
    posterior : MeanFieldPosterior
        Posterior of the R documents that the samples were drawn from.
    space : LatentSpace
    mixing : Mixing
    components : MeanFieldPosterior, optional
        Posterior of the M documents in the mixture; by default the same R documents.

    Returns
    -------
    Levels
        Log marginals in nats, differentiable in ``z`` and in the moments and classes of both posteriors.
    """
    mixed = posterior if components is None else components
    weights = mixing.weights(len(mixed))
    pairs = group_densities(z, mixed, space.dim_slices)
    nodes: dict[tuple[int, int], Tensor] = {}
    for node in chain(*space.partitions):
        if (node.start, node.stop) not in nodes:  # a group may be a node of several levels
            bits = sum(pairs[node][1:], pairs[node][0])
            held = space.concretes_in(node)
            nodes[node.start, node.stop] = _averaged(bits, held, posterior, mixed, weights)
    partitions = [
        torch.stack([nodes[node.start, node.stop] for node in partition], dim=1)
        for partition in space.partitions
    ]
    dims = dimension_marginals(z, mixed, mixing)
    return Levels(tuple(partitions), _variables(partitions[-1], dims, space))


def _variables(groups: Tensor, dims: Tensor, space: LatentSpace) -> Tensor:
    """Marginals of single variables, shape (B, V); a group with one variable is that variable."""
    each = list(enumerate(space.dim_slices))
    gaussian = [
        dims[:, s] if s.stop - s.start > 1 else groups[:, d : d + 1] for d, s in each if s.stop > s.start
    ]
    classes = [groups[:, d : d + 1] for d, s in each if s.stop == s.start]
    return torch.cat([*gaussian, *classes], 1)


def log_mixture(
    z: Tensor, posterior: MeanFieldPosterior, space: LatentSpace, components: MeanFieldPosterior
) -> Levels:
    """Log marginals of the full mixture (1/M) Σ_m q(z|x_m), for evaluation: in chunks, without gradients.

    Parameters
    ----------
    z : Tensor, shape (R, K)
    posterior : MeanFieldPosterior
        Posterior of the R documents that the samples were drawn from; only the class probabilities are used.
    space : LatentSpace
    components : MeanFieldPosterior
        Posterior of the M documents.
    """
    mixing = Mixing("full", len(components))
    height = max(1, CHUNK_ENTRIES // (len(components) * space.n_groups))
    with torch.no_grad():
        chunks = [
            log_marginals(
                z[start : start + height], posterior[start : start + height], space, mixing, components
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
    mixing: Mixing,
    components: MeanFieldPosterior | None = None,
) -> Tensor:
    """Joint log q̂ of a subset of the variables, shape (R,), in nats.

    The other parameters are those of :func:`log_marginals`.

    Parameters
    ----------
    dims : Tensor of int
        Gaussian dimensions of the subset.
    concretes : list of int
        Concrete variables of the subset, numbered in the order of the groups.
    """
    mixed = posterior if components is None else components
    chosen = MeanFieldPosterior(mixed.mean[:, dims], mixed.log_variance[:, dims])
    pairs = group_densities(z[:, dims], chosen, [slice(0, len(dims))])
    return _averaged(pairs[0], concretes, posterior, mixed, mixing.weights(len(mixed)))


def log_dims(grid: Tensor, components: MeanFieldPosterior) -> Tensor:
    """log (1/M) Σ_m q(z_e|x_m) of each single Gaussian dimension at the points ``grid`` (R, K), in nats."""
    with torch.no_grad():
        return dimension_marginals(grid, components, Mixing("full", len(components)))


def _averaged(
    bits: Tensor,
    concretes: list[int],
    posterior: MeanFieldPosterior,
    components: MeanFieldPosterior,
    weights: MixtureWeights,
) -> Tensor:
    """log Σ_m w_m q(z|x_m), or Σ_k π_k log Σ_m w_m q(z|x_m) π_m,k if there are classes, shape (R,)."""
    if not concretes:
        return log_mixed(bits, weights)
    own, mixed = (_joint_classes(p, concretes).exp() for p in (posterior, components))
    highest = bits.detach().amax(1, keepdim=True)
    weighted = weights.relative_(bits - highest, unit=LOG_2)
    shares = torch.exp2(weighted.clamp_min(LOWEST_EXPONENT)) @ mixed  # (R, C)
    log_q = shares.clamp_min(torch.finfo(shares.dtype).tiny).log() + LOG_2 * highest + weights.other
    return (own * log_q).sum(1)


def _joint_classes(posterior: MeanFieldPosterior, concretes: list[int]) -> Tensor:
    """log π of every class combination of some Concrete variables, shape (B, number of combinations)."""
    joint = posterior.log_classes[concretes[0]]
    for c in concretes[1:]:
        joint = (joint[:, :, None] + posterior.log_classes[c][:, None, :]).flatten(1)
    return joint
