"""Weights of a network with more words, from the vectors of these, without training."""

import torch
from torch import Tensor

from hftopic.networks.etm import ETMDecoder
from hftopic.networks.mixture import normalised_logits
from hftopic.networks.network import TopicNetwork
from hftopic.networks.usage import TopicUsage

RIDGE = 0.01  # penalty of the regression, relative to the mean eigenvalue of its matrix


@torch.no_grad()
def widened_state(network: TopicNetwork, rows: Tensor, are_given: bool) -> dict[str, Tensor]:
    """State of the network with more words at the end of the vocabulary; what is known of the others stays.

    Parameters
    ----------
    network : TopicNetwork with an ETMDecoder
    rows : Tensor, shape (n_new, L)
        Vectors of the new words, in the scale in which those of the network were given.
    are_given : bool
        Whether they are kept as given vectors, beside those of other words.
    """
    decoder, usage, embedding = network.decoder, network.usage, getattr(network.encoder, "embedding", None)
    assert isinstance(decoder, ETMDecoder)
    state = dict(network.state_dict())
    known, new = decoder.word_vectors(), decoder.standardised(rows)
    more: dict[str, Tensor] = {
        f"decoder.{name}": held for name, held in decoder.with_rows(rows, are_given).items()
    }
    if embedding is not None:
        more["encoder.embedding"] = torch.cat([embedding, regressed(known, embedding, usage.documents, new)])
    n_known, effects = len(known), decoder.topic_vectors @ new.T
    bias, scale = (more[f"decoder.{name}"][n_known:] for name in ("bias", "log_scale"))
    logits = torch.cat([decoder.topic_logits(), normalised_logits(effects, bias, scale)], 1)
    more |= {f"usage.{name}": held for name, held in _expected(usage, logits.softmax(1)).items()}
    return {**state, **more}


def regressed(known: Tensor, targets: Tensor, weights: Tensor, new: Tensor) -> Tensor:
    """Targets of new words by ridge regression on their vectors, shape (n_new, H), in float32.

    Parameters
    ----------
    known, targets, weights : Tensor, shapes (V, L), (V, H) and (V,)
        Vectors, targets and weights of known words. Weights are the documents with the word: rare words have
        learned little.
    new : Tensor, shape (n_new, L)
    """
    share = weights.double() / weights.double().sum().clamp_min(torch.finfo(torch.float64).tiny)
    x_mean, y_mean = share @ known.double(), share @ targets.double()
    x, y = known.double() - x_mean, targets.double() - y_mean
    moments = x.T @ (share[:, None] * x)  # (L, L)
    penalty = RIDGE * moments.diagonal().mean().clamp_min(torch.finfo(torch.float64).tiny)
    eye = torch.eye(len(moments), dtype=moments.dtype, device=moments.device)
    slopes = torch.linalg.solve(moments + penalty * eye, x.T @ (share[:, None] * y))  # (L, H)
    predicted: Tensor = y_mean + (new.double() - x_mean) @ slopes
    return predicted.float()


def _expected(usage: TopicUsage, beta: Tensor) -> dict[str, Tensor]:
    """The usage with the documents that the topics expect of new words; none of these was counted.

    ``beta`` (n_topics, V + n_new) is p(w|topic).
    """
    n_known = len(usage.background)
    of_known, of_new = beta[:, :n_known].sum(1, keepdim=True), beta[:, n_known:]
    documents = usage.words[0].sum(1, keepdim=True) * of_new / of_known  # (n_topics, n_new)
    share = documents.sum(0) / usage.words.sum().clamp_min(torch.finfo(documents.dtype).tiny)
    zeros = torch.zeros_like(share)
    return {
        "words": torch.cat([usage.words, documents[None]], 2),
        "background": torch.cat([usage.background, usage.background.sum() * share]),
        "tokens": torch.cat([usage.tokens, zeros]),
        "squares": torch.cat([usage.squares, zeros]),
    }
