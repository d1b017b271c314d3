"""What a trained network says of documents, a chunk at a time: posterior, word probabilities, ELBO."""

import copy
import warnings
from collections.abc import Iterator

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from torch import Tensor

from hftopic.batches import Batch
from hftopic.networks import Encoder, TopicNetwork
from hftopic.posterior import MeanFieldPosterior, Posterior, Sample

CHUNK_DOCUMENTS = 4096
# Entries of one (documents, words) chunk, where words' probabilities are asked for: 32 MB of float32.
CHUNK_ENTRIES = 2**23


def posterior(network: TopicNetwork, counts: sp.csr_array) -> Posterior:
    """q(z|x) of each document; of documents without words, the prior."""
    chunks = [encoded for _, _, encoded in _posteriors(network, counts)]
    return Posterior(
        to_numpy(torch.cat([chunk.mean for chunk in chunks])),
        to_numpy(torch.cat([chunk.log_variance for chunk in chunks]).exp()),
        tuple(
            to_numpy(torch.cat(of_chunks).exp())
            for of_chunks in zip(*(chunk.log_classes for chunk in chunks), strict=True)
        ),
    )


def represent(network: TopicNetwork, counts: sp.csr_array) -> NDArray[np.float32]:
    """The model's ``transform``: topic proportions or latent means, shape (N, K)."""
    chunks = _posteriors(network, counts)
    return to_numpy(torch.cat([network.decoder.represent(encoded) for _, _, encoded in chunks]))


def word_probabilities(network: TopicNetwork, counts: sp.csr_array) -> NDArray[np.float32]:
    """p(w|x) at the posterior mean of the Gaussian part, averaged over classes, shape (N, V)."""
    result = np.empty(counts.shape, dtype=np.float32)
    for rows, _, encoded in _posteriors(network, counts, _height_for_words(counts)):
        averaged = torch.zeros(len(encoded), counts.shape[1], device=network.device)
        for weight, sample in _by_class(network, encoded, encoded.mean):
            averaged += weight[:, None] * network.decoder(sample).probabilities()
        result[rows] = to_numpy(averaged)
    return result


def elbo(network: TopicNetwork, counts: sp.csr_array, noise: Tensor) -> NDArray[np.float64]:
    """Evidence lower bound of each document with unweighted KL, shape (N,), in nats.

    E_q[log p(x|z)] is the mean over the rows of ``noise`` (S, K), the same for every document, with classes
    enumerated; the KL divergence is in closed form.
    """
    result = np.empty(counts.shape[0])
    noise = noise.to(network.device)
    for rows, batch, encoded in _posteriors(network, counts, _height_for_words(counts)):
        reconstruction = torch.zeros(len(batch), dtype=torch.float64, device=network.device)
        for vector in noise:
            for weight, sample in _by_class(network, encoded, encoded.sample_gaussian(vector)):
                reconstruction += weight * network.decoder(sample).log_likelihood(batch)
        divergence = network.prior.kl(encoded).double()
        result[rows] = (reconstruction / len(noise) - divergence).cpu().numpy()
    return result


def _by_class(
    network: TopicNetwork, encoded: MeanFieldPosterior, z: Tensor
) -> Iterator[tuple[Tensor, Sample]]:
    """Every combination of classes with its probability in each document, (B,), and the sample it makes."""
    for combination in network.space.class_combinations():
        weight = torch.ones(len(z), dtype=z.dtype, device=z.device)
        for log_pi, c in zip(encoded.log_classes, combination, strict=True):
            weight = weight * log_pi[:, c].exp()
        yield weight, Sample(z).with_classes(combination, network.space)


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
    network: TopicNetwork, counts: sp.csr_array, height: int = CHUNK_DOCUMENTS
) -> Iterator[tuple[slice, Batch, MeanFieldPosterior]]:
    """Chunks of documents with their posteriors; those without words have the prior."""
    network.eval()
    encoder = _in_float64(network.encoder)
    with torch.inference_mode():
        for start in range(0, counts.shape[0], height):
            rows = slice(start, min(start + height, counts.shape[0]))
            batch = Batch(counts[rows], network.device)
            encoded = encoder(Batch(batch.rows, network.device, torch.float64))
            prior = network.prior.expand(len(batch))
            empty = (batch.offsets.diff() == 0)[:, None]
            yield (
                rows,
                batch,
                MeanFieldPosterior(
                    torch.where(empty, prior.mean, encoded.mean.float()),
                    torch.where(empty, prior.log_variance, encoded.log_variance.float()),
                    tuple(
                        torch.where(empty, log_p, log_pi.float())
                        for log_p, log_pi in zip(prior.log_classes, encoded.log_classes, strict=True)
                    ),
                ),
            )


def _in_float64(encoder: Encoder) -> Encoder:
    """The encoder with float64 layers, so that its answer in float32 does not depend on a document's chunk.

    Matrix products round differently from one number of rows to the next. The sums of embeddings are worked
    out document by document; they stay in float32, and the embedding is not copied.
    """
    copied = copy.deepcopy(encoder, {id(encoder.embedding): encoder.embedding})
    for layer in copied.children():
        layer.double()
    return copied


def _height_for_words(counts: sp.csr_array) -> int:
    """Documents of a chunk where every word is looked at."""
    return max(1, CHUNK_ENTRIES // counts.shape[1])


def to_numpy(tensor: Tensor) -> NDArray[np.float32]:
    """A tensor's values as an array of its own in ordinary memory."""
    array: NDArray[np.float32] = tensor.detach().cpu().numpy()
    return array.copy()
