"""What compiled loops are made of: tasks, arrays at addresses, and powers of 2."""

import math
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from llvmlite import ir
from numba import cfunc, njit, types
from numba.extending import intrinsic

Function = TypeVar("Function", bound=Callable[..., Any])

LOG_2 = math.log(2)
LOWEST_EXPONENT = -64.0  # a term of 2^-64 of the largest does not change a sum
# Sums may be computed in any order, as vector instructions need; NaN and infinity stay what they are.
REORDERED = ("reassoc", "contract", "arcp", "nsz")
# Terms of the Taylor series of 2^f, |f| <= 1/2, to the precision of each type.
N_TERMS = {types.float32: 7, types.float64: 13}


def kernel(function: Callable[[Any], None]) -> Any:
    """Compile a loop over tasks, whose argument is the address of its numbers."""
    signature = types.void(types.CPointer(types.int64))
    return _kept(lambda cache: cfunc(signature, fastmath=set(REORDERED), cache=cache)(function))


def part(*more: str) -> Callable[[Function], Function]:
    """Decorator that compiles a function of kernels, with more of LLVM's liberties about real numbers."""

    def decorate(function: Function) -> Function:
        settings = {"fastmath": {*REORDERED, *more}, "error_model": "numpy"}
        compiled: Function = _kept(lambda cache: njit(cache=cache, **settings)(function))
        return compiled

    return decorate


def _kept(compiled: Callable[[bool], Any]) -> Any:
    """What is compiled, kept on the disk if there is a folder that can be written."""
    try:
        return compiled(True)
    except RuntimeError:
        return compiled(False)


def of_llvm(function: Callable[..., Any]) -> Any:
    """Function of kernels, without the first argument, whose instructions are written out."""
    return intrinsic(function)


@part("nnan")
def largest(values: Any) -> Any:
    """The largest of some numbers, none of which is NaN."""
    found = values[0]
    for value in values:
        found = max(found, value)
    return found


@of_llvm
def claimed(typing_context: Any, numbers: Any) -> Any:  # noqa: ARG001
    """Number of the next task that no thread has taken."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        return builder.atomic_rmw("add", arguments[0], ir.Constant(ir.IntType(64), 1), "monotonic")

    return types.int64(numbers), generate


@of_llvm
def pointer(typing_context: Any, address: Any) -> Any:  # noqa: ARG001
    """Pointer to an address, for ``numba.carray``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

    return types.voidptr(address), generate


@of_llvm
def real(typing_context: Any, bits: Any) -> Any:  # noqa: ARG001
    """The float64 with these 64 bits."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(signature.return_type))

    return types.float64(bits), generate


@of_llvm
def exp2(typing_context: Any, exponent: Any) -> Any:  # noqa: ARG001
    """2 to the power of a float32 from -126 to 127, or of a float64 from -1022 to 1023, to a few last bits.

    As there is no branch, a compiler makes vector instructions of it.
    """
    n_bits, n_digits = (32, 23) if exponent is types.float32 else (64, 52)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        of_type, whole_type = context.get_value_type(signature.return_type), ir.IntType(n_bits)
        floor = builder.module.declare_intrinsic("llvm.floor", [of_type])
        whole = builder.call(floor, [builder.fadd(arguments[0], ir.Constant(of_type, 0.5))])
        rest = builder.fsub(arguments[0], whole)
        number = np.float32 if exponent is types.float32 else np.float64
        *terms, last = (
            ir.Constant(of_type, float(number(LOG_2**n / math.factorial(n))))
            for n in range(N_TERMS[exponent])
        )
        power = last
        for term in reversed(terms):
            product = builder.fmul(power, rest, flags=REORDERED)
            power = builder.fadd(product, term, flags=REORDERED)
        bias = ir.Constant(whole_type, 2 ** (n_bits - n_digits - 2) - 1)
        biased = builder.add(builder.fptosi(whole, whole_type), bias)
        shifted = builder.shl(biased, ir.Constant(whole_type, n_digits))
        return builder.fmul(power, builder.bitcast(shifted, of_type))

    return exponent(exponent), generate
