"""The optimiser: PyTorch's own, without the import of its compiler."""

import subprocess
import sys

import pytest
import torch

from hftopic._adam import Adam


def trained(optimiser_class):
    """Parameters after five steps, the last two by an optimiser that goes on from the state of the first."""
    generator = torch.Generator().manual_seed(0)
    weights = [torch.nn.Parameter(torch.randn(shape, generator=generator)) for shape in ((7, 3), (5,))]
    optimiser = optimiser_class(weights, lr=0.01, betas=(0.8, 0.9), fused=True)
    for step in range(5):
        if step == 3:
            state, optimiser = optimiser.state_dict(), optimiser_class(weights, lr=1.0, fused=True)
            optimiser.load_state_dict(state)
        optimiser.zero_grad()
        sum((weight**2).sum() * torch.randn((), generator=generator) for weight in weights).backward()
        optimiser.step()
    return weights, optimiser.state_dict()


def test_it_is_adam_of_torch_to_the_last_bit():
    (own, own_state), (expected, state) = trained(Adam), trained(torch.optim.Adam)
    assert all(map(torch.equal, own, expected))
    assert own_state["param_groups"] == state["param_groups"]
    for place, moments in state["state"].items():
        assert all(torch.equal(own_state["state"][place][name], moments[name]) for name in moments)
    assert all(weight.requires_grad and weight.is_leaf for weight in own)


@pytest.mark.parametrize("objective", ["HFVAE(beta=0.1, gamma=4)", "FactorVAE(gamma=2)"])
def test_a_fit_does_not_import_the_compiler_of_torch(objective):
    code = f"""
import sys
from hftopic import HFVAE, FactorVAE, ProdLDA, make_correlated_topics
corpus = make_correlated_topics(60, groups=(2, 2), random_state=0).corpus
ProdLDA((2, 2), objective={objective}, max_iter=2, random_state=0).fit(corpus).transform(corpus)
print("torch._dynamo" in sys.modules)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
