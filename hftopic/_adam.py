"""Adam of PyTorch, without its compiler."""

from inspect import unwrap

import torch


class Adam(torch.optim.Adam):
    """``torch.optim.Adam``, to the last bit, whose methods do not import torch.compile.

    PyTorch wraps them, to keep its compiler away from them, and so imports it: about a second and 70 MB at
    the first step of a program that does not compile.
    """

    add_param_group = unwrap(torch.optim.Adam.add_param_group)
    zero_grad = unwrap(torch.optim.Adam.zero_grad)
    state_dict = unwrap(torch.optim.Adam.state_dict)
    load_state_dict = unwrap(torch.optim.Adam.load_state_dict)
    step = torch.no_grad()(unwrap(torch.optim.Adam.step))
