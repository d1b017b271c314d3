"""Files and folders are written atomically, and no other file is lost."""

import pytest

from hftopic._files import written_whole


def test_a_file_never_replaces_a_folder(tmp_path):
    kept = tmp_path / "thesis" / "deep" / "only_copy.txt"
    kept.parent.mkdir(parents=True)
    kept.write_text("years of work")
    refused = pytest.raises(IsADirectoryError, match="thesis is a folder and cannot be replaced by a file")
    with refused, written_whole(tmp_path / "thesis") as draft:
        draft.write_text("a page")
    assert kept.read_text() == "years of work"
    assert [path.name for path in tmp_path.iterdir()] == ["thesis"]


def test_nor_a_folder_behind_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "kept.txt").write_text("kept")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(IsADirectoryError), written_whole(tmp_path / "link") as draft:
        draft.write_text("a page")
    assert (tmp_path / "real" / "kept.txt").read_text() == "kept"
    assert (tmp_path / "link").is_symlink()


def test_a_file_replaces_a_file_and_a_folder_a_folder(tmp_path):
    for name in ("file", "folder"):
        for content in ("old", "new"):
            with written_whole(tmp_path / name) as draft:
                if name == "folder":
                    draft.mkdir()
                    (draft / "inside").write_text(content)
                else:
                    draft.write_text(content)
    assert (tmp_path / "file").read_text() == "new"
    assert (tmp_path / "folder" / "inside").read_text() == "new"


def test_what_fails_leaves_what_was_there(tmp_path):
    (tmp_path / "file").write_text("old")
    with pytest.raises(UnicodeEncodeError), written_whole(tmp_path / "file") as draft:
        draft.write_text("half\ud800", encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "old"
