"""Netron: a private copy, one server at a time, an address in every case, and errors that say what to type."""

import datetime
import logging
import socket
import subprocess
import sys
import types
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from minigpt.errors import ShowError
from minigpt.show import netron_page, show_netron, stop_netron

netron = pytest.importorskip("netron")


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A folder like that of save_gpt; Netron's server does not look into the files."""
    folder = tmp_path / 'my "first" run'
    folder.mkdir()
    (folder / "model.h5").write_bytes(b"the model")
    (folder / "config.json").write_text("{}")
    yield folder
    stop_netron()


def read(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=5) as answer:
        return answer.read()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


def test_it_serves_the_model_and_nothing_else(saved, capsys):
    address = show_netron(saved)
    assert capsys.readouterr().out.strip() == f"Netron shows {saved / 'model.h5'} at {address}"
    assert read(f"{address}/data/model.h5") == b"the model"
    assert b'<meta name="file" content="/data/model.h5">' in read(address)
    with pytest.raises(urllib.error.HTTPError):
        read(f"{address}/data/config.json")


def test_asked_twice_it_replaces_the_first(saved):
    show_netron(saved)
    (first_copy,) = netron_page._folders
    (saved / "other.keras").write_bytes(b"another model")
    address = show_netron(saved / "other.keras")
    assert read(f"{address}/data/model.keras") == b"another model"
    assert not Path(first_copy).exists()
    assert len(netron_page._folders) == 1


def test_the_same_port_can_be_asked_for_again_at_once(saved):
    port = free_port()
    for _ in range(3):
        assert show_netron(saved, port=port) == f"http://localhost:{port}"
    assert read(f"http://localhost:{port}/data/model.h5") == b"the model"


def test_stopping_takes_the_page_down_and_deletes_the_copy(saved):
    show_netron(saved)
    (copy,) = netron_page._folders
    stop_netron()
    assert not Path(copy).exists()
    assert not netron.status()


def test_a_port_that_is_taken_is_named_and_nothing_is_left(saved):
    with socket.socket() as other:
        other.bind(("localhost", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ShowError, match=rf"port={port} cannot be used \(.*use\): use a free one .*, or leave it out"):
            show_netron(saved, port=port)
    assert netron_page._folders == []


@pytest.mark.parametrize("port", [70000, -1, "8080"])
def test_a_port_that_is_none_is_named(saved, port):
    with pytest.raises(ShowError, match=rf"port={port!r} cannot be used \(it is no port\)"):
        show_netron(saved, port=port)


def test_in_a_notebook_it_returns_the_picture(saved, monkeypatch, capsys):
    monkeypatch.setattr(netron_page, "in_notebook", lambda: True)
    page = show_netron(saved, height=321)._repr_html_()
    address = capsys.readouterr().out.split()[-1]
    assert f'src="{address}"' in page and 'height="321"' in page


def test_in_colab_the_port_is_handed_to_colab(saved, monkeypatch, capsys):
    served = []
    output = types.SimpleNamespace(serve_kernel_port_as_iframe=lambda port, height: served.append((port, height)))
    monkeypatch.setitem(sys.modules, "google.colab", types.SimpleNamespace(output=output))
    show_netron(saved)
    port = int(capsys.readouterr().out.strip().rsplit(":", 1)[1])
    assert served == [(port, "600")]


def test_the_logging_of_the_program_is_left_alone(saved):
    root = logging.getLogger()
    before = list(root.handlers), root.level
    show_netron(saved)
    assert (list(root.handlers), root.level) == before


@pytest.mark.parametrize(
    ("name", "message"),
    [("nowhere", "there is no"), ("empty", "has no model.h5"), ("empty/notes.txt", "is not a Keras model")],
)
def test_a_path_without_a_model_is_named(tmp_path, name, message):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.txt").write_text("no model")
    with pytest.raises(ShowError, match=message):
        show_netron(tmp_path / name)


def test_a_wrong_path_leaves_what_is_shown(saved):
    address = show_netron(saved)
    with pytest.raises(ShowError):
        show_netron(saved / "nothing")
    assert read(f"{address}/data/model.h5") == b"the model"


def test_the_days_that_netron_still_draws_are_counted_from_its_build(tmp_path):
    (tmp_path / "index.html").write_text('<meta name="date" content="2026-01-01 10:00:00">')
    assert netron_page.days_left(tmp_path, datetime.date(2026, 1, 11)) == 170
    assert netron_page.days_left(tmp_path, datetime.date(2026, 12, 31)) < 0
    (tmp_path / "index.html").write_text("no date")
    assert netron_page.days_left(tmp_path) is None
    assert netron_page.days_left(Path(netron.__file__).parent) is not None, "this Netron keeps its date elsewhere"


def test_the_age_of_netron_can_be_asked_for_where_keras_is_broken():
    code = "import sys; from minigpt.show.netron_page import days_left; sys.exit('keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0, "minigpt doctor must be able to ask without Keras"


def test_a_netron_that_is_too_old_is_named_with_the_command(saved, monkeypatch):
    monkeypatch.setattr(netron_page, "days_left", lambda folder: -1)
    with pytest.raises(ShowError, match=r'too old.*type python -m pip install --upgrade "netron>=9.3"'):
        show_netron(saved)


def test_a_missing_netron_is_named_with_the_command(saved, monkeypatch):
    monkeypatch.setitem(sys.modules, "netron", None)
    with pytest.raises(ShowError, match=r'not installed: type python -m pip install --upgrade "netron>=9.3"'):
        netron_page._netron()
