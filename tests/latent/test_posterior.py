"""The posterior as tensors and as arrays."""

import numpy as np
import torch
from torch.testing import assert_close

from hftopic.latent.posterior import MeanFieldPosterior, Posterior


def random_posterior(seed=0):
    generator = torch.Generator().manual_seed(seed)
    mean, log_variance = (torch.randn(5, 3, generator=generator) for _ in range(2))
    return MeanFieldPosterior(
        mean, log_variance, (torch.log_softmax(torch.randn(5, 2, generator=generator), 1),)
    )


def test_arrays_and_tensors_say_the_same():
    tensors = random_posterior()
    arrays = Posterior.of(tensors)
    np.testing.assert_allclose(arrays.variance, np.exp(tensors.log_variance.numpy()), rtol=1e-6)
    for one, other in zip(arrays.mean_field().tensors, tensors.tensors, strict=True):
        assert_close(one, other, rtol=1e-5, atol=1e-6)
    arrays.mean[:] = 0
    assert tensors.mean.abs().sum() > 0


def test_parts_are_put_together_and_rows_replaced():
    whole, other = random_posterior(), random_posterior(1)
    again = MeanFieldPosterior.concatenated([whole[:2], whole[2:]])
    assert all(map(torch.equal, again.tensors, whole.tensors))
    rows = torch.tensor([True, False, False, True, False])
    mixed = whole.replaced(rows, other)
    for found, one, two in zip(mixed.tensors, whole.tensors, other.tensors, strict=True):
        assert torch.equal(found[rows], two[rows])
        assert torch.equal(found[~rows], one[~rows])
