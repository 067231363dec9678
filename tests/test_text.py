"""read_text: one file, several, a folder; and a clear message about everything that is not UTF-8 text."""

import os
import socket
import sys

import pytest
from helpers import run_python

from minigpt import data_path, read_text
from minigpt.errors import TextError, TextNotFound


def test_the_text_of_the_class(text):
    assert len(text.split()) == 860
    assert "Tavia Brankwell" in text


def test_data_path_names_only_what_comes_with_minigpt():
    assert data_path("questions.txt").is_file()
    with pytest.raises(TextNotFound, match=r"nosuch\.txt"):
        data_path("nosuch.txt")


def test_a_path_may_be_a_str_or_a_path(tmp_path):
    file = tmp_path / "a.txt"
    file.write_text("the cat", "utf-8")
    assert read_text(file) == read_text(str(file)) == "the cat"


def test_several_files_are_joined_by_an_empty_line_in_the_order_given(tmp_path):
    for name in ("b", "a"):
        (tmp_path / f"{name}.txt").write_text(f"text {name}", "utf-8")
    assert read_text([tmp_path / "b.txt", str(tmp_path / "a.txt")]) == "text b\n\ntext a"


def test_a_folder_gives_its_text_files_in_the_order_of_their_names(tmp_path):
    (tmp_path / "sub").mkdir()
    for name, content in {"b.txt": "two", "a.md": "one", "sub/c.TXT": "three", "d.py": "code", ".hidden.txt": "no"}.items():
        (tmp_path / name).write_text(content, "utf-8")
    assert read_text(tmp_path) == "one\n\ntwo\n\nthree"


@pytest.mark.parametrize("content", ["नमस्ते दुनिया", "你好，世界", "I like 🍕", "naïve café"])
def test_every_language_is_read(tmp_path, content):
    (tmp_path / "a.txt").write_text(content, "utf-8")
    assert read_text(tmp_path / "a.txt") == content


def test_a_byte_order_mark_is_dropped_in_each_file(tmp_path):
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_bytes(b"\xef\xbb\xbfcat")
    assert read_text(tmp_path) == "cat\n\ncat"


def test_line_ends_of_windows_and_old_macs(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"one\r\ntwo\rthree\n")
    assert read_text(tmp_path / "a.txt") == "one\ntwo\nthree\n"


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "with byte order mark"])
def test_a_wrong_encoding_names_the_file_and_the_byte(tmp_path, mark):
    content = mark + b"a caf" + b"\xe9 in Latin-1"
    file = tmp_path / "latin.txt"
    file.write_bytes(content)
    with pytest.raises(TextError) as error:
        read_text(file)
    message = str(error.value)
    assert "latin.txt" in message and "UTF-8" in message and "\n" not in message
    assert "0xe9" in message, f"the byte that cannot be read is 0xe9: {message}"
    assert str(content.index(0xE9)) in message, f"it is at position {content.index(0xE9)} of the file: {message}"


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("the cat".encode("utf-16"), "UTF-16"),
        ("the cat".encode("utf-16-be"), "zero byte"),
        ("the cat".encode("utf-32"), "UTF-32"),
        (b"\0\0\xfe\xff" + "the cat".encode("utf-32-be"), "UTF-32"),
        (b"%PDF-1.7 \xff\xfe", "PDF"),
        (b"PK\x03\x04 a Word file", "docx"),
        (b"\x7fELF\x02\x01\x00\x00", "zero byte"),
        (bytes(range(256)), "text"),
        (b"", "empty"),
        (b" \n\t \n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
    ],
    ids=[
        "utf-16",
        "utf-16 without mark",
        "utf-32",
        "utf-32-be",
        "pdf",
        "docx",
        "program",
        "all bytes",
        "empty",
        "blank",
        "only a mark",
    ],
)
def test_what_is_not_text_is_named(tmp_path, content, name):
    (tmp_path / "odd.txt").write_bytes(content)
    with pytest.raises(TextError, match=name) as error:
        read_text(tmp_path / "odd.txt")
    assert "odd.txt" in str(error.value)


@pytest.mark.parametrize("content", ["PKU is a rare disease.", "%P is a Windows variable."])
def test_a_text_that_begins_like_a_zip_or_a_pdf_is_a_text(tmp_path, content):
    (tmp_path / "a.txt").write_text(content, "utf-8")
    assert read_text(tmp_path / "a.txt") == content


def test_one_bad_file_in_a_folder_is_named(tmp_path):
    (tmp_path / "a.txt").write_text("good", "utf-8")
    (tmp_path / "b.txt").write_text("", "utf-8")
    with pytest.raises(TextError, match=r"b\.txt"):
        read_text(tmp_path)


def test_a_missing_path_names_the_file_and_the_folder(in_tmp):
    with pytest.raises(TextNotFound, match=r"nosuch\.txt") as error:
        read_text("nosuch.txt")
    assert str(in_tmp.resolve()) in str(error.value)
    assert isinstance(error.value, FileNotFoundError), "a learner may catch the usual FileNotFoundError"


def test_a_folder_without_text_and_no_path_at_all(tmp_path):
    (tmp_path / "a.py").write_text("code", "utf-8")
    with pytest.raises(TextNotFound, match=r"no \.txt"):
        read_text(tmp_path)
    with pytest.raises(TextNotFound, match="no path"):
        read_text([])


@pytest.mark.parametrize(
    "mistake",
    ["Who is Tavia Brankwell? " * 200, "", None, b"a.txt", 3, ["a.txt", None]],
    ids=["the text itself", "an empty string", "None", "bytes", "a number", "None in a list"],
)
def test_what_is_not_a_path_is_a_clear_error(in_tmp, mistake):
    (in_tmp / "a.txt").write_text("the current folder is not what was meant", "utf-8")
    with pytest.raises(TextNotFound):
        read_text(mistake)


def test_the_paths_may_come_from_a_glob(tmp_path):
    (tmp_path / "a.txt").write_text("the cat", "utf-8")
    assert read_text(tmp_path.glob("*.txt")) == "the cat"


READ = """
import sys
from minigpt import read_text
from minigpt.errors import TextError
try:
    read_text(sys.argv[1])
except TextError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
@pytest.mark.parametrize("kind", ["pipe", "socket", "/dev/zero"])
def test_what_never_ends_is_refused_without_reading(tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)  # the name of a socket must be short
    path = kind if kind.startswith("/") else f"{kind}.txt"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        socket.socket(socket.AF_UNIX).bind(path)
    done = run_python(READ, path)  # in a process of its own, which is stopped if it hangs
    assert done.returncode == 0, done.stderr
    assert path in done.stdout and "device, a pipe or a socket" in done.stdout


def test_a_pipe_in_a_folder_is_left_out(tmp_path):
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "a.txt").write_text("the cat", "utf-8")
    assert read_text(tmp_path) == "the cat"
