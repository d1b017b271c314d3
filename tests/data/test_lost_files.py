"""What a corpus has lost is named, and never silently left out."""

import io
import zipfile

import numpy as np
import pytest

from hftopic import Corpus, CorpusError, TextOptions, read_corpus, write_corpus
from hftopic.data.formats import FormatError


def test_a_folder_that_has_lost_its_counts_is_no_folder_of_texts(tmp_path):
    write_corpus(Corpus([[1, 2]], ["a", "b"]), tmp_path / "corpus")
    (tmp_path / "corpus" / "counts.npz").unlink()
    with pytest.raises(FormatError, match=r"contains 'corpus\.json' .*no counts"):
        read_corpus(tmp_path / "corpus")
    (tmp_path / "corpus" / "corpus.json").unlink()
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "labels.txt").write_text("sport\n")  # of train.csv, which is lost
    with pytest.raises(FormatError, match=r"contains 'labels\.txt' .*no counts"):
        read_corpus(tmp_path / "tables")
    with pytest.raises(FormatError, match=r"contains 'vocab\.txt' .*no counts"):
        read_corpus(tmp_path / "corpus")


def test_a_split_file_without_texts_is_named(tmp_path):
    (tmp_path / "train.jsonl").write_text('{"text": "cats sleep"}\n')
    (tmp_path / "test.jsonl").write_text("")
    with pytest.raises(FormatError, match=r"test\.jsonl: contains no texts"):
        read_corpus(tmp_path, text=TextOptions(min_df=1, max_df=1.0))


@pytest.mark.parametrize("blank", ["", " "])
def test_the_name_of_a_split_is_not_empty(tmp_path, blank):
    with pytest.raises(CorpusError, match=r"splits\[1\] is empty"):
        Corpus([[1], [2]], ["a"], splits=["train", blank])
    (tmp_path / "x.csv").write_text(f"text,split\ncats sleep,train\ndogs bark,{blank}\n")
    with pytest.raises(FormatError, match=r"x\.csv: splits\[1\] is empty"):
        read_corpus(tmp_path / "x.csv", text=TextOptions(min_df=1, max_df=1.0))


def test_an_archive_has_each_array_once(tmp_path):
    array = io.BytesIO()
    np.save(array, np.ones(2))
    write_corpus(Corpus([[1, 2]], ["a", "b"]), tmp_path / "x.npz")
    with (
        pytest.warns(UserWarning, match="Duplicate name"),
        zipfile.ZipFile(tmp_path / "x.npz", "a") as archive,
    ):
        archive.writestr("data.npy", array.getvalue())
    with pytest.raises(FormatError, match="two arrays of the same name"):
        read_corpus(tmp_path / "x.npz")
