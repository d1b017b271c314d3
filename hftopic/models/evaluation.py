"""Inference with a trained network, in chunks of documents: posterior, word probabilities and ELBO."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hftopic._compiled import why_not
from hftopic.data.batches import Batch
from hftopic.data.documents import Documents
from hftopic.latent.encoded import Encoded
from hftopic.latent.posterior import MeanFieldPosterior, Sample
from hftopic.latent.space import LatentSpace
from hftopic.networks.network import CHUNK_DOCUMENTS, Network, TopicNetwork

BatchT = TypeVar("BatchT")

N_SAMPLES = 10  # number of noise vectors for perplexity and score
MANY_DOCUMENTS = 200_000  # of which the encoder saves the second that it takes to load compiled loops


def draw_noise(space: LatentSpace, generator: torch.Generator) -> Tensor:
    """Noise vectors that every evaluation of a model uses, so that its values repeat, shape (S, K)."""
    return torch.randn(N_SAMPLES, space.n_dims, generator=generator, dtype=torch.float32)


@torch.inference_mode()
def posterior(network: Network[BatchT], documents: Documents[BatchT]) -> MeanFieldPosterior:
    """q(z|x) of each document, on the CPU."""
    chunks = _posteriors(network, documents, CHUNK_DOCUMENTS)
    mean, log_variance, *classes = _joined(
        len(documents), ((rows, encoded.tensors) for rows, _, _, encoded in chunks)
    )
    return MeanFieldPosterior(mean, log_variance, tuple(classes))


@torch.inference_mode()
def represent(network: TopicNetwork, documents: Documents[Batch]) -> NDArray[np.float32]:
    """The output of ``transform``: topic proportions or posterior means, shape (N, n_topics)."""
    chunks = _posteriors(network, documents, CHUNK_DOCUMENTS)
    represented = ((rows, (network.decoder.represent(encoded),)) for rows, _, _, encoded in chunks)
    return np.asarray(_joined(len(documents), represented)[0].numpy())


@torch.inference_mode()
def encode(
    network: TopicNetwork, documents: Documents[Batch]
) -> tuple[MeanFieldPosterior, NDArray[np.float32], NDArray[np.float32] | None]:
    """Posterior of each document, on the CPU, the output of ``transform``, and the offset of the prior.

    They are computed in one pass; the offset is None if there is none.
    """

    def computed() -> Iterator[tuple[slice, list[Tensor]]]:
        for rows, _, offsets, encoded in _posteriors(network, documents, CHUNK_DOCUMENTS):
            of_prior = [] if offsets is None else [offsets]
            yield rows, [*of_prior, network.decoder.represent(encoded), *encoded.tensors]

    joined = _joined(len(documents), computed())
    n_classes = len(network.space.concretes)
    classes = joined[len(joined) - n_classes :]
    *offset, proportions, mean, log_variance = joined[: len(joined) - n_classes]
    return (
        MeanFieldPosterior(mean, log_variance, tuple(classes)),
        np.asarray(proportions.numpy()),
        np.asarray(offset[0].numpy()) if offset else None,
    )


@torch.inference_mode()
def word_probabilities(
    network: TopicNetwork, documents: Documents[Batch], known: Encoded | None = None
) -> NDArray[np.float32]:
    """p(w|x) at the posterior mean of the Gaussian dimensions, averaged over classes, shape (N, V)."""
    n_words = network.decoder.n_words
    result = np.empty((len(documents), n_words), dtype=np.float32)
    decode = network.eval().evaluation_decoder()
    for rows, _, _, encoded in _posteriors(network, documents, network.chunk_documents, known):
        averaged = torch.zeros(len(encoded), n_words, device=network.device, dtype=torch.float32)
        for weight, sample in _by_class(network, encoded, encoded.mean):
            averaged += weight[:, None] * decode(sample).probabilities()
        result[rows] = to_numpy(averaged)
    return result


@torch.inference_mode()
def elbo(
    network: Network[BatchT],
    documents: Documents[BatchT],
    noise: Tensor,
    known: Encoded | None = None,
) -> NDArray[np.float64]:
    """Evidence lower bound of each document with the unweighted KL divergence, shape (N,), in nats.

    E_q[log p(x|z)] is a mean over the rows of ``noise`` (S, K), which are the same for every document;
    classes are enumerated. The KL divergence is in closed form, from the prior of each document. ``known``
    are the documents, if they have been encoded before.
    """
    result = np.empty(len(documents))
    noise, decode = noise.to(network.device), network.eval().evaluation_decoder()
    for rows, batch, offsets, encoded in _posteriors(network, documents, network.scored_documents, known):
        reconstruction = torch.zeros(len(encoded), dtype=torch.float64, device=network.device)
        for vector in noise:
            for weight, sample in _by_class(network, encoded, encoded.sample_gaussian(vector)):
                reconstruction += weight * decode(sample).log_likelihood(batch)
        residual = encoded if offsets is None else encoded.moved(-offsets)
        divergence = network.prior.kl(residual).double()
        result[rows] = (reconstruction / len(noise) - divergence).cpu().numpy()
    return result


def _by_class(
    network: Network[BatchT], encoded: MeanFieldPosterior, z: Tensor
) -> Iterator[tuple[Tensor, Sample]]:
    """For each combination of classes: its probability in each document, (B,), and the sample with it."""
    for combination in network.space.class_combinations():
        weight = torch.ones(len(z), dtype=z.dtype, device=z.device)
        for log_pi, c in zip(encoded.log_classes, combination, strict=True):
            weight = weight * log_pi[:, c].exp()
        yield weight, Sample(z).with_classes(combination, network.space)


def _posteriors(
    network: Network[BatchT],
    documents: Documents[BatchT],
    height: int,
    known: Encoded | None = None,
) -> Iterator[tuple[slice, BatchT, Tensor | None, MeanFieldPosterior]]:
    """Chunks of documents with the offsets of their priors and their posteriors.

    These are computed, unless ``known`` is given.
    """
    network.eval()
    if known is None and len(documents) >= MANY_DOCUMENTS and network.device.type == "cpu":
        why_not()  # which loads the loops
    encode = network.evaluation_encoder() if known is None else None
    for start in range(0, len(documents), height):
        rows = slice(start, min(start + height, len(documents)))
        batch = documents.batch(np.arange(rows.start, rows.stop), network.device)
        if encode is not None:
            offsets = network.offsets(batch)
            yield rows, batch, offsets, encode(batch, offsets)
        elif known is not None:
            held = known.offset
            offsets = None if held is None else torch.from_numpy(held[rows]).to(network.device)
            yield rows, batch, offsets, known.mean_field[rows].map(lambda tensor: tensor.to(network.device))


def _joined(n_documents: int, chunks: Iterable[tuple[slice, Sequence[Tensor]]]) -> list[Tensor]:
    """Tensors of all documents on the CPU, from those of chunks, of which only one is held."""
    whole: list[Tensor] = []
    for rows, tensors in chunks:
        whole = whole or [torch.empty(n_documents, *one.shape[1:], dtype=one.dtype) for one in tensors]
        for into, one in zip(whole, tensors, strict=True):
            into[rows] = one
    return whole


def to_numpy(tensor: Tensor) -> NDArray[np.float32]:
    """Copy of a tensor to an array in CPU memory."""
    array: NDArray[np.float32] = tensor.detach().cpu().numpy()
    return array.copy()
