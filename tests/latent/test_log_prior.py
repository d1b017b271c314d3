"""The prior at every level: the fast sums agree with the densities of the nodes; and its device."""

import pytest
import torch

from hftopic import Concrete
from hftopic.latent.log_prior import LatentPrior
from hftopic.latent.posterior import MeanFieldPosterior
from hftopic.latent.space import LatentSpace


@pytest.mark.parametrize(
    "groups", [5, (2, 3), ((2, 1), (1, 2)), (2, Concrete(3), 2), (Concrete(2), Concrete(3))]
)
@pytest.mark.parametrize("factorises", [True, False])
def test_the_fast_sums_are_those_of_the_nodes(groups, factorises):
    generator = torch.Generator().manual_seed(0)
    space = LatentSpace(groups)
    n = space.n_dims
    factors = torch.randn(n, n, dtype=torch.float64, generator=generator)
    covariance = factors @ factors.T + torch.eye(n).double()
    mean = torch.randn(n, dtype=torch.float64, generator=generator)
    prior = LatentPrior(space, mean, covariance.diagonal() if factorises else covariance)
    posterior = MeanFieldPosterior(
        *(torch.randn(4, n, dtype=torch.float64, generator=generator) for _ in range(2)),
        tuple(
            torch.randn(4, concrete.classes, dtype=torch.float64, generator=generator).log_softmax(1)
            for concrete in space.concretes
        ),
    )
    for fast, slow in zip(
        prior.expected_sums(posterior), prior.expected_log_prob(posterior).sums(), strict=True
    ):
        torch.testing.assert_close(fast, slow)


def test_what_is_not_positive_definite_gives_nan():
    space = LatentSpace(2)
    prior = LatentPrior(space, torch.zeros(2), torch.tensor([[1.0, 2.0], [2.0, 1.0]]))
    posterior = MeanFieldPosterior(torch.zeros(1, 2), torch.zeros(1, 2))
    joint, *_ = prior.expected_sums(posterior)
    assert joint.isnan().all()


def test_all_tensors_of_a_prior_are_sent():
    space = LatentSpace((2, Concrete(3)))
    prior = LatentPrior(space, torch.zeros(2), torch.ones(2), (torch.zeros(3),))
    sent = prior.to(torch.device("meta"))
    tensors = [sent.mean, sent.covariance, *sent.class_log_probabilities]
    assert {tensor.device.type for tensor in tensors} == {"meta"}
    assert sent.space is space
    assert prior.mean.device.type == "cpu"
    assert (
        LatentPrior(space, torch.zeros(2), torch.ones(2)).to(torch.device("meta")).class_log_probabilities
        is None
    )
