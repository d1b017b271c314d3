"""Clusters of vectors, at which topics begin."""

import torch
from torch import Tensor

MOST_STEPS = 25  # later ones move few vectors


def centroids(vectors: Tensor, n_clusters: int, generator: torch.Generator) -> Tensor:
    """Centroids of k-means, shape (n_clusters, F), of vectors (N, F), from the start of k-means++.

    The same generator gives the same bytes, which k-means of scikit-learn does not promise with several
    threads. A cluster that loses all its vectors keeps its place.

    References
    ----------
    D. Arthur, S. Vassilvitskii: *k-means++: The Advantages of Careful Seeding*. SODA 2007.
    """
    centres, nearest = _spread(vectors, n_clusters, generator), None
    for _ in range(MOST_STEPS):
        assigned = (vectors @ centres.T - centres.square().sum(1) / 2).argmax(1)
        if nearest is not None and torch.equal(assigned, nearest):
            break
        nearest = assigned
        members = torch.nn.functional.one_hot(nearest, n_clusters).to(vectors.dtype)  # (N, n_clusters)
        sizes = members.sum(0)[:, None]
        centres = torch.where(sizes > 0, members.T @ vectors / sizes.clamp_min(1), centres)
    return centres


def _spread(vectors: Tensor, n_clusters: int, generator: torch.Generator) -> Tensor:
    """Vectors far from each other: each is drawn in proportion to its squared distance from the others."""
    distances = torch.ones(len(vectors), dtype=torch.float64)
    chosen = []
    for _ in range(n_clusters):
        weights = distances if distances.any() else torch.ones_like(distances)  # fewer vectors than clusters
        drawn = torch.rand((), dtype=torch.float64, generator=generator)
        ranks = weights.cumsum(0)
        row = min(int(torch.searchsorted(ranks, drawn * ranks[-1], right=True)), len(vectors) - 1)
        chosen.append(row)
        own = (vectors - vectors[row]).square().sum(1).double().cpu()
        distances = own if len(chosen) == 1 else torch.minimum(distances, own)
    return vectors[chosen]
