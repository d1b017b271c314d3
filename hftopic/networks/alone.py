"""The layers of an encoder, computed for each document alone: its answer is the same among any others."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hftopic._cached import cached_property
from hftopic._compiled import at_hand
from hftopic.networks.layers import Linear, softplus, weighted_sums

AT_ONCE = 512  # documents whose activations stay in the cache


class LayersAlone:
    """Hidden layers with the activation before each, and last layers that all read the same.

    The rounding of a matrix product depends on the number of rows. Here each product is a sum in float32 in
    the order of the inputs, like a bag of embeddings; biases and activations are in float64. A compiled loop,
    if one is at hand, computes the same.

    Parameters
    ----------
    hidden, last : sequences of Linear
    activation : function
    """

    def __init__(
        self, hidden: Iterable[Linear], last: Sequence[Linear], activation: Callable[[Tensor], Tensor]
    ) -> None:
        self.activation, self.n_outputs = activation, [len(layer.weight) for layer in last]
        weights = [layer.weight for layer in hidden] + [torch.cat([layer.weight for layer in last])]
        self.weights = [weight.T.contiguous() for weight in weights]  # (n_inputs, n_outputs) each
        self.biases = [_bias(layer) for layer in hidden] + [torch.cat([_bias(layer) for layer in last])]

    def __call__(self, x: Tensor) -> list[Tensor]:
        """Outputs of each of the last layers, from those of the first one, (B, n_inputs), in float64."""
        if self.activation is softplus and at_hand(x):
            from hftopic._compiled.calls import through

            outputs = through(x, *self._packed)
        else:
            outputs = torch.cat([self._through(some) for some in torch.split(x, AT_ONCE)])
        return list(torch.split(outputs, self.n_outputs, 1))

    def _through(self, x: Tensor) -> Tensor:
        for weight, bias in zip(self.weights, self.biases, strict=True):
            x = product_alone(self.activation(x).float(), weight).double().add_(bias)
        return x

    @cached_property
    def _packed(self) -> tuple[NDArray[np.int64], Tensor, Tensor]:
        """Sizes, weights and biases as the compiled loop reads them."""
        from hftopic._compiled.calls import panels

        sizes = np.array([len(self.weights[0]), *map(len, self.biases)], dtype=np.int64)
        return sizes, torch.cat([panels(weight) for weight in self.weights]), torch.cat(self.biases)


def product_alone(rows: Tensor, weight: Tensor) -> Tensor:
    """Product of (B, n_inputs) and (n_inputs, n_outputs); each sum is in the order of the inputs."""
    n_rows, n_inputs = rows.shape
    numbers = torch.arange(n_inputs).repeat(n_rows)
    offsets = torch.arange(0, n_inputs * n_rows + 1, n_inputs)
    return weighted_sums(weight, numbers, rows.reshape(-1), offsets)


def _bias(layer: Linear) -> Tensor:
    return layer.weight.new_zeros(len(layer.weight)).double() if layer.bias is None else layer.bias.double()
