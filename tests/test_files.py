"""Files are written atomically, alone and as sets, and no other file is lost."""

import contextlib
import errno
import gc
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hftopic._files import drafted, followed, prove_writable, written_whole
from hftopic._locks import Lock, locked
from hftopic._sets import _commit_name, complete, read_set, written_set


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


def test_a_file_replaces_a_file_and_a_folder_is_only_made_anew(tmp_path):
    for content in ("old", "new"):
        with written_whole(tmp_path / "file") as draft:
            draft.write_text(content)
    assert (tmp_path / "file").read_text() == "new"
    with written_whole(tmp_path / "folder") as draft:
        draft.mkdir()
        (draft / "inside").write_text("old")
    with pytest.raises(IsADirectoryError), written_whole(tmp_path / "folder") as draft:
        draft.mkdir()
    assert (tmp_path / "folder" / "inside").read_text() == "old"


def test_what_fails_leaves_what_was_there(tmp_path):
    (tmp_path / "file").write_text("old")
    with pytest.raises(UnicodeEncodeError), written_whole(tmp_path / "file") as draft:
        draft.write_text("half\ud800", encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "old"


def test_a_link_is_followed_and_one_to_nothing_is_refused(tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    with written_whole(tmp_path / "link") as draft:
        draft.write_text("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"
    (tmp_path / "lost").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    for name in ("lost", "loop"):
        with pytest.raises(FileNotFoundError, match=f"{name} is a link to .*, which does not exist"):
            followed(tmp_path / name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_devices_and_pipes_are_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path(os.devnull)):
        before = path.stat().st_mode
        with pytest.raises(FileExistsError, match="is a device, a pipe or a socket"), written_whole(path):
            pass
        assert path.stat().st_mode == before


def test_what_cannot_be_written_is_known_before(tmp_path):
    (tmp_path / "file").write_text("kept")
    with pytest.raises(NotADirectoryError, match="file is a file, not a folder"):
        prove_writable(tmp_path / "file" / "model")
    with pytest.raises(FileNotFoundError, match="create it first"):
        prove_writable(tmp_path / "none" / "model")
    with pytest.raises(OSError, match="name too long") as error:
        prove_writable(tmp_path / ("m" * 256))
    assert error.value.filename == str(tmp_path / ("m" * 256))
    assert prove_writable(tmp_path / ("m" * 255)).name == "m" * 255
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_a_full_disk_is_named_and_loses_nothing(tmp_path):
    (tmp_path / "file").write_text("kept")
    program = """
import resource, signal
from hftopic._files import prove_writable, written_whole
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    prove_writable("file")
except OSError as error:
    print(error.errno, error.filename)
try:
    with written_whole("file") as draft, draft.open("wb") as file:
        file.write(bytes(2000))
except OSError as error:
    print(error.errno, error.filename)
"""
    told = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
    assert told.stdout.splitlines() == 2 * [f"{errno.EFBIG} {tmp_path / 'file'}"]
    assert (tmp_path / "file").read_text() == "kept"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def write_set(folder, content, files=("a", "b"), **given):
    with written_set(folder, **given) as draft:
        for name in files:
            (draft / name).write_text(content)


def test_a_set_replaces_its_own_files_and_keeps_all_others(tmp_path):
    write_set(tmp_path / "set", "1", ("a", "b", "c"))
    (tmp_path / "set" / "notes").write_text("kept")
    write_set(tmp_path / "set", "2", earlier=lambda: "abc")
    assert {file.name: file.read_text() for file in (tmp_path / "set").iterdir()} == {
        "a": "2",
        "b": "2",
        "notes": "kept",
    }
    assert names(tmp_path) == ["set"]


def test_a_set_that_fails_changes_nothing(tmp_path):
    write_set(tmp_path, "1")
    with pytest.raises(UnicodeEncodeError):
        write_set(tmp_path, "half\ud800")
    (tmp_path / "c").mkdir()
    with pytest.raises(IsADirectoryError, match="c is a folder, where a file must be written"):
        write_set(tmp_path, "2", "abc")
    assert ((tmp_path / "a").read_text(), (tmp_path / "b").read_text()) == ("1", "1")
    assert names(tmp_path) == ["a", "b", "c"]
    with pytest.raises(NotADirectoryError):
        write_set(tmp_path / "a", "2")


@pytest.mark.parametrize("step", ["rename", "replace", "unlink", "rmdir"])
@pytest.mark.parametrize("count", [1, 2])
def test_a_reader_completes_what_a_dead_writer_committed(tmp_path, monkeypatch, step, count):
    """The process dies before the nth call of this function: the reader gets the old or the new set."""
    write_set(tmp_path, "1", ("a", "b", "c"))
    real, calls = getattr(os, step), []

    def dying(*arguments, **named):
        calls.append(arguments)
        if len(calls) == count:
            raise SystemExit
        return real(*arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(os, step, dying)
        try:
            write_set(tmp_path, "2", earlier=lambda: "c")
            died = False
        except SystemExit:
            died = True
    files = [tmp_path / name for name in "abc"]
    found = read_set(tmp_path, "", lambda: files, lambda: [f.read_text() for f in files if f.exists()])
    assert found in (["1", "1", "1"], ["2", "2"])
    assert found == ["2", "2"] or (died and step == "rename")
    assert names(tmp_path) == ["a", "b"] if found == ["2", "2"] else ["a", "b", "c"]


def test_drafts_of_dead_processes_are_removed_and_those_of_others_kept(tmp_path):
    dead = tmp_path / ".hftopic-0123456789abcdef.draft"
    dead.mkdir()
    (dead / "half").write_text("half")
    (tmp_path / ".hftopic-mine.draft").write_text("the user's")
    with drafted(tmp_path, tmp_path / "one") as first, drafted(tmp_path, tmp_path / "two") as second:
        assert names(tmp_path) == sorted([".hftopic-mine.draft", first.name, second.name])
    assert names(tmp_path) == [".hftopic-mine.draft"]


def test_readers_see_one_generation_while_two_threads_write(tmp_path):
    """Each of 300 reads would see a mixture often, if files were replaced one by one."""
    write_set(tmp_path, "0", "abcdef")
    stop = threading.Event()

    def write(number):
        while not stop.is_set():
            write_set(tmp_path, str(number), "abcdef")

    writers = [threading.Thread(target=write, args=(number,)) for number in (1, 2)]
    for writer in writers:
        writer.start()
    files = [tmp_path / name for name in "abcdef"]
    try:
        found = [
            read_set(tmp_path, "", lambda: files, lambda: {file.read_text() for file in files})
            for _ in range(300)
        ]
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert all(len(contents) == 1 for contents in found)
    assert names(tmp_path) == sorted("abcdef")


def test_the_first_files_of_a_set_are_completed_too(tmp_path, monkeypatch):
    """Nothing is in place yet, so a reader that looks for the files first would find none."""
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            write_set(tmp_path, "1")
    assert not (tmp_path / "a").exists()
    complete(tmp_path)
    assert names(tmp_path) == ["a", "b"]


def test_what_is_there_is_asked_before_the_body_and_before_the_commit(tmp_path):
    """A file that another process puts there meanwhile is seen; one that must be kept stops the write."""
    write_set(tmp_path / "set", "1", "ab")

    def earlier():
        if (tmp_path / "set" / "foreign").exists():
            raise FileExistsError("foreign")
        return ["a", "b"]

    def write():
        with written_set(tmp_path / "set", earlier=earlier) as draft:
            (draft / "a").write_text("2")
            (tmp_path / "set" / "foreign").write_text("kept")

    with pytest.raises(FileExistsError):
        write()
    assert names(tmp_path / "set") == ["a", "b", "foreign"]
    assert (tmp_path / "set" / "a").read_text() == "1"


def test_a_set_that_is_locked_names_the_folder(tmp_path, monkeypatch):
    monkeypatch.setattr("hftopic._locks.PATIENCE", 0.01)
    lock = Lock(tmp_path)
    if not lock.acquire():
        pytest.skip("this file system has no locks of folders")
    with pytest.raises(TimeoutError, match=str(tmp_path)):
        write_set(tmp_path, "1")
    lock.release()
    write_set(tmp_path, "1")
    assert names(tmp_path) == ["a", "b"]


def test_a_lock_that_an_interrupt_has_left_is_taken_back_by_its_thread(tmp_path, monkeypatch):
    """A traceback keeps the body alive, and with it the lock, as in an interactive session."""
    monkeypatch.setattr("hftopic._locks.PATIENCE", 0.01)
    if not Lock(tmp_path).acquire():
        pytest.skip("this file system has no locks of folders")
    left = locked(tmp_path)
    left.__enter__()
    write_set(tmp_path, "1")
    assert names(tmp_path) == ["a", "b"]
    with locked(tmp_path):
        left.__exit__(None, None, None)  # the end of the old body does not end the lock of the new one
        other = Lock(tmp_path)
        assert not other.acquire()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_does_not_end_the_lock_of_its_parent(tmp_path):
    with locked(tmp_path):
        child = os.fork()
        if child == 0:
            with contextlib.suppress(BaseException):
                gc.collect()
            os._exit(0)
        os.waitpid(child, 0)
        other = Lock(tmp_path)
        assert not other.acquire() or not other.works


@pytest.mark.parametrize("removed", ['["../kept"]', '["kept", 3]', "{", "3", '[""]'])
def test_a_commit_that_no_writer_made_is_not_followed(tmp_path, removed):
    folder = tmp_path / "set"
    commit = folder / _commit_name("")
    commit.mkdir(parents=True)
    (tmp_path / "kept").write_text("kept")
    (folder / "a").write_text("old")
    (commit / "a").write_text("new")
    (commit / ".removed.json").write_text(removed)
    with pytest.raises(OSError, match=r"\.removed\.json is damaged; remove"):
        read_set(folder, "", list, lambda: (folder / "a").read_text())
    assert ((tmp_path / "kept").read_text(), (folder / "a").read_text()) == ("kept", "old")


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs users")
def test_a_shared_folder_is_not_changed_for_another_user(tmp_path, monkeypatch):
    """In a folder such as /tmp, a write over files of others fails before its commit, and loses nothing."""
    write_set(tmp_path, "1")
    tmp_path.chmod(0o1777)
    with monkeypatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: 12345)
        patch.setattr(Path, "stat", lambda path, real=Path.stat: _owned_by_others(real(path)))
        with pytest.raises(PermissionError, match="belongs to another user"):
            write_set(tmp_path, "2")
        commit = tmp_path / _commit_name("")
        commit.mkdir()
        with pytest.raises(PermissionError, match="of another user must be completed by that user"):
            read_set(tmp_path, "", list, lambda: None)
        commit.rmdir()
    assert names(tmp_path) == ["a", "b"]
    assert (tmp_path / "a").read_text() == "1"


def _owned_by_others(status):
    return os.stat_result((*status[:4], 54321, *status[5:10]))


def test_links_among_the_files_of_a_set_are_kept(tmp_path):
    (tmp_path / "real").write_text("kept")
    (tmp_path / "a").symlink_to("real")
    with pytest.raises(FileExistsError, match="a is a link to real; remove it"):
        write_set(tmp_path, "1")
    assert (tmp_path / "real").read_text() == "kept"
    assert names(tmp_path) == ["a", "real"]


def test_files_and_folders_follow_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        write_set(tmp_path / "set", "1")
        with written_whole(tmp_path / "file") as draft:
            draft.write_text("1")
    finally:
        os.umask(before)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("set", "set/a", "file")]
    assert modes == [0o750, 0o640, 0o640]
