"""Sheets of Excel workbooks: every kind of cell, several sheets, and files that are no workbooks."""

import datetime
import io
import re
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from hftopic import Corpus, TextOptions, read_corpus, write_corpus
from hftopic.data.formats import FormatError

openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is not installed")

OPTIONS = TextOptions(min_df=1, max_df=1.0, stop_words=None)


def read(path: Path, *sheets: list[list[Any]], **arguments: Any) -> Corpus:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets, start=1):
        sheet = book.create_sheet(f"Sheet {number}")
        for row in rows:
            sheet.append(row)
    book.save(path)
    return read_corpus(path, text=OPTIONS, **arguments)


def test_cells_of_every_kind(tmp_path: Path) -> None:
    rows = [
        ["text", "label", "date", "number", "whole", "truth", "time", "mixed", "missing", None, "error"],
        [
            "one team",
            "x",
            datetime.datetime(2024, 1, 31),
            0.5,
            3,
            True,
            datetime.time(12, 30),
            1,
            None,
            "no",
            "a",
        ],
        [2024, 5, datetime.datetime(2024, 2, 1, 10), None, 4, False, None, "b", None, None, "#N/A"],
        [None] * 11,
        [
            None,
            "y",
            "3 March 2024",
            2,
            5,
            True,
            datetime.time(1),
            None,
            None,
            None,
            None,
            "beyond the header",
        ],
    ]
    corpus = read(tmp_path / "x.xlsx", rows, date_column="date")
    assert corpus.texts.tolist() == ["one team", "2024", ""]
    assert corpus.labels.tolist() == ["x", "5", "y"]
    assert corpus.dates.tolist() == ["2024-01-31", "2024-02-01T10:00:00", "3 March 2024"]
    assert {name: str(kind) for name, kind in corpus.metadata.dtypes.items()} == {
        **{"number": "float64", "whole": "int64", "truth": "bool"},
        **dict.fromkeys(["time", "mixed", "missing", "error"], "object"),
    }
    assert corpus.metadata["time"].tolist() == ["12:30:00", None, "01:00:00"]
    assert corpus.metadata["mixed"].tolist() == ["1", "b", None]
    assert corpus.metadata["error"].tolist() == ["a", None, None]


def test_rows_before_the_header_may_be_empty(tmp_path: Path) -> None:
    corpus = read(tmp_path / "x.xlsx", [[None, None], ["text", "n"], ["one", 1]])
    assert (corpus.texts.tolist(), corpus.metadata["n"].tolist()) == (["one"], [1])


def test_a_sheet_is_chosen_by_name_or_number(tmp_path: Path) -> None:
    path, sheets = tmp_path / "x.xlsx", ([["text"], ["one"]], [["text"], ["two"]], [])
    with pytest.warns(UserWarning, match=r"read the sheet 'Sheet 1', not 'Sheet 2'; pass sheet="):
        assert read(path, *sheets).texts.tolist() == ["one"]
    for sheet in (2, "2", "Sheet 2"):
        corpus = read(path, *sheets, sheet=sheet)
        assert (corpus.texts.tolist(), corpus.reading["sheet"]) == (["two"], sheet)
    for sheet in (4, "Other"):
        with pytest.raises(FormatError, match=f"no sheet {sheet!r}; the sheets are 'Sheet 1', 'Sheet 2'"):
            read(path, *sheets, sheet=sheet)
    with pytest.raises(FormatError, match="the sheet 'Sheet 3' is empty"):
        read(path, *sheets, sheet=3)


def test_a_formula_is_its_value(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"column 'text' has no value\. If its cells are formulas"):
        read(tmp_path / "x.xlsx", [["text"], ['="one"&" team"']])
    changed(tmp_path / "x.xlsx", "xl/worksheets/sheet1.xml", lambda xml: re.sub(
        r'(<c r="A2")([^>]*>.*?)<v ?/?>(</v>)?', r'\1 t="str"\2<v>one team</v>', xml
    ))  # fmt: skip
    assert read_corpus(tmp_path / "x.xlsx", text=OPTIONS).texts.tolist() == ["one team"]


def changed(path: Path, member: str, change: Callable[[str], str]) -> None:
    """Change a file in a workbook."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files[member] = change(files[member].decode()).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (
            [["text", "a", "a"], ["one", 1, 2]],
            "row 1: duplicate column name. The columns are 'text', 'a', 'a'",
        ),
        ([["body"], ["one"]], "no column 'text'; pass the name of the text column.* The columns are 'body'"),
        ([["text", "split"], ["one", None]], "row 2: 'split' is None, not a string or a number"),
        ([["text", "date"], ["one", "2024"], ["two", "soon"]], "row 3: 'date': 'soon' is neither a date"),
    ],
)
def test_a_table_that_is_none_is_told_with_its_row(tmp_path: Path, rows: list[list[Any]], told: str) -> None:
    dates = {"date_column": "date"} if "date" in rows[0] else {}
    with pytest.raises(FormatError, match=told):
        read(tmp_path / "x.xlsx", rows, **dates)


def test_damaged_workbooks(tmp_path: Path) -> None:
    """Each byte that is lost or changed is told, or has no effect on the sheet."""
    read(tmp_path / "x.xlsx", [["text", "n"], ["one team", 1]])
    whole, n_told = (tmp_path / "x.xlsx").read_bytes(), 0
    for cut in range(0, len(whole), len(whole) // 40):
        for content in (whole[:cut], whole[:cut] + bytes([whole[cut] ^ 0x55]) + whole[cut + 1 :]):
            (tmp_path / "x.xlsx").write_bytes(content)
            try:
                assert read_corpus(tmp_path / "x.xlsx", text=OPTIONS).texts.tolist() == ["one team"]
            except FormatError:
                n_told += 1
    assert n_told > 40


def test_a_zip_archive_is_no_workbook(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("xl/workbook.xml", "x")
    (tmp_path / "x.xlsx").write_bytes(stream.getvalue())
    with pytest.raises(FormatError, match="is not a valid Excel workbook"):
        read_corpus(tmp_path / "x.xlsx")
    with pytest.raises(FormatError, match="is not a valid Excel workbook"):
        read_corpus(tmp_path / "x.xlsx", format="xlsx")


@pytest.mark.parametrize(
    ("column", "numbers", "told"),
    [
        ("ZZ", range(3, 20_003), r"expands to .* bytes, but is only"),
        ("A", [10**9], "has a row beyond 1,048,576"),
    ],
)
def test_a_small_workbook_cannot_fill_the_memory(
    tmp_path: Path, column: str, numbers: Sequence[int], told: str
) -> None:
    """Many wide rows, and a row far below."""
    path = tmp_path / "x.xlsx"
    read(path, [["text"], ["one"]])
    rows = "".join(f'<row r="{row}"><c r="{column}{row}"><v>1</v></c></row>' for row in numbers)
    changed(path, "xl/worksheets/sheet1.xml", lambda xml: xml.replace("</sheetData>", f"{rows}</sheetData>"))
    with pytest.raises(FormatError, match=told):
        read_corpus(path, text=OPTIONS)


def test_a_workbook_can_only_be_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'xlsx' can only be read"):
        write_corpus(Corpus([[1]], ["a"], tokens=[["a"]]), tmp_path / "x.xlsx")
