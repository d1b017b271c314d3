"""Compressed files of several streams are read to their end, or refused."""

import bz2
import gzip
import lzma

import pytest

from hftopic import TextOptions, read_corpus
from hftopic.data.formats import FormatError

PACK = {"gz": gzip.compress, "xz": lzma.compress, "bz2": bz2.compress}


def documents(path, content):
    path.write_bytes(content)
    return read_corpus(path, text=TextOptions(min_df=1, max_df=1.0)).tokens


@pytest.mark.parametrize("ending", PACK)
def test_all_streams_are_read(tmp_path, ending):
    pack = PACK[ending]
    parts = [b"cats sleep\n" * 3, b"", b"dogs bark\n" * 20_000]
    found = documents(tmp_path / f"x.txt.{ending}", b"".join(map(pack, parts)))
    assert found == (("cats", "sleep"),) * 3 + (("dogs", "bark"),) * 20_000


@pytest.mark.parametrize("ending", PACK)
@pytest.mark.parametrize("change", ["first bit of the second stream", "cut", "bytes at the end"])
def test_a_damaged_second_stream_is_refused(tmp_path, ending, change):
    one, two = PACK[ending](b"cats sleep\n"), PACK[ending](b"dogs bark\n")
    content = {
        "first bit of the second stream": one + bytes([two[0] ^ 1]) + two[1:],
        "cut": one + two[:-1],
        "bytes at the end": one + two + b"more",
    }[change]
    with pytest.raises(FormatError, match=f"x.txt.{ending}: damaged"):
        documents(tmp_path / f"x.txt.{ending}", content)


def test_padding_of_xz_is_no_stream(tmp_path):
    content = lzma.compress(b"cats sleep\n") + bytes(200_000) + lzma.compress(b"dogs bark\n") + bytes(4)
    assert documents(tmp_path / "x.txt.xz", content) == (("cats", "sleep"), ("dogs", "bark"))
