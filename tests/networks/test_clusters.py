"""Clusters of embeddings, at which topics begin."""

import numpy as np
import torch

from hftopic.networks.clusters import centroids
from hftopic.networks.embedded import ClusterScores, EmbeddingLayer

N, F, K = 300, 20, 5


def planted(seed=0):
    """Vectors of 5 clusters whose centres are ten deviations apart, and the cluster of each."""
    rng = np.random.default_rng(seed)
    cluster = rng.integers(K, size=N)
    centres = 10 * np.linalg.qr(rng.standard_normal((F, K)))[0].T
    vectors = centres[cluster] + 0.5 * rng.standard_normal((N, F))
    return torch.from_numpy(vectors).float(), torch.from_numpy(cluster)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_planted_clusters_are_found():
    """Of centres that far apart, k-means++ draws two from one cluster with a chance below 1%."""
    vectors, cluster = planted()
    found = centroids(vectors, K, generator())
    means = torch.stack([vectors[cluster == k].mean(0) for k in range(K)])
    nearest = torch.cdist(means, found).argmin(1)
    assert sorted(nearest.tolist()) == list(range(K))
    torch.testing.assert_close(found[nearest], means)


def test_the_same_generator_gives_the_same_bytes():
    vectors, _ = planted()
    assert torch.equal(centroids(vectors, K, generator(1)), centroids(vectors, K, generator(1)))
    assert not torch.equal(centroids(vectors, 30, generator(1)), centroids(vectors, 30, generator(2)))


def test_fewer_vectors_than_clusters():
    vectors = torch.tensor([[0.0, 1.0], [2.0, 0.0]])
    found = centroids(vectors, 4, generator())
    assert found.shape == (4, 2)
    assert {tuple(row) for row in found.tolist()} == {(0.0, 1.0), (2.0, 0.0)}


def test_topics_begin_at_clusters():
    """The scores have mean 0 and variance 1, and the largest is that of the cluster."""
    vectors, cluster = planted()
    layer = EmbeddingLayer(F, 3, 10.0, 1.0, True, generator())
    layer.standardise(vectors.double().mean(0).numpy(), vectors.double().std(0).numpy())
    read = layer.standardised(vectors)
    scores = ClusterScores(F, K, generator(), True)
    assert not scores(read).any()
    scores.begin(read, generator())
    begun = scores(read).detach()
    torch.testing.assert_close(begun.mean(0), torch.zeros(K), atol=1e-5, rtol=0)
    torch.testing.assert_close(begun.square().mean(), torch.tensor(1.0))
    largest = begun.argmax(1)
    for k in range(K):
        assert len(largest[cluster == k].unique()) == 1
    assert len(largest.unique()) == K


def test_without_gaussian_topics_nothing_begins():
    scores = ClusterScores(F, 0, generator(), True)
    scores.begin(planted()[0], generator())
    assert scores(planted()[0]).shape == (N, 0)


def test_noise_is_that_of_training_alone():
    """Its variance is that of the columns of ê on average: 6,000 draws are within 8% (4 deviations)."""
    vectors, _ = planted()
    layer = EmbeddingLayer(F, 3, 10.0, 1.0, True, generator())
    still, moved = layer._noisy(vectors, None), layer._noisy(vectors, generator())
    assert torch.equal(still, vectors)
    np.testing.assert_allclose((moved - vectors).square().mean(), 100 / F, rtol=0.08)
