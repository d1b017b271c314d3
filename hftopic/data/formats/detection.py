"""Detection of the format of a file or folder, from its name or from its first bytes."""

import re
from pathlib import Path

from hftopic.data.formats.beside import COUNT_ENDINGS
from hftopic.data.formats.folder import matrices
from hftopic.data.formats.foreign import BY_NAME, told_by_members
from hftopic.data.formats.lines import FormatError, bare_name, opened
from hftopic.data.formats.manifest import SHARDS
from hftopic.data.formats.matrix_market import BANNER
from hftopic.data.formats.texts import EXTENSIONS, split_files, text_files

ENDINGS: dict[str, str] = {**COUNT_ENDINGS, **EXTENSIONS}
"""Format for each ending of a file name."""
_OF_CORPORA = ("corpus.json", "vocab.txt", "vocabulary.txt", "labels.txt")


def format_of(path: Path, known: list[str]) -> str:
    """Format of an existing file or folder.

    Raises
    ------
    FormatError
        No format matches, or several do.
    """
    if path.is_dir():
        return _format_of_folder(path, known)
    found = format_by_name(path)
    ending = Path(bare_name(path)).suffix.lower()
    if found is None and ending in BY_NAME:
        raise FormatError(BY_NAME[ending], path)
    if found == "txt" and _starts_like_docword(path):
        told = (
            "starts like a UCI docword file but is not named docword.NAME.txt; pass format='docword' or 'txt'"
        )
        raise FormatError(told, path)
    found = found or _format_by_start(path)
    if found is None:
        raise FormatError(
            "the format cannot be determined from the file name; "
            f"pass format= with one of {', '.join(known)}",
            path,
        )
    return found


def format_by_name(path: Path) -> str | None:
    """Format that matches a file name, or None."""
    name = bare_name(path).lower()
    if re.fullmatch(r"docword\.(.+\.)?txt", name):
        return "docword"
    if name == "corpus.tsv":
        return "octis"
    return ENDINGS.get(Path(name).suffix)


def _format_by_start(path: Path) -> str | None:
    with path.open("rb") as file:
        if file.read(4) == b"PK\3\4":
            other = told_by_members(path)
            if other:
                raise FormatError(other, path)
            return "npz"
    with opened(path) as stream:
        start = stream.read(len(BANNER))
    if start == BANNER:
        return "matrixmarket"
    return "parquet" if start[:4] == b"PAR1" else None


def _starts_like_docword(path: Path) -> bool:
    with opened(path) as stream:
        lines = [stream.readline(100) for _ in range(4)]
    return all(re.fullmatch(rb"\s*[0-9]+\s*", line) for line in lines[:3]) and bool(
        re.fullmatch(rb"\s*[0-9]+\s+[0-9]+\s+[0-9]+\s*", lines[3])
    )


def _format_of_folder(path: Path, known: list[str]) -> str:
    if (path / SHARDS).is_file():
        return "shards"
    has_table = (path / "corpus.tsv").is_file()
    if matrices(path):
        if has_table:
            raise FormatError("contains .npz files and corpus.tsv; pass format='folder' or 'octis'", path)
        return "folder"
    if has_table:
        return "octis"
    if split_files(path):
        return "folder"
    of_corpus = next((name for name in _OF_CORPORA if (path / name).is_file()), None)
    if of_corpus:
        told = (
            f"contains {of_corpus!r} of a corpus, but no counts; for a folder of texts, pass format='files'"
        )
        raise FormatError(told, path)
    if any(bare_name(file).lower().endswith(".txt") for file in text_files(path)):
        return "files"
    told = (
        "contains no .npz files, corpus.tsv, split files such as train.jsonl, or .txt files; "
        f"pass the path of a file, or format= with one of {', '.join(known)}"
    )
    raise FormatError(told, path)
