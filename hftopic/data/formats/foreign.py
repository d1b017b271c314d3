"""Files that are not a corpus but often taken for one: archives, spreadsheets, documents, pickles."""

import zipfile
from pathlib import Path
from typing import IO

_UNPACK = "unpack it first"
_SAVE_CSV = "save the sheet as CSV (UTF-8) or read it with pandas, and read the CSV"
_SAVE_TEXT = "save its text as a .txt file"
_PICKLE = (
    "is a pickle, which is never loaded, because loading it could run any code; write the counts or texts"
)

BY_NAME = {
    ".zip": f"is a zip archive; {_UNPACK}",
    ".tar": f"is a tar archive; {_UNPACK}",
    ".tgz": f"is a tar archive; {_UNPACK}",
    ".7z": f"is a 7-Zip archive; {_UNPACK}",
    ".rar": f"is a RAR archive; {_UNPACK}",
    ".zst": "is compressed with Zstandard; decompress it first (zstd -d), or compress it with gzip",
    ".lz4": "is compressed with LZ4; decompress it first, or compress it with gzip",
    ".br": "is compressed with Brotli; decompress it first, or compress it with gzip",
    ".z": "is compressed with compress; decompress it first (gunzip), or compress it with gzip",
    ".xlsx": "is an Excel workbook; rename it to end in .xlsx",
    ".xls": f"is an Excel workbook; {_SAVE_CSV}",
    ".ods": f"is a spreadsheet; {_SAVE_CSV}",
    ".docx": f"is a Word document; {_SAVE_TEXT}",
    ".doc": f"is a Word document; {_SAVE_TEXT}",
    ".odt": f"is a text document; {_SAVE_TEXT}",
    ".pdf": f"is a PDF document; {_SAVE_TEXT}",
    ".json": "is JSON; write one object per line and name it .jsonl, such as with "
    "pandas.read_json(path).to_json(new, orient='records', lines=True)",
    ".pkl": _PICKLE,
    ".pickle": _PICKLE,
    ".joblib": _PICKLE,
    ".npy": "is a dense array; write scipy.sparse.save_npz(new, scipy.sparse.csr_array(numpy.load(path)))",
}
"""What a file is, and what to do, for endings of names of files that no reader takes."""

_BY_START = {
    b"\x1f\x8b": "is compressed with gzip, but its name does not end in .gz; rename it, or unpack it",
    b"BZh": "is compressed with bzip2, but its name does not end in .bz2; rename it, or unpack it",
    b"\xfd7zXZ\0": "is compressed with xz, but its name does not end in .xz; rename it, or unpack it",
    b"\x28\xb5\x2f\xfd": BY_NAME[".zst"],
    b"7z\xbc\xaf\x27\x1c": BY_NAME[".7z"],
    b"Rar!\x1a\x07": BY_NAME[".rar"],
    b"%PDF-": BY_NAME[".pdf"],
    b"\xd0\xcf\x11\xe0\xa1\xb1": f"is an old Excel or Word file, or one with a password; {_SAVE_CSV}",
    b"PK\3\4": f"is a zip archive, such as an Excel or Word file; {_UNPACK}, or save it as CSV or text",
}
_BZIP2_BLOCK = b"1AY&SY"


def told_by_start(start: bytes) -> str | None:
    """What a file is that starts with these bytes (ten are enough), if it is none of text."""
    for mark, told in _BY_START.items():
        if start.startswith(mark) and (mark != b"BZh" or start[4:10] == _BZIP2_BLOCK):
            return told
    return None


def told_by_members(file: Path | IO[bytes]) -> str | None:
    """What a zip archive is; None if it may be an .npz file, or if it cannot be opened."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return None
    if all(name.endswith(".npy") for name in names):
        return None
    for part, ending in (("xl/", ".xlsx"), ("word/", ".docx"), ("content.xml", ".ods")):
        if any(name.startswith(part) for name in names):
            return BY_NAME[ending]
    return BY_NAME[".zip"]
