"""Mutated corpora: each is refused by name, or read as an independent reader reads it.

``python -m tests.fuzz.corpora --n 20000 --seed 0`` runs many; ``--case NUMBER`` runs one of them again.
"""

import io
import traceback
import warnings
from pathlib import Path
from typing import Any

import numpy as np

import hftopic
from hftopic import Corpus, CorpusError, TextOptions, read_corpus
from tests.fuzz.independent import Reader, Reading, Refused
from tests.fuzz.mutations import Files, edit_files
from tests.fuzz.runner import Outcome, main, single_threaded, where
from tests.fuzz.seeds import MAKERS, Seed

PACKAGE = str(Path(hftopic.__file__).parent)
OF_TEXT = ("txt", "files", "csv", "tsv", "jsonl", "parquet", "folder")
AT_SPACES = TextOptions(lowercase=False, stop_words=None, min_df=1, max_df=1.0, token_pattern=r"\S+")

# What the package reads although the independent reader finds it odd, and where that is said.
TOLERATED = {
    "blank line": "docstrings of the readers: blank lines are ignored",
    "blank lines at the end of a list": "docs/formats: and at the end of a list",
    "repeated entry": "docstrings of the readers of counts: repeated entries are added",
    "leading zeros": "a number is the same with zeros before it",
    "number below the smallest float": "1e-400 is 0 in every reader of numbers",
    "zeros after the compressed data": "as gzip and xz do: tapes are filled up with zeros",
    "reserved flags of gzip": "as Python's gzip module: they are ignored",
    "quote inside an unquoted field": "as in Python's csv module",
    "repeated key of an object": "as in JSON: the last one counts",
    "banner in other letters": "the standard of Matrix Market ignores case",
    "carriage returns as line ends": "docs/formats: files of old Macs",
    "empty columns at the end": "docs/formats: spreadsheets add empty columns",
    "name of a column with spaces or capitals": "docs/formats: names are found with spaces around them",
    "more than one carriage return before a newline": "as in Python's csv module",
    "empty names": "docs/formats: a missing name is the empty string",
    "NUL in the header of an array": "what the header declares is checked against the size of the array",
    "member of an .npz that is no .npy": "members that are not used are not expanded",
    "broken member of an .npz": "members that are not used are not expanded",
}
# What it reads with a warning that names the file.
WARNED = {
    "last line without an end": "the file may have been cut off",
    "empty labels": "documents without a label",
}


def drawn(seed: int, number: int) -> tuple[Seed, Files, str]:
    """A valid corpus, its mutated files, and what was done; one case in twenty is left as it is."""
    rng = np.random.default_rng([seed, number])
    make = MAKERS[number % len(MAKERS)]
    valid, files, told = make(rng), {}, []
    files = dict(valid.files)
    for _ in range(0 if rng.random() < 0.05 else int(rng.choice([1, 1, 1, 2, 3]))):
        files, what = edit_files(rng, files, valid.target, make(rng).files)
        told.append(what)
    return valid, files, "; ".join(told)


def fuzz(seed: int, number: int, folder: Path) -> Outcome:
    valid, files, told = drawn(seed, number)
    case = f"{valid.format} {valid.target} {valid.arguments}: {told or 'as it is'}"
    (folder / "case.txt").write_text(case, encoding="utf-8")
    room = folder / "corpus"
    for name, data in files.items():
        (room / name).parent.mkdir(parents=True, exist_ok=True)
        (room / name).write_bytes(data)
    arguments: dict[str, Any] = dict(valid.arguments)
    if valid.format in OF_TEXT and not (
        valid.format == "folder" and any(name.endswith(".npz") for name in files)
    ):
        arguments["text"] = AT_SPACES
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            corpus = read_corpus(room / valid.target, **arguments)
        except BaseException as error:
            return _refusal(error, room, case, valid if not told else None)
    foreign = [w for w in warned if w.category is not UserWarning]
    if foreign:
        return Outcome("warned", case, f"{foreign[0].category.__name__}: {foreign[0].message}")
    given = {name: value for name, value in valid.arguments.items() if name == "split"}
    try:
        reading = Reader(files, valid.target, format=valid.format, **given).read()
    except Refused as error:
        return Outcome("accepted", case, f"the independent reader says: {error}; read as {corpus!r}")
    difference = _difference(corpus, reading) or _other_vectors(corpus, files, bool(given))
    if difference:
        return Outcome("differs", case, f"{difference}; odd: {sorted(reading.odd)}")
    strange = reading.odd - set(TOLERATED)
    if any(str(room) in str(w.message) for w in warned):
        strange -= set(WARNED)
    if strange:
        return Outcome(
            f"silent: {min(strange)}", case, "read right, but it is not documented that this is read"
        )
    if reading.odd:
        return Outcome(f"tolerated: {min(reading.odd)}", case)
    return Outcome("same", case)


def _refusal(error: BaseException, room: Path, case: str, unchanged: Seed | None) -> Outcome:
    told = f"{type(error).__name__}: {error}"
    if unchanged is not None:
        return Outcome("refused although valid", case, told)
    if type(error) is ValueError and traceback.extract_tb(error.__traceback__)[-1].filename.startswith(
        PACKAGE
    ):
        own = True
    else:
        own = isinstance(error, CorpusError)
    if not own:
        return Outcome(f"foreign {type(error).__name__}", case, where(error, PACKAGE))
    if str(room) not in str(error):
        return Outcome("no file named", case, told)
    return Outcome("refused", case)


def _difference(corpus: Corpus, reading: Reading) -> str:
    """What differs between the corpus and the independent reading; an empty string if nothing does."""
    if corpus.vocabulary.tolist() != reading.vocabulary:
        return f"vocabulary {corpus.vocabulary.tolist()} and {reading.vocabulary}"
    wanted = np.zeros((len(reading.counts), len(reading.vocabulary)))
    for row, counts in enumerate(reading.counts):
        for word, count in counts.items():
            wanted[row, word] = count
    got = corpus.counts.toarray()
    if got.shape != wanted.shape:
        return f"shape {got.shape} and {wanted.shape}"
    if not np.allclose(got, wanted, rtol=1e-6, atol=1e-40):
        row, word = np.argwhere(~np.isclose(got, wanted, rtol=1e-6, atol=1e-40))[0]
        return f"document {row}, word {word}: {got[row, word]} and {wanted[row, word]}"
    for part in ("labels", "names", "splits", "dates"):
        ours, theirs = getattr(corpus, part), getattr(reading, part)
        if (None if ours is None else ours.tolist()) != theirs:
            return f"{part} {None if ours is None else ours.tolist()} and {theirs}"
    tokens = None if corpus.tokens is None else list(corpus.tokens)
    if tokens != reading.tokens:
        return f"tokens {tokens} and {reading.tokens}"
    return ""


def _other_vectors(corpus: Corpus, files: Files, is_split: bool) -> str:
    """How the embeddings of the corpus differ from all that numpy reads of its files."""
    if corpus.embeddings is None:
        return ""
    told = "numpy reads no embeddings"
    for name, data in files.items():
        if not name.endswith("embeddings.npy"):
            continue
        try:
            read = np.load(io.BytesIO(data), allow_pickle=False).astype(np.float32)
        except ValueError as error:
            if "Cannot parse header" in str(error):  # a NUL in it
                return ""
            continue
        held = set(map(bytes, np.asarray(corpus.embeddings)))
        if np.array_equal(corpus.embeddings, read) or (is_split and held <= set(map(bytes, read))):
            return ""
        told = "other embeddings"
    return told


if __name__ == "__main__":
    single_threaded("tests.fuzz.corpora")
    main(fuzz, "mutated corpora")
