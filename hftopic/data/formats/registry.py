"""The formats there are, by name, and how one of your own is added to them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from hftopic.data.corpus import Corpus
from hftopic.data.formats.counts import Counts, Request, read_counts, read_vocabulary
from hftopic.data.formats.detection import ENDINGS
from hftopic.data.formats.docword import read_docword, write_docword
from hftopic.data.formats.folder import read_folder, write_folder
from hftopic.data.formats.matrix_market import read_matrix_market, write_matrix_market
from hftopic.data.formats.npz import read_npz, write_npz
from hftopic.data.formats.octis import read_octis, write_octis
from hftopic.data.formats.pairs import read_ldac, read_svmlight, write_ldac, write_svmlight
from hftopic.data.formats.tables import write_delimited, write_jsonl, write_parquet
from hftopic.data.formats.texts import READERS, read_files, read_split_files, read_texts, write_txt

Reader = Callable[[Path, Request], Corpus]
Writer = Callable[[Corpus, Path], None]


@dataclass(frozen=True)
class Format:
    """How a format is read and, where it can be, written."""

    read: Reader
    write: Writer | None
    of_text: bool = False
    has_columns: bool = False


def _counts(read: Callable[[Path, int, Request], Counts], write: Writer) -> Format:
    return Format(lambda path, request: read_counts(path, read, request), write)


def _texts(name: str, write: Writer) -> Format:
    return Format(
        lambda path, request: read_texts(path, READERS[name], request), write, True, has_columns=name != "txt"
    )


SPLIT_FILES = Format(
    lambda path, request: read_texts(path, read_split_files, request), None, of_text=True, has_columns=True
)
FORMATS: dict[str, Format] = {
    "folder": Format(read_folder, write_folder),
    "npz": _counts(read_npz, write_npz),
    "docword": _counts(read_docword, write_docword),
    "ldac": _counts(read_ldac, write_ldac),
    "matrixmarket": _counts(read_matrix_market, write_matrix_market),
    "svmlight": _counts(read_svmlight, write_svmlight),
    "svmlight0": _counts(partial(read_svmlight, base=0), partial(write_svmlight, base=0)),
    "svmlight1": _counts(partial(read_svmlight, base=1), partial(write_svmlight, base=1)),
    "octis": Format(read_octis, write_octis),
    "txt": _texts("txt", write_txt),
    "files": Format(lambda path, request: read_texts(path, read_files, request), None, of_text=True),
    "csv": _texts("csv", partial(write_delimited, delimiter=",")),
    "tsv": _texts("tsv", partial(write_delimited, delimiter="\t")),
    "jsonl": _texts("jsonl", write_jsonl),
    "parquet": _texts("parquet", write_parquet),
}


def register_format(
    name: str,
    read: Callable[[Path], Corpus],
    write: Writer | None = None,
    *,
    endings: Sequence[str] = (),
) -> None:
    """Add a format of your own to those that ``read_corpus``, ``write_corpus`` and the command line know.

    Parameters
    ----------
    name : str
        What ``format=`` calls it.
    read : function
        Makes a Corpus of a path, with all its documents; splits, another vocabulary and labels are applied to
        what it returns. What it raises names the file if it is a :class:`hftopic.data.formats.FormatError`.
    write : function, optional
        Writes a Corpus to a path; without it the format is only read.
    endings : sequence of str
        Endings of file names that tell the format, such as ".bow".

    Raises
    ------
    ValueError
        The name or an ending is taken.

    Examples
    --------
    >>> from hftopic import Corpus
    >>> from hftopic.data.formats import register_format
    >>> def read_lengths(path):
    ...     lengths = [[int(line)] for line in path.read_text().split()]
    ...     return Corpus(lengths, ["word"])
    >>> register_format("lengths", read_lengths, endings=[".lengths"])
    """
    taken = [ending for ending in endings if ending in ENDINGS]
    if name in FORMATS or taken:
        what = f"format {name!r}" if name in FORMATS else f"ending {taken[0]!r}"
        raise ValueError(f"the {what} is taken; choose another")

    def read_as_asked(path: Path, request: Request) -> Corpus:
        corpus = read(path)
        corpus = corpus if request.split is None else corpus.split(request.split)
        words = request.vocabulary
        if request.vocabulary_file is not None:
            words = read_vocabulary(request.vocabulary_file, request.encoding)
        return corpus if words is None else corpus.with_vocabulary(words)

    FORMATS[name] = Format(read_as_asked, write)
    ENDINGS.update(dict.fromkeys(endings, name))
