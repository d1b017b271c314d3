"""The description of the topics of a trained network by the words that documents use for them."""

import warnings
from collections.abc import Iterator

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from hftopic._memory import give_back
from hftopic._processes import ALONE, Processes
from hftopic.data.batches import Batch
from hftopic.data.documents import BagsOfWords
from hftopic.data.order import batch_slices
from hftopic.latent.posterior import MeanFieldPosterior
from hftopic.models import evaluation
from hftopic.networks.network import TopicNetwork
from hftopic.networks.usage import expected_usage
from hftopic.topics.shares import distances
from hftopic.topics.summary import NothingLearntWarning, nothing_learnt

CHUNK = 2048  # documents whose usage is computed at once
MOST_DOCUMENTS = 100_000  # documents that describe the topics; of more, an even sample
REMEMBERED = 10_000  # documents of ``partial_fit`` that are remembered
LEAST_INFORMATION = 0.01  # nats; a topic that tells less about the documents has no meaning
ENOUGH = 100  # documents with which the peaks of topics tell that nothing was learnt
FEW = 0.25  # fit warns if a smaller fraction of the topics tells more
ROUNDS = 6  # rounds in which words are distributed over the topics
ROUNDS_AS_ENCODED = 3  # the first of them, in which documents keep the proportions of the encoder


def describe(network: TopicNetwork, documents: BagsOfWords, processes: Processes = ALONE) -> None:
    """Learn the words of all topics from documents, with the network fixed.

    This is expectation maximisation of the mixture of :class:`hftopic.networks.usage.TopicUsage`, which
    begins with the words of the documents in proportion to their topics. If there are more than
    :data:`MOST_DOCUMENTS`, documents at even distances are used. Each of several processes counts a part.
    """
    documents = documents.sampled(MOST_DOCUMENTS)
    with torch.no_grad():
        in_documents = _count(network, documents, processes=processes)
        network.usage.replace(torch.zeros_like(network.usage.poles), in_documents)
        _distribute(network, documents, ROUNDS, ROUNDS_AS_ENCODED, processes=processes)


def update(network: TopicNetwork, documents: BagsOfWords) -> None:
    """Update the words of all topics with more documents; the oldest of many are forgotten."""
    if not network.usage.words.any():
        describe(network, documents)
        return
    documents = documents.sampled(MOST_DOCUMENTS)
    with torch.no_grad():
        keep = max(0.0, 1 - len(documents) / REMEMBERED)
        _count(network, documents, keep)
        _distribute(network, documents, 1, keep=keep)


def warn_of_uninformative(network: TopicNetwork, summary: pd.DataFrame, n_epochs: int) -> None:
    """Warn if no topic is active, or if few Gaussian topics tell anything about the documents."""
    if summary.attrs["n_documents"] >= ENOUGH and not summary["active"].any():
        warnings.warn(
            f"{nothing_learnt(n_epochs)}, on more documents, or with a lower gamma",
            NothingLearntWarning,
            stacklevel=3,
        )
        return
    if network.moments.empty or not network.space.n_dims:
        return
    n_used = int((network.moments.information() > LEAST_INFORMATION).sum())
    n_topics = network.space.n_dims
    if n_used < FEW * n_topics:
        warnings.warn(
            f"only {n_used} of {n_topics} topics tell more than {LEAST_INFORMATION} nats about the "
            "documents. Train longer (max_iter), lower gamma, or use fewer topics; see "
            "hftopic.analysis.topic_information",
            UserWarning,
            stacklevel=3,
        )


def _count(
    network: TopicNetwork, documents: BagsOfWords, keep: float = 0.0, processes: Processes = ALONE
) -> Tensor:
    """Count the tokens of the words, and return the number of documents with each word, (V,)."""
    with_word, tokens, squares = (torch.zeros_like(network.usage.background) for _ in range(3))
    for _, batch in parts_of(network, documents.select(processes.own(len(documents)))):
        for total, values in ((with_word, None), (tokens, batch.counts), (squares, batch.counts.square())):
            total += torch.bincount(batch.words, values, minlength=batch.n_words)
    processes.sum_([with_word, tokens, squares])
    network.usage.count(tokens, squares, len(documents), keep)
    return with_word


def parts_of(network: TopicNetwork, documents: BagsOfWords) -> Iterator[tuple[slice, Batch]]:
    """The documents, as many at once as fit in memory, one part after the other."""
    for part in batch_slices(len(documents), CHUNK):
        yield part, documents.batch(np.arange(part.start, part.stop), network.device)


def _distribute(
    network: TopicNetwork,
    documents: BagsOfWords,
    n_rounds: int,
    as_encoded: int = 0,
    keep: float = 0.0,
    processes: Processes = ALONE,
) -> None:
    """Distribute the words of documents over the topics, and keep a fraction of what is known.

    In the first ``as_encoded`` rounds documents keep the proportions of the encoder.
    """
    own = processes.own(len(documents))
    if network.decoder.signed:  # whose proportions depend on the posterior of all documents
        proportions, simplex = _proportions(network, documents)
        proportions, documents = proportions[own], documents.select(own)
    else:
        documents = documents.select(own)
        proportions, simplex = _proportions(network, documents)
    give_back()
    usage = network.usage
    for n_done in range(n_rounds):
        words, frequency = usage.poles, usage.frequency
        total, background = torch.zeros_like(words), torch.zeros_like(frequency)
        for part, batch in parts_of(network, documents):
            of_topics, of_none = expected_usage(
                batch, proportions[part], words, frequency, simplex, refine=n_done >= as_encoded
            )
            total += of_topics
            background += of_none
        processes.sum_([total, background])
        usage.replace(total, background, keep)


def _proportions(network: TopicNetwork, documents: BagsOfWords) -> tuple[Tensor, NDArray[np.int64]]:
    """Proportions of all topics or poles in the documents, (N, R), and the simplex of each, (R,)."""
    if network.decoder.signed:
        posterior, represented, _ = evaluation.encode(network, documents)
        return of_poles(network, represented, posterior)
    return of_poles(network, evaluation.represent(network, documents))


def of_poles(
    network: TopicNetwork, represented: NDArray[np.float32], posterior: MeanFieldPosterior | None = None
) -> tuple[Tensor, NDArray[np.int64]]:
    """As :func:`_proportions`, from the output of ``transform`` and, for signed topics, the posterior.

    The proportions of signed topics are those of their poles in the squared distance of the posterior means
    from their average, in standard deviations of q(z).
    """
    values, simplex = torch.from_numpy(represented).to(network.device), network.decoder.simplex()
    if posterior is not None and network.decoder.signed:
        signed = torch.from_numpy(simplex < 0).to(network.device)
        distance = torch.zeros_like(values)
        distance[:, signed] = distances(posterior).float().to(network.device)
        positive = torch.where(signed, distance.clamp_min(0).square(), values)
        values = torch.cat([positive, distance.clamp_max(0).square()], 1)
        simplex = np.append(simplex, simplex)  # of the classes too, whose second rows have no proportion
    shares = values.clone()
    for number in np.unique(simplex):
        own = torch.from_numpy(simplex == number).to(network.device)
        total = values[:, own].sum(1, keepdim=True)
        shares[:, own] /= total.clamp_min(torch.finfo(values.dtype).tiny)
    return shares, simplex
