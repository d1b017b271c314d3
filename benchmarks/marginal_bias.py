"""Bias of the estimates of the inference marginals from batches, against the mixture over all documents.

    python benchmarks/marginal_bias.py > benchmarks/results/marginal_bias.jsonl
    python benchmarks/marginal_bias.py --documents 1024 --dims 10 --batches 64      # a quick look

Posteriors are generated. Means are N(0, R) with unit variances and correlation 0.3 between the dimensions of
a group, 0 across the two groups. The variance v gives each dimension ½ log(1 + 1/v) = 0.3 nats ("wide") or 1
nat ("narrow"). Each epoch draws z once for every document and splits the documents at random into batches.
The exact terms are those of the same samples, so a bias is a mean of differences; its standard error is over
batches. "own_share" is the mean share of a document in the mixture at its own sample. "partners" is the
number of documents that single dimensions are mixed over, null for the whole batch. Prints one JSON line for
each case, size and estimator, in nats.
"""

import argparse
import json
import math
from collections.abc import Iterator

import torch
from torch import Tensor

from hftopic.latent.posterior import MeanFieldPosterior
from hftopic.latent.space import LatentSpace, Levels
from hftopic.objective.marginals import log_marginals, log_mixture
from hftopic.objective.minibatch import Mixing

CORRELATION = 0.3
CASES = {"wide": 0.3, "narrow": 1.0}  # nats a dimension
TERMS = ("information", "between", "within")
ESTIMATORS = [("hfvae", None), ("hfvae", 128), ("hfvae", 64), ("hfvae", 32), ("mws", None), ("mss", None)]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, default=4096)
    parser.add_argument("--dims", nargs="+", type=int, default=[10, 50], help="of both groups together")
    parser.add_argument("--batches", nargs="+", type=int, default=[64, 256, 1024], help="their sizes")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for case, information in CASES.items():
        for n_dims in arguments.dims:
            generator = torch.Generator().manual_seed(arguments.seed)
            posterior = draw_posterior(arguments.documents, n_dims, information, generator)
            for row in measure(posterior, arguments.batches, arguments.epochs, generator):
                print(json.dumps({"case": case, "dims": n_dims, **row}), flush=True)


def draw_posterior(
    n_documents: int, n_dims: int, information: float, generator: torch.Generator
) -> MeanFieldPosterior:
    """Posteriors of documents in two groups of dimensions, with `information` nats in each dimension."""
    shared = torch.randn(n_documents, 2, generator=generator).repeat_interleave(n_dims // 2, 1)
    single = torch.randn(n_documents, n_dims, generator=generator)
    mean = math.sqrt(CORRELATION) * shared + math.sqrt(1 - CORRELATION) * single
    variance = 1 / math.expm1(2 * information)
    return MeanFieldPosterior(mean, torch.full_like(mean, math.log(variance)))


def measure(
    posterior: MeanFieldPosterior, batch_sizes: list[int], epochs: int, generator: torch.Generator
) -> Iterator[dict[str, object]]:
    """Rows of one case, one for each batch size and estimator."""
    space = LatentSpace((posterior.mean.shape[1] // 2,) * 2)
    noise = torch.randn(epochs, *posterior.mean.shape, generator=generator)
    samples = [posterior.sample_gaussian(epoch) for epoch in noise]
    exact = [terms(z, posterior, log_mixture(z, posterior, space, posterior)) for z in samples]
    truth = torch.cat(exact)
    for batch_size in batch_sizes:
        batches = [split(len(posterior), batch_size, generator) for _ in samples]
        for estimator, partners in ESTIMATORS:
            if partners is not None and partners >= batch_size:
                continue
            mixing = Mixing(estimator, len(posterior), partners)
            errors, shares = [], []
            for z, expected, epoch in zip(samples, exact, batches, strict=True):
                for rows in epoch:
                    levels = log_marginals(z[rows], posterior[rows], space, mixing)
                    estimate = terms(z[rows], posterior[rows], levels)
                    errors.append((estimate - expected[rows]).mean(0))
                    shares.append((estimate[:, 0] + mixing.weights(batch_size).own).exp().mean())
            bias = torch.stack(errors)
            yield {
                "batch": batch_size,
                "estimator": estimator,
                "partners": partners,
                "n_batches": len(bias),
                "bias": rounded(bias.mean(0)),
                "standard_error": rounded(bias.std(0) / math.sqrt(len(bias))),
                "exact": rounded(truth.mean(0)),
                "own_share": round(torch.stack(shares).mean().item(), 3),
                "exact_own_share": round((truth[:, 0].exp() / len(posterior)).mean().item(), 3),
            }


def split(n_documents: int, batch_size: int, generator: torch.Generator) -> list[Tensor]:
    """Full batches of an epoch, drawn without replacement."""
    order = torch.randperm(n_documents, generator=generator)
    return list(order[: n_documents - n_documents % batch_size].reshape(-1, batch_size))


def terms(z: Tensor, posterior: MeanFieldPosterior, levels: Levels) -> Tensor:
    """I(x; z), total correlation between groups and within groups at each sample, shape (R, 3)."""
    joint, groups, dims = levels.sums()
    return torch.stack([posterior.log_prob(z).sum(1) - joint, joint - groups, groups - dims], dim=1)


def rounded(values: Tensor) -> dict[str, float]:
    return {name: round(value, 3) for name, value in zip(TERMS, values.tolist(), strict=True)}


if __name__ == "__main__":
    main()
