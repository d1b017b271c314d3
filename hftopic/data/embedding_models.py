"""Embeddings of texts by a model that the user has: packages are imported when they are needed."""

import json
import os
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hftopic._numbers import is_whole
from hftopic.data.embeddings import as_embeddings
from hftopic.data.metadata import as_texts
from hftopic.data.onnx_models import OnnxEncoder
from hftopic.data.sequences import check_sequence, described, listed
from hftopic.data.validation import CorpusError

Encode = Callable[[list[str]], Any]
_OF_STATIC = ("minishlab/", "potion", "m2v")  # in names of models of model2vec
_LONGEST = 512  # tokens of a text, where an ONNX model does not tell
_KINDS = (
    "pass the name or folder of a model of sentence-transformers or model2vec, an ONNX file, an object with "
    "the method encode, or a function of a list of texts"
)


def embed_texts(texts: Iterable[str], model: Any, *, batch_size: int = 64) -> NDArray[np.float32]:
    """Embedding of each text by a model that is installed, for ``Corpus(embeddings=…)`` and ``fit``.

    Parameters
    ----------
    texts : sequence of str, length N
    model : str, path-like, object or function
        - Name or folder of a model of sentence-transformers or model2vec. The package that fits is used; it
          downloads a model by its name.
        - An ONNX file with ``tokenizer.json`` beside it, or a folder with both: needs onnxruntime and
          tokenizers. Vectors of tokens are averaged, or as ``1_Pooling/config.json`` says.
        - An object with the method ``encode``, such as a loaded model, or a function: it gets a list of
          at most ``batch_size`` texts, and returns a row for each.
    batch_size : int, default=64
        Number of texts that the model gets at a time; these have similar lengths.

    Returns
    -------
    ndarray of float32, shape (N, F)

    Raises
    ------
    CorpusError
        ``texts`` is no sequence of texts, or is empty.
    FileNotFoundError
        A file of the model does not exist.
    ImportError
        A package is not installed; the message has the command that installs it.
    TypeError
        ``model`` is nothing of the above.
    ValueError
        The model does not return one row of finite numbers for each text.

    Examples
    --------
    >>> from hftopic import embed_texts
    >>> def lengths(texts):
    ...     return [[len(text), len(text.split())] for text in texts]
    >>> embed_texts(["the team won", "faith"], lengths)
    array([[12.,  3.],
           [ 5.,  1.]], dtype=float32)
    """
    if not is_whole(batch_size):
        raise ValueError(f"batch_size must be an int >= 1, not {batch_size!r}")
    held = _checked(texts)
    encode = encoder_of(model)
    # Texts of similar length are padded least, and a batch of the longest shows at once if memory is short.
    order = np.argsort([-len(text) for text in held], kind="stable")
    found: NDArray[np.float32] | None = None
    for start in range(0, len(held), batch_size):
        rows = order[start : start + batch_size]
        vectors = _as_rows(encode([held[row] for row in rows]), len(rows))
        if found is None:
            found = np.empty((len(held), vectors.shape[1]), dtype=np.float32)
        if vectors.shape[1] != found.shape[1]:
            raise ValueError(
                f"the model returned {vectors.shape[1]:,} columns for some texts, and {found.shape[1]:,} for "
                "others"
            )
        found[rows] = vectors
    assert found is not None
    return found


def _checked(texts: Any) -> list[str]:
    check_sequence(texts, "texts", "pass a sequence of texts, one per document", CorpusError)
    held = listed(texts)
    if not held:
        raise CorpusError("texts is empty; there is nothing to embed")
    checked = as_texts(held, len(held))
    return [] if checked is None else checked.tolist()


def _as_rows(vectors: Any, n: int) -> NDArray[np.float32]:
    """What a model returned, as one row per text."""
    if hasattr(vectors, "detach"):  # a tensor, which may be on a GPU
        vectors = _numbers(vectors)
    elif isinstance(vectors, list | tuple) and len(vectors) and hasattr(vectors[0], "detach"):
        vectors = [_numbers(vector) for vector in vectors]
    try:
        rows = as_embeddings(vectors, n)
    except CorpusError as error:
        told = f"the model did not return a row of numbers for each of {n:,} texts: {error}"
        raise ValueError(told) from error
    if rows is None:
        raise ValueError(f"the model returned None for {n:,} texts, not a row of numbers for each")
    return rows


def _numbers(tensor: Any) -> Any:
    """A tensor of any precision as an array of float32; NumPy has no bfloat16."""
    return tensor.detach().float().cpu().numpy()


def encoder_of(model: Any) -> Encode:
    """Function from a list of texts to their embeddings, one row each.

    Raises
    ------
    FileNotFoundError, ImportError, TypeError
        As :func:`embed_texts`.
    """
    if isinstance(model, str | os.PathLike):
        return _named(os.fspath(model))
    if isinstance(model, type) or model is None:
        raise TypeError(f"model is {described(model)}; {_KINDS}")
    encode = getattr(model, "encode", None)
    if callable(encode):
        method: Encode = encode
        return method
    if callable(model):
        function: Encode = model
        return function
    raise TypeError(f"model is {described(model)}; {_KINDS}")


def _named(name: str) -> Encode:
    """Encoder of a file, a folder or the name of a model."""
    if not name:
        raise TypeError(f"the name of the model is empty; {_KINDS}")
    path = Path(name)
    if path.is_file():
        if path.suffix.lower() != ".onnx":
            raise TypeError(f"{name} is a file, and none of ONNX; {_KINDS}")
        return _onnx(path, path.parent)
    if path.is_dir():
        return _in_folder(path)
    if path.is_absolute() or path.suffix.lower() == ".onnx" or name.startswith((".", "~")):
        raise FileNotFoundError(f"no file or folder {name!r} of a model")
    if any(mark in name.lower() for mark in _OF_STATIC):
        return _model2vec(name)
    try:
        return _sentence_transformer(name)
    except _MissingPackageError as error:
        try:
            return _model2vec(name)
        except _MissingPackageError:
            raise error from None


def _in_folder(folder: Path) -> Encode:
    """Encoder of a folder, by what is in it."""
    if _json(folder / "config.json").get("model_type") == "model2vec":
        return _model2vec(str(folder))
    usual = [file for file in (folder / "model.onnx", folder / "onnx" / "model.onnx") if file.is_file()]
    file = next(iter([*usual, *sorted(folder.glob("*.onnx"))]), None)
    if file is None:
        return _sentence_transformer(str(folder))
    if not (folder / "modules.json").is_file():
        return _onnx(file, folder)
    try:
        return _sentence_transformer(str(folder))
    except _MissingPackageError:
        return _onnx(file, folder)


class _MissingPackageError(ImportError):
    """A package is not installed."""


def _package(name: str, install: str, what: str) -> Any:
    """A package; the error says how to install it."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise _MissingPackageError(f"{what} needs {install}: pip install {install}", name=name) from error


def _sentence_transformer(name: str) -> Encode:
    package = _package("sentence_transformers", "sentence-transformers", f"the embedding model {name!r}")
    encode: Encode = package.SentenceTransformer(name).encode
    return encode


def _model2vec(name: str) -> Encode:
    package = _package("model2vec", "model2vec", f"the embedding model {name!r}")
    encode: Encode = package.StaticModel.from_pretrained(name).encode
    return encode


def _onnx(file: Path, folder: Path) -> Encode:
    """Encoder of an ONNX file, with the tokenizer and the settings in its folder or the one above."""
    runtime = _package("onnxruntime", "onnxruntime", f"the ONNX file {file}")
    tokenizers = _package("tokenizers", "tokenizers", f"the tokenizer of {file}")
    places = [place for place in (folder, folder.parent) if (place / "tokenizer.json").is_file()]
    if not places:
        raise FileNotFoundError(f"no file {folder / 'tokenizer.json'}, which splits texts for {file.name}")
    tokenizer = tokenizers.Tokenizer.from_file(str(places[0] / "tokenizer.json"))
    longest = _json(places[0] / "sentence_bert_config.json").get("max_seq_length")
    tokenizer.enable_truncation(max_length=longest if is_whole(longest) else _LONGEST)
    if tokenizer.padding is None:
        tokenizer.enable_padding()
    session = runtime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    return OnnxEncoder(session, tokenizer, *_pooling(places[0]))


def _pooling(folder: Path) -> tuple[bool, bool]:
    """Whether the vector of the first token is the embedding, and whether its length is made 1."""
    first = bool(_json(folder / "1_Pooling" / "config.json").get("pooling_mode_cls_token"))
    modules = _json(folder / "modules.json")
    held = modules if isinstance(modules, list) else []
    normed = any(str(one.get("type", "")).endswith("Normalize") for one in held if isinstance(one, dict))
    return first, normed


def _json(path: Path) -> Any:
    """Content of a file of JSON; an empty dict if there is none."""
    if not path.is_file():
        return {}
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is damaged: {error}") from error
