"""Loops over tasks, compiled for PyTorch's threads.

All that is compiled is in this file: numba keeps it on the disk, and compiles it again if the file changes.
"""

import math
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

import numpy as np
import torch
from llvmlite import ir
from numba import carray, cfunc, njit, types
from numba.extending import intrinsic

Function = TypeVar("Function", bound=Callable[..., Any])

LOG_2 = math.log(2)
LOG_2PI = math.log(2 * math.pi)
LEAST_TERM = -64.0  # a term of 2^-64 of the largest does not change a sum
LEAST_NORMAL = -126.0  # smaller powers of 2 are subnormal in float32
NEAR = 1024  # documents whose moments and densities stay in the nearest cache of a core
# Sums may be computed in any order, as vector instructions need.
REORDERED = ("reassoc", "contract", "arcp", "nsz")
# Terms of the Taylor series of 2^f, |f| <= 1/2, to the precision of each type.
N_TERMS = {types.float32: 7, types.float64: 13}


@cache
def compiled(loop: str, dtype: torch.dtype) -> Any:
    """Loop for tensors of a type; its name is "runs", "mixtures", "rows", "scores" or "tiles"."""
    return _kept(lambda kept: cfunc(KERNEL, fastmath=set(REORDERED), cache=kept)(LOOPS[loop, dtype]))


KERNEL = types.void(types.CPointer(types.int64))


def part(*more: str) -> Callable[[Function], Function]:
    """Decorator that compiles a part of a loop, with more of LLVM's liberties about real numbers.

    A part becomes code of its loop. What is called would be optimised alone in the process that compiles, and
    with the loop in those that read it from the disk: sums would have other last bits.
    """

    def decorate(function: Function) -> Function:
        settings = {"fastmath": {*REORDERED, *more}, "error_model": "numpy", "forceinline": True}
        done: Function = _kept(lambda kept: njit(cache=kept, **settings)(function))
        return done

    return decorate


def of_llvm(function: Callable[..., Any]) -> Any:
    """Function of loops, without the first argument, whose instructions are written out."""
    return intrinsic(function)


def _kept(compile_: Callable[[bool], Any]) -> Any:
    """What is compiled, kept on the disk if there is a folder that can be written."""
    try:
        return compile_(True)
    except (RuntimeError, OSError):
        return compile_(False)


@of_llvm
def larger(typing_context: Any, one: Any, other: Any) -> Any:  # noqa: ARG001
    """The larger of two numbers, of which a compiler makes vector instructions, as it does not of ``max``.

    If one of them is a NaN, it is one of them.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        liberties = ("nnan", "nsz")
        above = builder.fcmp_ordered(">", *arguments, flags=liberties)
        return builder.select(above, *arguments, flags=liberties)

    return one(one, other), generate


@part("nnan")
def largest(values: Any) -> Any:
    """The largest of some numbers; one of them if there is a NaN, which the sums that follow hand on."""
    found = values[0]
    for i in range(len(values)):
        found = larger(values[i], found)
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


@part()
def _weigh(bits: Any, document: Any, own: Any, following: Any) -> None:
    """Add the weights of the document of a sample, if it is in the mixture, and of the next one."""
    if document < len(bits):
        bits[document] += own
        bits[(document + 1) % len(bits)] += following


@part()
def _powers(bits: Any, highest: Any, least: Any) -> Any:
    """Sum of the powers 2^(bits - highest), none below 2^least, which take the place of the bits."""
    total = least - least
    for m in range(len(bits)):
        bits[m] = exp2(max(bits[m] - highest, least))
        total += bits[m]
    return total


@part()
def _with_powers(bits: Any, peak: Any, total: Any, least: Any) -> Any:
    """The sum 2^peak total with the powers 2^bits added: its new peak, the largest, and its new total.

    No power is below 2^least of the largest.
    """
    highest = max(peak, largest(bits))
    added = least - least
    for m in range(len(bits)):
        added += exp2(max(bits[m] - highest, least))
    return highest, total * exp2(max(peak - highest, least)) + added


@part()
def _of_density(log_variance: Any, number: Any) -> Any:
    """s and c of a Gaussian density 2^(c - t²), where t = (z - μ) s."""
    scale = np.exp(number(-0.5) * log_variance) * number(math.sqrt(0.5 / LOG_2))
    return scale, (log_variance + number(LOG_2PI)) * number(-0.5 / LOG_2)


@part()
def _runs(numbers: Any, number: Any) -> None:
    """Marginals of single dimensions, of all runs, with gradients; ``number`` is the type of the tensors.

    The densities of a sample under the documents of its run stay in cache until the gradients have them.
    """
    n_runs, n_dims, n_samples = numbers[2], numbers[3], numbers[4]
    n_documents, first = numbers[5], numbers[6]
    own, following, other = number(real(numbers[7])), number(real(numbers[8])), number(real(numbers[9]))
    samples, documents = (n_runs, n_samples, n_dims), (n_runs, n_documents, n_dims)
    z = carray(pointer(numbers[10]), samples, number)
    mean = carray(pointer(numbers[11]), documents, number)
    log_variance = carray(pointer(numbers[12]), documents, number)
    upstream = carray(pointer(numbers[13]), samples, number)
    log_sums = carray(pointer(numbers[14]), samples, number)
    into_z = carray(pointer(numbers[15]), samples, number)
    into_mean = carray(pointer(numbers[16]), documents, number)
    into_log_variance = carray(pointer(numbers[17]), documents, number)
    mu, scale = np.empty(n_documents, number), np.empty(n_documents, number)
    constant, t = np.empty(n_documents, number), np.empty(n_documents, number)
    density, shares = np.empty(n_documents, number), np.empty(n_documents, number)
    firsts, squares = np.empty(n_documents, number), np.empty(n_documents, number)
    task = claimed(numbers)
    while task < numbers[1]:
        of_run, k = task // n_dims, task % n_dims
        for m in range(n_documents):
            mu[m] = mean[of_run, m, k]
            scale[m], constant[m] = _of_density(log_variance[of_run, m, k], number)
            shares[m] = firsts[m] = squares[m] = 0
        for r in range(n_samples):
            at = z[of_run, r, k]
            for m in range(n_documents):
                t[m] = (at - mu[m]) * scale[m]
                density[m] = constant[m] - t[m] * t[m]
            _weigh(density, first + r, own, following)
            highest = largest(density)
            total = _powers(density, highest, number(LEAST_TERM))
            log_sums[of_run, r, k] = (highest + np.log2(total)) * number(LOG_2) + other
            share = upstream[of_run, r, k] / total
            pulled = number(0)
            for m in range(n_documents):
                of_document = density[m] * share
                pull = of_document * t[m]
                shares[m] += of_document
                firsts[m] += pull
                squares[m] += pull * t[m]
                pulled += pull * scale[m]
            into_z[of_run, r, k] = pulled * number(-2 * LOG_2)
        for m in range(n_documents):
            into_mean[of_run, m, k] = number(2 * LOG_2) * scale[m] * firsts[m]
            into_log_variance[of_run, m, k] = number(LOG_2) * squares[m] - number(0.5) * shares[m]
        task = claimed(numbers)


@part()
def _mixtures(numbers: Any, number: Any) -> None:
    """Marginals of single dimensions, of all runs, without gradients; ``number`` is the type of the tensors.

    Some documents stay in the nearest cache while the densities of all samples of their run are added up.
    """
    n_runs, n_dims, n_samples = numbers[2], numbers[3], numbers[4]
    n_documents, first = numbers[5], numbers[6]
    own, following, other = number(real(numbers[7])), number(real(numbers[8])), number(real(numbers[9]))
    samples, documents = (n_runs, n_samples, n_dims), (n_runs, n_documents, n_dims)
    z = carray(pointer(numbers[10]), samples, number)
    mean = carray(pointer(numbers[11]), documents, number)
    log_variance = carray(pointer(numbers[12]), documents, number)
    log_sums = carray(pointer(numbers[13]), samples, number)
    mu, scale = np.empty(NEAR, number), np.empty(NEAR, number)
    constant, bits = np.empty(NEAR, number), np.empty(NEAR, number)
    peaks, totals = np.empty(n_samples, number), np.empty(n_samples, number)
    task = claimed(numbers)
    while task < numbers[1]:
        of_run, k = task // n_dims, task % n_dims
        peaks[:], totals[:] = -np.inf, 0
        for start in range(0, n_documents, NEAR):
            size = min(NEAR, n_documents - start)
            for m in range(size):
                mu[m] = mean[of_run, start + m, k]
                scale[m], constant[m] = _of_density(log_variance[of_run, start + m, k], number)
            density = bits[:size]
            for r in range(n_samples):
                at, document = z[of_run, r, k], first + r
                for m in range(size):
                    t = (at - mu[m]) * scale[m]
                    density[m] = constant[m] - t * t
                if document < n_documents:
                    if start <= document < start + size:
                        density[document - start] += own
                    document = (document + 1) % n_documents
                    if start <= document < start + size:
                        density[document - start] += following
                peaks[r], totals[r] = _with_powers(density, peaks[r], totals[r], number(LEAST_TERM))
        for r in range(n_samples):
            log_sums[of_run, r, k] = (peaks[r] + np.log2(totals[r])) * number(LOG_2) + other
        task = claimed(numbers)


@part()
def _rows(numbers: Any, number: Any) -> None:
    """Mixtures of all rows; ``number`` is the type of the tensors."""
    n_rows, n_documents, first = numbers[2], numbers[3], numbers[4]
    own, following, other = number(real(numbers[5])), number(real(numbers[6])), number(real(numbers[7]))
    bits = carray(pointer(numbers[8]), (n_rows, n_documents), number)
    log_sums = carray(pointer(numbers[9]), (n_rows,), number)
    totals = carray(pointer(numbers[10]), (n_rows,), number)
    all_terms = carray(pointer(numbers[11]), (n_rows, n_documents), number)
    r = claimed(numbers)
    while r < numbers[1]:
        terms = all_terms[r]
        for m in range(n_documents):
            terms[m] = bits[r, m]
        _weigh(terms, first + r, own, following)
        highest = largest(terms)
        totals[r] = total = _powers(terms, highest, number(LEAST_TERM))
        log_sums[r] = (highest + np.log2(total)) * number(LOG_2) + other
        r = claimed(numbers)


@part()
def _scores(numbers: Any, number: Any) -> None:
    """Log likelihoods of all documents; ``number`` is the type of the tensors."""
    n_documents, n_words, with_gradient = numbers[2], numbers[3], numbers[4]
    all_logits = carray(pointer(numbers[5]), (n_documents, n_words), number)
    bias = carray(pointer(numbers[6]), (n_words,), number)
    offsets = carray(pointer(numbers[9]), (n_documents + 1,), np.int64)
    counts = carray(pointer(numbers[7]), (offsets[n_documents],), number)
    words = carray(pointer(numbers[8]), (offsets[n_documents],), np.int64)
    scores = carray(pointer(numbers[10]), (n_documents,), number)
    document = claimed(numbers)
    while document < numbers[1]:
        logits = all_logits[document]
        for v in range(n_words):
            logits[v] += bias[v]
        highest = largest(logits)
        at_words, length = number(0), number(0)
        for i in range(offsets[document], offsets[document + 1]):
            at_words += counts[i] * (logits[words[i]] - highest)
            length += counts[i]
        total = _powers(logits, highest, number(LEAST_NORMAL))
        scores[document] = at_words - length * np.log2(total)
        if with_gradient:
            share = -length / total
            for v in range(n_words):
                logits[v] *= share
            for i in range(offsets[document], offsets[document + 1]):
                logits[words[i]] += counts[i]
        document = claimed(numbers)


@part()
def _tiles(numbers: Any, number: Any) -> None:
    """Sums over the words of all documents, with those of a tile; ``number`` is the type of the tensors."""
    n_documents, n_words, start = numbers[2], numbers[3], numbers[4]
    tile = carray(pointer(numbers[5]), (n_documents, n_words), number)
    offsets = carray(pointer(numbers[8]), (n_documents + 1,), np.int64)
    counts = carray(pointer(numbers[6]), (offsets[n_documents],), number)
    words = carray(pointer(numbers[7]), (offsets[n_documents],), np.int64)
    places = carray(pointer(numbers[9]), (n_documents,), np.int64)
    at_words = carray(pointer(numbers[10]), (n_documents,), number)
    peaks = carray(pointer(numbers[11]), (n_documents,), number)
    totals = carray(pointer(numbers[12]), (n_documents,), number)
    document = claimed(numbers)
    while document < numbers[1]:
        logits, least = tile[document], number(LEAST_NORMAL)
        place, found = places[document], number(0)
        while place < offsets[document + 1] and words[place] < start + n_words:
            found += counts[place] * logits[words[place] - start]
            place += 1
        places[document] = place
        at_words[document] += found
        peaks[document], totals[document] = _with_powers(logits, peaks[document], totals[document], least)
        document = claimed(numbers)


# numba keeps on the disk what it compiles of functions of a module, and of no others: one for each type.
def _runs32(numbers: Any) -> None:
    _runs(numbers, np.float32)


def _runs64(numbers: Any) -> None:
    _runs(numbers, np.float64)


def _mixtures32(numbers: Any) -> None:
    _mixtures(numbers, np.float32)


def _mixtures64(numbers: Any) -> None:
    _mixtures(numbers, np.float64)


def _rows32(numbers: Any) -> None:
    _rows(numbers, np.float32)


def _rows64(numbers: Any) -> None:
    _rows(numbers, np.float64)


def _scores32(numbers: Any) -> None:
    _scores(numbers, np.float32)


def _scores64(numbers: Any) -> None:
    _scores(numbers, np.float64)


def _tiles32(numbers: Any) -> None:
    _tiles(numbers, np.float32)


def _tiles64(numbers: Any) -> None:
    _tiles(numbers, np.float64)


LOOPS = {
    ("runs", torch.float32): _runs32,
    ("runs", torch.float64): _runs64,
    ("mixtures", torch.float32): _mixtures32,
    ("mixtures", torch.float64): _mixtures64,
    ("rows", torch.float32): _rows32,
    ("rows", torch.float64): _rows64,
    ("scores", torch.float32): _scores32,
    ("scores", torch.float64): _scores64,
    ("tiles", torch.float32): _tiles32,
    ("tiles", torch.float64): _tiles64,
}
