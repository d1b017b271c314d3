"""What a trained network says of documents, a chunk at a time: posterior, word probabilities, ELBO."""

import copy
import warnings
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from torch import Tensor

from hftopic.batches import Batch
from hftopic.latent import GaussianPosterior
from hftopic.networks import TopicNetwork

# Entries of one (documents, words) chunk: 32 MB of float32.
CHUNK_ENTRIES = 2**23


def posterior_moments(network: TopicNetwork, counts: sp.csr_array) -> tuple[Tensor, Tensor]:
    """Mean and variance of q(z|x), shape (N, K) each; of documents without words, the prior's."""
    moments = [posterior for _, _, posterior in _posteriors(network, counts)]
    mean = torch.cat([posterior.mean for posterior in moments])
    variance = torch.cat([posterior.log_variance for posterior in moments]).exp()
    return mean.cpu(), variance.cpu()


def represent(network: TopicNetwork, counts: sp.csr_array) -> NDArray[np.float32]:
    """The model's ``transform``: topic proportions or latent means, shape (N, K)."""
    chunks = _posteriors(network, counts)
    return to_numpy(torch.cat([network.decoder.represent(posterior.mean) for _, _, posterior in chunks]))


def word_probabilities(network: TopicNetwork, counts: sp.csr_array) -> NDArray[np.float32]:
    """p(w|z) at the posterior mean, shape (N, V)."""
    result = np.empty(counts.shape, dtype=np.float32)
    for rows, _, posterior in _posteriors(network, counts):
        result[rows] = to_numpy(network.decoder(posterior.mean).probabilities())
    return result


def elbo(network: TopicNetwork, counts: sp.csr_array, noise: Tensor) -> NDArray[np.float64]:
    """Evidence lower bound of each document with unweighted KL, shape (N,), in nats.

    E_q[log p(x|z)] is the mean over the rows of ``noise`` (S, K), the same for every document, and the KL
    divergence is in closed form.
    """
    result = np.empty(counts.shape[0])
    noise = noise.to(network.device)
    for rows, batch, posterior in _posteriors(network, counts):
        reconstruction = torch.zeros(len(batch), dtype=torch.float64, device=network.device)
        for vector in noise:
            reconstruction += network.decoder(posterior.sample(vector)).log_likelihood(batch)
        divergence = posterior.kl(network.prior).double().sum(1)
        result[rows] = (reconstruction / len(noise) - divergence).cpu().numpy()
    return result


def warn_of_empty(counts: sp.csr_array, consequence: str) -> NDArray[np.bool_]:
    """Which documents have no words, shape (N,), with one warning where there are any."""
    empty = np.diff(counts.indptr) == 0
    if empty.any():
        warnings.warn(
            f"{int(empty.sum())} of {len(empty)} documents have no words: {consequence}",
            UserWarning,
            stacklevel=4,
        )
    return np.asarray(empty)


def _posteriors(
    network: TopicNetwork, counts: sp.csr_array
) -> Iterator[tuple[slice, Batch, GaussianPosterior]]:
    """Chunks of documents with their posteriors; those without words have the prior's.

    The encoder works in float64, so that its answer in float32 does not depend on the chunk a document is in.
    """
    network.eval()
    encoder, prior = copy.deepcopy(network.encoder).double(), network.prior
    height = max(1, CHUNK_ENTRIES // counts.shape[1])
    with torch.inference_mode():
        for start in range(0, counts.shape[0], height):
            rows = slice(start, min(start + height, counts.shape[0]))
            batch = Batch.from_csr(counts[rows], network.device)
            encoded = encoder(replace(batch, counts=batch.counts.double()))
            empty = (batch.offsets.diff() == 0)[:, None]
            mean = torch.where(empty, prior.mean, encoded.mean.float())
            log_variance = torch.where(empty, prior.log_variance, encoded.log_variance.float())
            yield rows, batch, GaussianPosterior(mean, log_variance)


def to_numpy(tensor: Tensor) -> NDArray[np.float32]:
    """A tensor's values as an array of its own in ordinary memory."""
    array: NDArray[np.float32] = tensor.detach().cpu().numpy()
    return array.copy()
