"""A corpus without a download: docstrings of the installed scientific packages."""

import ast
import hashlib
import importlib.util
import inspect
import json
import os
import re
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from pathlib import Path
from typing import Literal

import numpy as np

from hftopic._files import written_whole
from hftopic.data.corpus import Corpus, CorpusError
from hftopic.data.datasets import idiom, prose, repeats
from hftopic.data.formats import read_corpus, write_corpus
from hftopic.data.text import TextOptions, corpus_from_texts
from hftopic.data.words import LETTERS, analyser

PACKAGES = ("gensim", "networkx", "numpy", "pandas", "scipy", "sklearn", "sympy", "torch")

_FEWEST_WORDS = 12  # words of prose; shorter docstrings say little, such as "Return self."
_NOT_READ = frozenset({"tests", "test", "testing", "_testing", "conftest", "_vendor", "externals", "extern"})
# A change of these files makes cached corpora out of date.
_MAKERS = (
    Path(__file__),
    Path(idiom.__file__),
    Path(prose.__file__),
    Path(repeats.__file__),
    Path(inspect.getfile(corpus_from_texts)),
    Path(inspect.getfile(analyser)),
)
_WORD = re.compile(LETTERS)


@dataclass(frozen=True, order=True)
class _Docstring:
    name: str
    module: str
    sentences: tuple[str, ...]


def load_docstrings(
    packages: Iterable[str] | None = None,
    *,
    label: Literal["package", "submodule"] = "package",
    text: TextOptions | None = None,
    cache: bool | str | os.PathLike[str] = True,
) -> Corpus:
    """Docstrings of installed packages, one per document: about 21,000 real texts without a download.

    The docstrings of modules, classes and functions are read from the source files, which are parsed and
    never imported or run. Tests and bundled copies of other packages are not read. What is removed:

    - code, notation, copyright notices, licences and credits (`hftopic.data.datasets.prose`)
    - near-duplicates of earlier docstrings, such as the twins of ``DataFrame`` and ``Series``, and sentences
      that an earlier docstring contains, such as "Pass an int for reproducible output."
      (`hftopic.data.datasets.repeats`)
    - texts of fewer than 12 words, and texts without a word of the vocabulary

    Parameters
    ----------
    packages : iterable of str, optional
        Import names of top-level packages. By default, all installed packages of gensim, networkx, numpy,
        pandas, scipy, sklearn, sympy and torch.
    label : {"package", "submodule"}
        Label of a document: the package ("sklearn") or the submodule ("sklearn.cluster").
    text : TextOptions, optional
        Options for splitting texts into words. By default, a word must occur in at least 15 docstrings and
        in at most a tenth of them, and it is no English stop word and no word that all packages use alike,
        such as "provided" (`hftopic.data.datasets.idiom`).
    cache : bool or path-like
        Cache folder for the corpus; the cache is specific to the installed package versions. True uses the
        folder in the environment variable HFTOPIC_CACHE, or else the user's cache folder. False uses no
        cache.

    Returns
    -------
    Corpus
        Documents sorted by their qualified names, such as "sklearn.cluster._kmeans.KMeans.fit".

    Raises
    ------
    CorpusError
        A package is not installed, or no package is installed.

    Warns
    -----
    RuntimeWarning
        The corpus could not be written to the cache folder.
    """
    if label not in ("package", "submodule"):
        raise ValueError(f"label must be 'package' or 'submodule', not {label!r}")
    options = docstring_text() if text is None else text
    sources = {name: _source_files(name) for name in _installed(packages)}
    if cache is False:
        return _corpus(sources, label, options)
    folder = cache_folder() if cache is True else Path(cache)
    place = folder / f"docstrings-{_key(sources, label, options)}"
    corpus = _kept(place)
    if corpus is None:
        corpus = _corpus(sources, label, options)
        try:
            _keep(corpus, place)
        except OSError as error:
            told = (
                f"the corpus could not be written to the cache ({error}); set the environment variable "
                "HFTOPIC_CACHE to a writable folder"
            )
            warnings.warn(told, RuntimeWarning, stacklevel=2)
    return corpus


@cache
def docstring_text() -> TextOptions:
    """Options of `load_docstrings` for splitting docstrings into words.

    Stop words are those of English and of docstrings in general (`hftopic.data.datasets.idiom`). A word in
    more than a tenth of the docstrings ("array", "data") occurs in all topics and characterises none.
    """
    # Imported here, because other options do not need it.
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    stop_words = ENGLISH_STOP_WORDS | idiom.SPREAD_EVENLY | idiom.NOTATION
    return TextOptions(stop_words=tuple(sorted(stop_words)), min_df=15, max_df=0.1)


def cache_folder() -> Path:
    """Folder in the environment variable HFTOPIC_CACHE, or else the cache folder of the platform."""
    own = os.environ.get("HFTOPIC_CACHE")
    if own:
        return Path(own)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "hftopic" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "hftopic"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hftopic"


def _corpus(sources: dict[str, list[tuple[str, Path]]], label: str, options: TextOptions) -> Corpus:
    documents = _without_copies(
        sorted(docstring for files in sources.values() for file in files for docstring in _docstrings(*file))
    )
    if not documents:
        raise CorpusError(f"no docstrings of {_FEWEST_WORDS} words in {', '.join(sources)}")
    depth = 1 if label == "package" else 2
    corpus = corpus_from_texts(
        (" ".join(document.sentences) for document in documents),
        options=options,
        labels=[".".join(document.module.split(".")[:depth]) for document in documents],
        names=[document.name for document in documents],
    )
    return corpus[np.asarray(corpus.counts.sum(axis=1)).ravel() > 0]


def _without_copies(documents: list[_Docstring]) -> list[_Docstring]:
    """Documents without copies of earlier ones and of their sentences; those that say little are left out."""
    words = [_words_of(document) for document in documents]
    long = [position for position, said in enumerate(words) if sum(map(len, said)) >= _FEWEST_WORDS]
    kept = [long[at] for at in repeats.without_twins([tuple(chain(*words[position])) for position in long])]
    rest = []
    for position, new in zip(kept, repeats.without_repeated_sentences(words[at] for at in kept), strict=True):
        document = documents[position]
        if sum(len(words[position][at]) for at in new) >= _FEWEST_WORDS:
            rest.append(replace(document, sentences=tuple(document.sentences[at] for at in new)))
    return rest


def _words_of(document: _Docstring) -> list[tuple[str, ...]]:
    """Words of each sentence; one string object per word, because many docstrings are read."""
    return [tuple(map(sys.intern, _WORD.findall(sentence.lower()))) for sentence in document.sentences]


def _installed(packages: Iterable[str] | None) -> list[str]:
    if isinstance(packages, str):
        raise TypeError(f"packages is a single string; pass a sequence, such as ({packages!r},)")
    asked = PACKAGES if packages is None else tuple(packages)
    found = sorted({name for name in asked if _places(name)})
    absent = [name for name in asked if name not in found]
    if packages is not None and absent:
        hint = "; did you mean 'sklearn'?" if "scikit-learn" in absent else "; use import names"
        raise CorpusError(f"not installed: {', '.join(map(repr, absent))}{hint}")
    if not found:
        raise CorpusError(f"none of {', '.join(asked)} is installed, so there are no docstrings to read")
    return found


def _places(package: str) -> Sequence[str]:
    """Folders with the source files of a package, found without importing it."""
    if not package.isidentifier():
        return ()
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return ()
    return (
        [] if spec is None or spec.submodule_search_locations is None else [*spec.submodule_search_locations]
    )


def _source_files(package: str) -> list[tuple[str, Path]]:
    """Source files of a package with their module names, sorted by module name."""
    files = []
    for place in _places(package):
        for folder, subfolders, names in os.walk(place):
            subfolders[:] = [name for name in subfolders if name.isidentifier() and name not in _NOT_READ]
            inner = Path(folder).relative_to(place).parts
            for name in names:
                stem = name.removesuffix(".py")
                if name.endswith(".py") and stem not in _NOT_READ:
                    module = (package, *inner) if stem == "__init__" else (package, *inner, stem)
                    files.append((".".join(module), Path(folder, name)))
    return sorted(files)


def _docstrings(module: str, file: Path) -> Iterator[_Docstring]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about code of other packages, such as invalid escapes
            tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError, RecursionError, OSError):
        return  # packages also contain templates and code for other Python versions
    waiting: list[tuple[ast.AST, str]] = [(tree, module)]
    while waiting:
        node, name = waiting.pop()
        documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        docstring = ast.get_docstring(node) if documented else None  # type: ignore[arg-type]
        if docstring:
            yield _Docstring(name, module, tuple(prose.sentences_of(docstring)))
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.stmt):
                    waiting.append((child, f"{name}.{child.name}" if hasattr(child, "name") else name))


def _key(sources: dict[str, list[tuple[str, Path]]], label: str, options: TextOptions) -> str:
    """Hash of everything that the corpus depends on: versions, files and their sizes, options, this code."""
    files = {
        package: [_version(package), *((module, file.stat().st_size) for module, file in modules)]
        for package, modules in sources.items()
    }
    told = json.dumps([sys.version_info[:2], _version("sklearn"), label, asdict(options), files]).encode()
    return hashlib.sha256(b"".join([told, *(file.read_bytes() for file in _MAKERS)])).hexdigest()[:20]


def _version(package: str) -> str:
    try:
        return version({"sklearn": "scikit-learn"}.get(package, package))
    except PackageNotFoundError:
        return ""


def _kept(place: Path) -> Corpus | None:
    """The cached corpus, if its files are unchanged."""
    try:
        if json.loads(_seal(place).read_text(encoding="utf-8")) == _digests(place):
            return read_corpus(place, format="folder")
    except (OSError, ValueError):
        pass
    return None


def _keep(corpus: Corpus, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    write_corpus(corpus, place, format="folder")
    with written_whole(_seal(place)) as draft:
        draft.write_text(json.dumps(_digests(place), indent=1), encoding="utf-8")


def _seal(place: Path) -> Path:
    return place.with_suffix(".json")


def _digests(place: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(place.iterdir())}
