"""Loops over tasks, compiled for PyTorch's threads.

All that is compiled is in this file: numba keeps it on the disk, and compiles it again if the file changes.
"""

import math
from collections.abc import Callable, Sequence
from functools import cache
from itertools import chain
from typing import Any, TypeVar

import numpy as np
import torch
from llvmlite import ir
from numba import carray, cfunc, njit, types
from numba.core.cgutils import alloca_once, for_range
from numba.extending import intrinsic

Function = TypeVar("Function", bound=Callable[..., Any])

LOG_2 = math.log(2)
LOG_2PI = math.log(2 * math.pi)
LEAST_TERM = -64.0  # a term of 2^-64 of the largest does not change a sum
LEAST_NORMAL = -126.0  # smaller powers of 2 are subnormal in float32
NEAR = 1024  # documents whose moments and densities stay in the nearest cache of a core
# Sums may be computed in any order, as vector instructions need.
REORDERED = ("reassoc", "contract", "arcp", "nsz")
IN_ORDER = ("contract",)  # a product and a sum may be one instruction
# Terms of the Taylor series of 2^f, |f| <= 1/2, to the precision of each type.
N_TERMS = {types.float32: 7, types.float64: 13}
N_TERMS_OF_LOG = {types.float32: 8, types.float64: 17}  # of its series, for s <= 1/3
LEAST_EXPONENT = -1022.0  # smaller powers of 2 are subnormal in float64
LEAST_DOUBLE = 2.0**LEAST_EXPONENT
BYTES = 4  # of a float32
HEIGHT, WIDTH, LANES = 6, 16, 8  # sums of products that are in 12 of the 16 registers of AVX2
TILE = 4 * HEIGHT  # documents that pass through all layers together


@cache
def compiled(loop: str, dtype: torch.dtype) -> Any:
    """Loop with the name of its answer, one of :data:`LOOPS`, for tensors of a type."""
    signature = types.void(types.CPointer(NUMBERS[dtype]))
    return _kept(lambda kept: cfunc(signature, cache=kept, **settings())(LOOPS[loop]))


NUMBERS = {torch.float32: types.float32, torch.float64: types.float64}


def settings(*more: str) -> dict[str, Any]:
    """Settings of the compiler, with more of LLVM's liberties about real numbers."""
    return {"fastmath": {*REORDERED, *more}, "error_model": "numpy"}


def part(*more: str) -> Callable[[Function], Function]:
    """Decorator that compiles a part of a loop, with more of LLVM's liberties about real numbers.

    A part becomes code of its loop. What is called would be optimised alone in the process that compiles, and
    with the loop in those that read it from the disk: sums would have other last bits.
    """

    def decorate(function: Function) -> Function:
        done: Function = _kept(lambda kept: njit(cache=kept, forceinline=True, **settings(*more))(function))
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
def integers(typing_context: Any, given: Any) -> Any:  # noqa: ARG001
    """What a loop is given, as whole numbers."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(signature.return_type))

    return types.CPointer(types.int64)(given), generate


@of_llvm
def number_of(typing_context: Any, given: Any) -> Any:  # noqa: ARG001
    """Type of the numbers of the tensors of a loop: what it is given is a pointer to this type."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        return context.get_dummy_value()

    return types.NumberClass(given.dtype)(given), generate


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
        power = _series(builder, rest, [LOG_2**n / math.factorial(n) for n in range(N_TERMS[exponent])])
        bias = ir.Constant(whole_type, 2 ** (n_bits - n_digits - 2) - 1)
        biased = builder.add(builder.fptosi(whole, whole_type), bias)
        shifted = builder.shl(biased, ir.Constant(whole_type, n_digits))
        return builder.fmul(power, builder.bitcast(shifted, of_type))

    return exponent(exponent), generate


@of_llvm
def log_of_ratio(typing_context: Any, half: Any) -> Any:  # noqa: ARG001
    """log((1 + s) / (1 - s)) of an s from 0 to 1/3, to a few last bits: 2 (s + s³/3 + s⁵/5 + …)."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        square = builder.fmul(arguments[0], arguments[0])
        sums = _series(builder, square, [2 / (2 * n + 1) for n in range(N_TERMS_OF_LOG[half])])
        return builder.fmul(sums, arguments[0])

    return half(half), generate


def _series(builder: Any, at: Any, coefficients: Sequence[float]) -> Any:
    """Instructions of a polynomial: pairs of terms, pairs of these and so on, so that few wait for others."""
    terms = [ir.Constant(at.type, coefficient) for coefficient in coefficients]
    while len(terms) > 1:
        pairs = [terms[n : n + 2] for n in range(0, len(terms), 2)]
        terms = [_times(builder, pair[1], at, pair[0]) if pair[1:] else pair[0] for pair in pairs]
        at = builder.fmul(at, at)
    return terms[0]


@of_llvm
def multiply(
    typing_context: Any,  # noqa: ARG001
    inputs: Any,  # noqa: ARG001
    panel: Any,  # noqa: ARG001
    outputs: Any,  # noqa: ARG001
    n_inputs: Any,  # noqa: ARG001
    length: Any,  # noqa: ARG001
    n_outputs: Any,  # noqa: ARG001
) -> Any:
    """Write :data:`WIDTH` products of a layer for each of :data:`HEIGHT` documents, in float32.

    Each is a sum in the order of the inputs, whatever the documents. The arguments are the addresses of the
    inputs, of the weights (n_inputs, WIDTH) and of the products, the number of inputs, and how many numbers
    the inputs and the products of two documents are apart.
    """
    vector, whole, lanes = ir.VectorType(ir.FloatType(), LANES), ir.IntType(64), range(0, WIDTH, LANES)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        inputs, panel, outputs, n_inputs, length, n_outputs = arguments

        def place(address: Any, row: Any, row_length: Any, column: Any, of_type: Any) -> Any:
            number = builder.add(builder.mul(row, row_length), column)
            distance = builder.mul(number, ir.Constant(whole, BYTES))
            return builder.inttoptr(builder.add(address, distance), of_type.as_pointer())

        numbers = [ir.Constant(whole, document) for document in range(HEIGHT)]
        columns = [ir.Constant(whole, lane) for lane in lanes]
        sums = [[alloca_once(builder, vector) for _ in columns] for _ in numbers]
        for sum_ in chain(*sums):
            builder.store(ir.Constant(vector, None), sum_)
        with for_range(builder, n_inputs) as loop:
            width = ir.Constant(whole, WIDTH)
            at_columns = [place(panel, loop.index, width, column, vector) for column in columns]
            weights = [builder.load(at, align=BYTES) for at in at_columns]
            for number, of_document in zip(numbers, sums, strict=True):
                at = place(inputs, number, length, loop.index, ir.FloatType())
                value = _repeated(builder, builder.load(at), vector)
                for weight, sum_ in zip(weights, of_document, strict=True):
                    builder.store(_times(builder, value, weight, builder.load(sum_), IN_ORDER), sum_)
        for number, of_document in zip(numbers, sums, strict=True):
            for column, sum_ in zip(columns, of_document, strict=True):
                at = place(outputs, number, n_outputs, column, vector)
                builder.store(builder.load(sum_), at, align=BYTES)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 6), generate


def _times(builder: Any, value: Any, factor: Any, more: Any, flags: Sequence[str] = REORDERED) -> Any:
    """Instructions of value * factor + more, which may be one."""
    return builder.fadd(builder.fmul(value, factor, flags=flags), more, flags=flags)


def _repeated(builder: Any, value: Any, vector: Any) -> Any:
    """A vector of the same number everywhere."""
    first, undefined = ir.Constant(ir.IntType(32), 0), ir.Constant(vector, ir.Undefined)
    places = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(builder.insert_element(undefined, value, first), undefined, places)


@part()
def _weigh(bits: Any, start: Any, n_documents: Any, document: Any, own: Any, following: Any) -> None:
    """Add the weights of the document of a sample, if it is in the mixture, and of the next one.

    The bits are those of the documents from ``start`` on, which may be some of the mixture.
    """
    if document < n_documents:
        next_one = (document + 1) % n_documents
        if start <= document < start + len(bits):
            bits[document - start] += own
        if start <= next_one < start + len(bits):
            bits[next_one - start] += following


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
def _of_samples(numbers: Any, place: Any, number: Any) -> Any:
    """Tensor (n_runs, n_samples, n_dims) of the loops over runs."""
    return carray(pointer(numbers[place]), (numbers[2], numbers[4], numbers[3]), number)


@part()
def _of_documents(numbers: Any, place: Any, number: Any) -> Any:
    """Tensor (n_runs, n_documents, n_dims) of the loops over runs."""
    return carray(pointer(numbers[place]), (numbers[2], numbers[5], numbers[3]), number)


@part()
def _weights(numbers: Any, place: Any, number: Any) -> Any:
    """Number of the document of the first sample, and weights: of its own document, the next one, others."""
    at = place + 1
    own, following, other = real(numbers[at]), real(numbers[at + 1]), real(numbers[at + 2])
    return numbers[place], number(own), number(following), number(other)


def _runs(given: Any) -> None:
    """Marginals of single dimensions, of all runs, with gradients.

    The densities of a sample under the documents of its run stay in cache until the gradients have them.
    """
    numbers, number = integers(given), number_of(given)
    n_dims, n_samples, n_documents = numbers[3], numbers[4], numbers[5]
    first, own, following, other = _weights(numbers, 6, number)
    z, mean = _of_samples(numbers, 10, number), _of_documents(numbers, 11, number)
    log_variance = _of_documents(numbers, 12, number)
    upstream, log_sums = _of_samples(numbers, 13, number), _of_samples(numbers, 14, number)
    into_z, into_mean = _of_samples(numbers, 15, number), _of_documents(numbers, 16, number)
    into_log_variance = _of_documents(numbers, 17, number)
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
            _weigh(density, 0, n_documents, first + r, own, following)
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


def _mixtures(given: Any) -> None:
    """Marginals of single dimensions, of all runs, without gradients.

    Some documents stay in the nearest cache while the densities of all samples of their run are added up.
    """
    numbers, number = integers(given), number_of(given)
    n_dims, n_samples, n_documents = numbers[3], numbers[4], numbers[5]
    first, own, following, other = _weights(numbers, 6, number)
    z, mean = _of_samples(numbers, 10, number), _of_documents(numbers, 11, number)
    log_variance, log_sums = _of_documents(numbers, 12, number), _of_samples(numbers, 13, number)
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
                at = z[of_run, r, k]
                for m in range(size):
                    t = (at - mu[m]) * scale[m]
                    density[m] = constant[m] - t * t
                _weigh(density, start, n_documents, first + r, own, following)
                peaks[r], totals[r] = _with_powers(density, peaks[r], totals[r], number(LEAST_TERM))
        for r in range(n_samples):
            log_sums[of_run, r, k] = (peaks[r] + np.log2(totals[r])) * number(LOG_2) + other
        task = claimed(numbers)


def _rows(given: Any) -> None:
    """Mixtures of all rows."""
    numbers, number = integers(given), number_of(given)
    n_rows, n_documents = numbers[2], numbers[3]
    first, own, following, other = _weights(numbers, 4, number)
    bits = carray(pointer(numbers[8]), (n_rows, n_documents), number)
    log_sums = carray(pointer(numbers[9]), (n_rows,), number)
    totals = carray(pointer(numbers[10]), (n_rows,), number)
    all_terms = carray(pointer(numbers[11]), (n_rows, n_documents), number)
    r = claimed(numbers)
    while r < numbers[1]:
        terms = all_terms[r]
        for m in range(n_documents):
            terms[m] = bits[r, m]
        _weigh(terms, 0, n_documents, first + r, own, following)
        highest = largest(terms)
        totals[r] = total = _powers(terms, highest, number(LEAST_TERM))
        log_sums[r] = (highest + np.log2(total)) * number(LOG_2) + other
        r = claimed(numbers)


def _scores(given: Any) -> None:
    """Log likelihoods of all documents, and their gradients."""
    numbers, number = integers(given), number_of(given)
    n_documents, n_words = numbers[2], numbers[3]
    all_logits = carray(pointer(numbers[4]), (n_documents, n_words), number)
    bias = carray(pointer(numbers[5]), (n_words,), number)
    offsets = carray(pointer(numbers[8]), (n_documents + 1,), np.int64)
    counts = carray(pointer(numbers[6]), (offsets[n_documents],), number)
    words = carray(pointer(numbers[7]), (offsets[n_documents],), np.int64)
    scores = carray(pointer(numbers[9]), (n_documents,), number)
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
        share = -length / total
        for v in range(n_words):
            logits[v] *= share
        for i in range(offsets[document], offsets[document + 1]):
            logits[words[i]] += counts[i]
        document = claimed(numbers)


def _dots(given: Any) -> None:
    """Products of pairs of rows; a task is some of the pairs."""
    numbers, number = integers(given), number_of(given)
    n_pairs, width, at_once = numbers[2], numbers[3], numbers[4]
    lefts = carray(pointer(numbers[6]), (numbers[5], width), number)
    rights = carray(pointer(numbers[8]), (numbers[7], width), number)
    of_left = carray(pointer(numbers[9]), (n_pairs,), np.int64)
    of_right = carray(pointer(numbers[10]), (n_pairs,), np.int64)
    products = carray(pointer(numbers[11]), (n_pairs,), number)
    task = claimed(numbers)
    while task < numbers[1]:
        for i in range(task * at_once, min(n_pairs, (task + 1) * at_once)):
            left, right = lefts[of_left[i]], rights[of_right[i]]
            total = number(0)
            for h in range(width):
                total += left[h] * right[h]
            products[i] = total
        task = claimed(numbers)


def _tiles(given: Any) -> None:
    """Sums over the words of all documents, with those of a tile."""
    numbers, number = integers(given), number_of(given)
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


@part()
def _log1p_of_count(count: Any, logs: Any) -> Any:
    """log(1 + count), looked up for small whole numbers, which most counts are."""
    if count < len(logs) and count == np.floor(count):
        return logs[int(count)]
    return math.log1p(count)


def _entries(given: Any) -> None:
    """What the first layer of an encoder reads of the counts of all documents, in float32."""
    numbers = integers(given)
    n_documents, norm = numbers[2], real(numbers[3])
    logs = carray(pointer(numbers[4]), (numbers[5],), np.float64)
    offsets = carray(pointer(numbers[7]), (n_documents + 1,), np.int64)
    all_counts = carray(pointer(numbers[6]), (offsets[n_documents],), np.float64)
    all_entries = carray(pointer(numbers[8]), (offsets[n_documents],), np.float32)
    document = claimed(numbers)
    while document < numbers[1]:
        begin, end = offsets[document], offsets[document + 1]
        counts, entries = all_counts[begin:end], all_entries[begin:end]
        squares = 0.0
        for i in range(len(counts)):
            squares += _log1p_of_count(counts[i], logs) ** 2
        factor = norm / max(np.sqrt(squares), norm * LEAST_DOUBLE)
        for i in range(len(counts)):
            entries[i] = np.float32(_log1p_of_count(counts[i], logs) * factor)
        document = claimed(numbers)


@part()
def _softplus(x: Any, least: Any, number: Any) -> Any:
    """log(1 + e^x) = max(x, 0) + log(1 + u), and u = e^-|x|, at least 2^least, of a number of a type."""
    u = exp2(max(abs(x) * number(-1 / LOG_2), number(least)))
    return max(x, number(0)) + log_of_ratio(u / (number(2) + u)), u


def _layers(given: Any) -> None:
    """Linear layers with a softplus before each, for all documents, a tile of them at a time.

    Products are in float32, biases and activations in float64.
    """
    numbers = integers(given)
    n_documents, n_layers = numbers[2], numbers[3]
    sizes = carray(pointer(numbers[4]), (n_layers + 1,), np.int64)
    inputs = carray(pointer(numbers[5]), (n_documents, sizes[0]), np.float64)
    outputs = carray(pointer(numbers[8]), (n_documents, sizes[n_layers]), np.float64)
    largest_size = 0
    for size in sizes:
        largest_size = max(largest_size, size)
    # Zeros: the last tile has rows without a document, and they are computed like the others.
    read = np.zeros(TILE * (largest_size + WIDTH), np.float32)
    written = np.zeros(TILE * (largest_size + WIDTH), np.float32)
    task = claimed(numbers)
    while task < numbers[1]:
        first, panel, bias_at = task * TILE, numbers[6], numbers[7]
        n_rows = min(TILE, n_documents - first)
        for row in range(n_rows):
            of_document, into = inputs[first + row], read[row * sizes[0] : (row + 1) * sizes[0]]
            for i in range(len(into)):
                into[i] = np.float32(_softplus(of_document[i], LEAST_EXPONENT, np.float64)[0])
        length = sizes[0]
        for layer in range(1, n_layers + 1):
            n_inputs, n_outputs = sizes[layer - 1], sizes[layer]
            padded = (n_outputs + WIDTH - 1) // WIDTH * WIDTH
            for column in range(0, padded, WIDTH):
                for row in range(0, TILE, HEIGHT):
                    multiply(
                        read.ctypes.data + BYTES * row * length,
                        panel,
                        written.ctypes.data + BYTES * (row * padded + column),
                        n_inputs,
                        length,
                        padded,
                    )
                panel += BYTES * WIDTH * n_inputs
            bias = carray(pointer(bias_at), (n_outputs,), np.float64)
            for row in range(n_rows):
                products = written[row * padded : row * padded + n_outputs]
                if layer < n_layers:
                    for i in range(len(products)):
                        output = np.float64(products[i]) + bias[i]
                        products[i] = np.float32(_softplus(output, LEAST_EXPONENT, np.float64)[0])
                else:
                    for i in range(len(products)):
                        outputs[first + row, i] = np.float64(products[i]) + bias[i]
            bias_at += 8 * n_outputs
            read, written, length = written, read, padded
        task = claimed(numbers)


def _softplus_of_each(given: Any) -> None:
    """log(1 + e^x) and its derivative; a task is some of the numbers."""
    numbers, number = integers(given), number_of(given)
    n, at_once = numbers[2], numbers[3]
    x = carray(pointer(numbers[4]), (n,), number)
    y = carray(pointer(numbers[5]), (n,), number)
    slope = carray(pointer(numbers[6]), (n,), number)
    task = claimed(numbers)
    while task < numbers[1]:
        begin, end = task * at_once, min(n, (task + 1) * at_once)
        some, of_some, slopes = x[begin:end], y[begin:end], slope[begin:end]
        for i in range(len(some)):
            of_some[i], u = _softplus(some[i], LEAST_NORMAL, number)
            slopes[i] = (number(1) if some[i] >= 0 else u) / (number(1) + u)
        task = claimed(numbers)


def _adam(given: Any) -> None:
    """Steps of Adam of chosen rows; a task is some of them."""
    numbers, number = integers(given), number_of(given)
    n_chosen, n_rows, width = numbers[2], numbers[3], numbers[4]
    has_gradient, at_once = numbers[5], numbers[6]
    of_gradient, of_square = number(real(numbers[7])), number(real(numbers[8]))
    rate, correction, eps = number(real(numbers[9])), number(real(numbers[10])), number(real(numbers[11]))
    weights = carray(pointer(numbers[12]), (n_rows, width), number)
    firsts = carray(pointer(numbers[13]), (n_rows, width), number)
    seconds = carray(pointer(numbers[14]), (n_rows, width), number)
    due = carray(pointer(numbers[15]), (n_chosen,), number)
    of_first = carray(pointer(numbers[16]), (n_chosen,), number)
    of_second = carray(pointer(numbers[17]), (n_chosen,), number)
    gradients = carray(pointer(numbers[18]), (n_chosen, width), number)
    rows = carray(pointer(numbers[19]), (n_chosen,), np.int64)
    task = claimed(numbers)
    while task < numbers[1]:
        for i in range(task * at_once, min(n_chosen, (task + 1) * at_once)):
            weight, first, second = weights[rows[i]], firsts[rows[i]], seconds[rows[i]]
            behind, decay, decay_of_square = due[i], of_first[i], of_second[i]
            for h in range(width):
                weight[h] -= behind * first[h] / (np.sqrt(second[h]) + eps)
                first[h] *= decay
                second[h] *= decay_of_square
            if has_gradient:
                gradient = gradients[i]
                for h in range(width):
                    first[h] += of_gradient * gradient[h]
                    second[h] += of_square * gradient[h] * gradient[h]
                    weight[h] -= rate * first[h] / (correction * np.sqrt(second[h]) + eps)
        task = claimed(numbers)


LOOPS = {
    "adam": _adam,
    "dots": _dots,
    "entries": _entries,
    "layers": _layers,
    "mixtures": _mixtures,
    "rows": _rows,
    "runs": _runs,
    "scores": _scores,
    "softplus": _softplus_of_each,
    "tiles": _tiles,
}
