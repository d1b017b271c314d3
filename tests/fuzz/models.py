"""Mutated saved models: each is refused, or answers as the model that was saved.

Some mutations are followed by right checksums, as somebody could forge them. Such a file may have other
answers, but they are finite, and nothing else comes out of it.

``python -m tests.fuzz.models --n 5000 --seed 0`` runs many; ``--case NUMBER`` runs one of them again.
"""

import copy
import hashlib
import json
import math
import tempfile
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import hftopic
from hftopic import (
    NVDM,
    EditedModel,
    ModelFileError,
    Normal,
    ProdLDA,
    edit_topics,
    load,
    make_correlated_topics,
)
from hftopic.latent.groups import Concrete
from hftopic.latent.priors import LearnedCorrelation
from hftopic.objective import FactorVAE
from tests.fuzz.mutations import BYTES, TEXT, Files, Rng, one_of
from tests.fuzz.runner import Outcome, main, single_threaded, where

PACKAGE = str(Path(hftopic.__file__).parent)
DESCRIPTION, TENSORS = "model.json", "model.safetensors"


class Edited:
    """A model that is edited when it is fitted."""

    def __init__(self, seed: int) -> None:
        self._model = ProdLDA(groups=(2, 3), hidden=(6,), max_iter=2, random_state=seed)

    def fit(self, X: Any) -> EditedModel:
        return edit_topics(self._model.fit(X), merge=[(1, 3)], drop=[4], names={1: "both"})


KINDS: tuple[Callable[[int], Any], ...] = (
    lambda seed: ProdLDA(groups=(2, Normal(2)), hidden=(6,), max_iter=2, random_state=seed),
    lambda seed: NVDM(groups=3, hidden=(6,), objective=FactorVAE(hidden=(5,)), max_iter=2, random_state=seed),
    lambda seed: ProdLDA(
        groups=((2, Concrete(3)), 2), prior=LearnedCorrelation(), hidden=(5, 4), max_iter=2, random_state=seed
    ),
    Edited,
)
VALUES = (
    *(None, True, False, 0, 1, -1, 3, 10**6, 10**9, 10**12, 2**63, 10**30, 0.5, -0.0),
    *(math.nan, math.inf, 1e308, "", "x", "\ud800", "cuda", "meta", "cpu:7", "auto"),
    *([], {}, [[]], [None], [10**9], ["a", "a"], {"type": None}, {"type": "os.system"}),
    *({"type": "tuple"}, {"type": "tuple", "items": 3}, {"type": "tuple", "items": []}),
    *({"type": "tuple", "items": [10**8, 10**8]}, {"type": "float", "value": "nan"}),
    *({"type": "float", "value": []}, {"type": "float", "value": "1" * 5000}, {"type": "Normal"}),
    *({"type": "Normal", "size": -1}, {"type": "Normal", "size": 10**9}, {"type": "Concrete", "size": 10**9}),
    *({"type": "Ramp", "start": "x"}, {"type": "HFVAE"}, {"type": "VAE"}),
)
DTYPES = {
    "F64": 8,
    "F32": 4,
    "F16": 2,
    "BF16": 2,
    "I64": 8,
    "I32": 4,
    "I8": 1,
    "U8": 1,
    "BOOL": 1,
    "F8_E4M3": 1,
    "C64": 8,
}


@cache
def saved(kind: int, seed: int) -> tuple[Files, dict[str, Any]]:
    """Files of a small model, and its answers."""
    with tempfile.TemporaryDirectory() as room, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        KINDS[kind](seed).fit(_corpus()).save(f"{room}/model")
        files = {file.name: file.read_bytes() for file in Path(room, "model").iterdir() if file.is_file()}
        return files, answers(load(f"{room}/model"))


@cache
def _corpus() -> Any:
    return make_correlated_topics(40, groups=(2, 2), n_words=12, random_state=0).corpus


def answers(model: Any) -> dict[str, Any]:
    """What a model answers: arrays of numbers and lists of words."""
    X = _corpus().counts[:5]  # without words, because a forged file may have others
    return {
        "transform": model.transform(X),
        "latent": model.transform_latent(X),
        "scores": model.score_samples(X),
        "perplexity": np.array(model.perplexity(X)),
        "components": np.asarray(model.components_),
        "covariance": np.asarray(model.prior_covariance_),
        "words": model.top_words(4).to_dict(),
        "vocabulary": np.asarray(getattr(model, "vocabulary_", [])).tolist(),
        "names": model.get_feature_names_out().tolist(),
        "history": model.history_.to_csv(),
        "parameters": repr(model.get_params(deep=False)),
        "iterations": (model.n_iter_, model.n_features_in_),
    }


# Mutations


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of all values inside a JSON value."""
    found = [path] if path else []
    if isinstance(value, dict):
        for key, item in value.items():
            found += places(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value[:4]):
            found += places(item, (*path, number))
    return found


def edit_description(rng: Rng, description: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Replace, delete or add a value."""
    description = copy.deepcopy(description)
    paths = places(description)
    # The checksums are most of the paths, and the least of the interest.
    paths = [path for path in paths if path[0] not in ("tensors", "sha256")] if rng.random() < 0.9 else paths
    path = paths[int(rng.integers(len(paths)))]
    parent = description
    for step in path[:-1]:
        parent = parent[step]
    how = rng.random()
    if how < 0.6:
        old = parent[path[-1]]
        if isinstance(old, int | float) and rng.random() < 0.3:
            new: Any = [old + 1, old * 2, -old, old * 10**9, float(old), str(old)][int(rng.integers(6))]
        else:
            new = VALUES[int(rng.integers(len(VALUES)))]
        parent[path[-1]] = new
        told = f"{path} = {str(new)[:40]!r}"
    elif how < 0.75:
        del parent[path[-1]]
        told = f"without {path}"
    elif how < 0.85 and isinstance(parent, dict):
        parent["type" if rng.random() < 0.3 else "added"] = VALUES[int(rng.integers(len(VALUES)))]
        told = f"added beside {path}"
    else:
        other = paths[int(rng.integers(len(paths)))]
        value: Any = description
        for step in other:
            value = value[step]
        parent[path[-1]] = copy.deepcopy(value)
        told = f"{path} = {other}"
    return description, told


def split_tensors(data: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Header and contents of a safetensors file."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    body = data[8 + length :]
    names = [name for name in header if name != "__metadata__"]
    return header, {name: body[slice(*header[name]["data_offsets"])] for name in names}


def join_tensors(header: dict[str, Any], contents: dict[str, bytes]) -> bytes:
    """A safetensors file with consistent offsets."""
    body, told = b"", {name: value for name, value in header.items() if name == "__metadata__"}
    for name, content in contents.items():
        told[name] = header[name] | {"data_offsets": [len(body), len(body) + len(content)]}
        body += content
    text = json.dumps(told).encode("utf-8", "backslashreplace")
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + body


def edit_tensors(rng: Rng, data: bytes) -> tuple[bytes, str]:
    """Rename, reshape, retype, drop, add or change a tensor, under a consistent header."""
    header, contents = split_tensors(data)
    names = list(contents)
    name, other = names[int(rng.integers(len(names)))], names[int(rng.integers(len(names)))]
    how = int(rng.integers(9))
    told = f"tensor {name}"
    if how == 0:
        new = ["network.x", "noise", "", "a" * 300, "network." + name][int(rng.integers(5))]
        header[new], contents[new] = header.pop(name), contents.pop(name)
        told += f" renamed {new[:20]}"
    elif how == 1:
        del header[name], contents[name]
        told += " dropped"
    elif how == 2:
        header["network.more"], contents["network.more"] = header[name], contents[name]
        told += " added again"
    elif how == 3:
        contents[name], contents[other] = contents[other], contents[name]
        header[name], header[other] = header[other], header[name]
        told += f" exchanged with {other}"
    elif how == 4:
        dtype = list(DTYPES)[int(rng.integers(len(DTYPES)))]
        size = math.prod(header[name]["shape"])
        contents[name] = (contents[name] * 8)[: size * DTYPES[dtype]]
        header[name] = header[name] | {"dtype": dtype}
        told += f" as {dtype}"
    elif how == 5:
        shape = header[name]["shape"]
        new_shape = [[*shape, 1], shape[::-1], [math.prod(shape)], [1, *shape], [*shape[:-1], 0]][
            int(rng.integers(5))
        ]
        contents[name] = contents[name][: len(contents[name]) if math.prod(new_shape) else 0]
        header[name] = header[name] | {"shape": new_shape}
        told += f" of shape {new_shape}"
    elif how == 6 and header[name]["dtype"] == "F32":
        values = np.frombuffer(contents[name], "<f4").copy()
        news = np.array([np.nan, np.inf, -np.inf, 3e38, -3e38, 1e-45, 0, -1], dtype=np.float32)
        if values.size:
            values[rng.integers(values.size)] = news[int(rng.integers(len(news)))]
        contents[name] = values.tobytes()
        told += " with an odd value"
    elif how == 7:
        contents[name] = bytes(len(contents[name]))
        told += " of zeros"
    else:
        contents[name] = one_of(rng, BYTES[:3], contents[name])[0][: len(contents[name])].ljust(
            len(contents[name]), b"\1"
        )
        told += " with other bytes"
    return join_tensors(header, contents), told


def forged(files: Files) -> Files:
    """The same files with checksums that are right, as ``hftopic.models.saving`` computes them."""
    kinds = {
        "F64": "float64",
        "F32": "float32",
        "F16": "float16",
        "BF16": "bfloat16",
        "I64": "int64",
        "I32": "int32",
    }
    kinds |= {"I8": "int8", "U8": "uint8", "BOOL": "bool", "F8_E4M3": "float8_e4m3fn", "C64": "complex64"}
    description = json.loads(files[DESCRIPTION])
    header, contents = split_tensors(files[TENSORS])
    if "tensors" in description:
        description["tensors"] = {
            name: {
                "dtype": kinds.get(header[name]["dtype"]),
                "shape": header[name]["shape"],
                "sha256": hashlib.sha256(content).hexdigest(),
            }
            for name, content in contents.items()
        }
    rest = {name: value for name, value in description.items() if name != "sha256"}
    description["sha256"] = hashlib.sha256(json.dumps(rest, sort_keys=True).encode("ascii")).hexdigest()
    return files | {DESCRIPTION: json.dumps(description).encode()}


def mutated(rng: Rng, kind: int) -> tuple[Files, str, bool]:
    """Files, what was done, and whether the checksums are right although something was changed."""
    files, _ = saved(kind, 0)
    files, how = dict(files), rng.random()
    if how < 0.02:
        return files, "", False
    if how < 0.45:
        name = [DESCRIPTION, TENSORS][int(rng.integers(2))]
        mutations = BYTES if name == TENSORS or rng.random() < 0.5 else TEXT
        for _ in range(int(rng.choice([1, 1, 2]))):
            files[name], told = one_of(rng, mutations, files[name])
        return files, f"{told} in {name}", False
    if how < 0.52:
        other = saved(int(rng.integers(len(KINDS))), 1)[0]
        name = [DESCRIPTION, TENSORS][int(rng.integers(2))]
        swap = rng.random() < 0.2
        files[name] = files[[TENSORS, DESCRIPTION][name == TENSORS]] if swap else other[name]
        return files, f"{name} of {'the other file' if swap else 'another model'}", False
    if how < 0.54:
        del files[[DESCRIPTION, TENSORS][int(rng.integers(2))]]
        return files, "a file is missing", False
    told = []
    for _ in range(int(rng.choice([1, 1, 2]))):
        if rng.random() < 0.6:
            description, what = edit_description(rng, json.loads(files[DESCRIPTION]))
            # Surrogates as escapes, in the way of JSON.
            files[DESCRIPTION] = json.dumps(description).encode()
        else:
            files[TENSORS], what = edit_tensors(rng, files[TENSORS])
        told.append(what)
    if rng.random() < 0.75:
        return forged(files), "forged: " + "; ".join(told), True
    return files, "; ".join(told), False


def fuzz(seed: int, number: int, folder: Path) -> Outcome:
    rng = np.random.default_rng([seed, number])
    kind = number % len(KINDS)
    files, told, with_checksums = mutated(rng, kind)
    case = f"{type(KINDS[kind](0)).__name__} {kind}: {told or 'as it is'}"
    (folder / "case.txt").write_text(case, encoding="utf-8", errors="backslashreplace")
    room = folder / "model"
    room.mkdir()
    for name, data in files.items():
        (room / name).write_bytes(data)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            model = load(room)
        except BaseException as error:
            return _refusal(error, room, case, bool(told))
        try:
            got = answers(model)
        except BaseException as error:
            return Outcome(f"loaded, then {type(error).__name__}", case, where(error, PACKAGE))
    foreign = [w for w in warned if w.category is not UserWarning]
    if foreign:
        return Outcome("warned", case, f"{foreign[0].category.__name__}: {foreign[0].message}")
    wrong = [
        name for name, value in got.items() if isinstance(value, np.ndarray) and not np.isfinite(value).all()
    ]
    if wrong and not (with_checksums and _extreme(files[TENSORS])):
        return Outcome("not finite", case, f"{', '.join(wrong)} of the loaded model")
    if not all(isinstance(word, str) and word for word in got["vocabulary"]):
        return Outcome("words that are none", case, str(got["vocabulary"])[:200])
    if with_checksums and _types(files[TENSORS]) - _types(saved(kind, 0)[0][TENSORS]):
        return Outcome("tensors of another type", case)
    differing = [name for name, value in saved(kind, 0)[1].items() if not _equal(value, got[name])]
    if not differing:
        return Outcome("same", case)
    if with_checksums:
        return Outcome("tolerated: forged", case)
    return Outcome("differs", case, f"{', '.join(differing)} of the loaded model")


def _extreme(data: bytes) -> bool:
    """Whether a tensor has finite numbers with which sums overflow."""
    header, contents = split_tensors(data)
    floats = [np.frombuffer(contents[name], "<f4") for name in contents if header[name]["dtype"] == "F32"]
    return any(values.size and np.abs(values).max() > 1e6 for values in floats)


def _types(data: bytes) -> set[str]:
    header, contents = split_tensors(data)
    return {header[name]["dtype"] for name in contents}


def _equal(a: Any, b: Any) -> bool:
    return bool(np.array_equal(a, b)) if isinstance(a, np.ndarray) else a == b


def _refusal(error: BaseException, room: Path, case: str, changed: bool) -> Outcome:
    told = f"{type(error).__name__}: {error}"
    if not changed:
        return Outcome("refused although valid", case, told)
    # The device of a forged file may be one that is not here.
    device = type(error) is ValueError and "device" in str(error)
    if not (isinstance(error, ModelFileError) or device):
        return Outcome(f"foreign {type(error).__name__}", case, where(error, PACKAGE))
    if str(room) not in str(error) and not device:
        return Outcome("no file named", case, told)
    return Outcome("refused", case)


if __name__ == "__main__":
    single_threaded("tests.fuzz.models")
    main(fuzz, "mutated models")
