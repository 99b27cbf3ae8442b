"""The broker that needs no server: a folder of messages, as kombu keeps it, with each message put there whole.

kombu makes a message's file under its name and writes into it then. Who looks in between takes an empty file, and dies of it
(https://github.com/celery/kombu/issues/1551): a demo that is left running loses its worker some hour.
"""

import time
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    def _put(self, queue: str, payload: dict[str, Any], **kwargs: Any) -> None:  # type: ignore[override]
        """Its name ends as readers look for it once all of it is there."""
        file = Path(self.data_folder_out) / f"{round(time.monotonic() * 1000)}_{uuid4()}.{queue}.msg"
        begun = file.with_suffix(".part")
        begun.write_text(dumps(payload))  # type: ignore[no-untyped-call]
        begun.rename(file)


class Transport(filesystem.Transport):
    Channel = Channel
    #: A folder has no host, and nobody wants to be warned of that.
    default_connection_params: ClassVar[dict[str, Any]] = {}


def use_whole_messages() -> None:
    """From now on this is what `filesystem://` means."""
    TRANSPORT_ALIASES["filesystem"] = "core.broker:Transport"
