"""The folder of messages: nobody takes half a message."""

from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection
from kombu.utils.json import dumps

from core import broker
from merchstore.celery import app


@pytest.fixture
def site(tmp_path: Path) -> Connection:
    folders = {name: tmp_path / name for name in ("queue", "control")}
    for folder in folders.values():
        folder.mkdir()
    queue = str(folders["queue"])
    options = {"data_folder_in": queue, "data_folder_out": queue, "control_folder": str(folders["control"])}
    return Connection("filesystem://", transport_options=options)


def test_the_site_speaks_to_it_and_complains_of_no_host(site: Connection, caplog: pytest.LogCaptureFixture) -> None:
    assert app.main == "merchstore"
    assert type(site.channel()) is broker.Channel
    assert site.info()["transport"] == "filesystem"
    assert caplog.messages == []


def test_what_is_being_written_is_not_there_yet(site: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    reader, seen = site.channel(), []

    def write_and_look(self: Path, text: str) -> None:
        for part in (text[:5], text[5:]):
            with self.open("a") as file:
                file.write(part)
            with pytest.raises(Empty):
                reader._get("default")
            seen.append(reader._size("default"))

    monkeypatch.setattr(Path, "write_text", write_and_look)
    site.channel()._put("default", {"body": "hello"})

    assert seen == [0, 0]
    assert reader._size("default") == 1
    assert reader._get("default") == {"body": "hello"}


def test_the_order_in_which_they_were_put_is_that_in_which_they_are_taken(
    site: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = iter(range(100, 200))
    monkeypatch.setattr(broker.time, "monotonic", lambda: next(at))
    channel = site.channel()
    bodies: list[dict[str, Any]] = [{"body": dumps(number)} for number in range(9)]
    for body in bodies:
        channel._put("default", body)

    assert [channel._get("default") for _body in bodies] == bodies
