"""Messages between two processes of ours over a Unix socket: each whole, or the end."""

from __future__ import annotations

import json
import os
import socket
import struct
from collections.abc import Iterator, Mapping
from typing import Any

_LENGTH = struct.Struct(">Q")
_CHUNK = 1 << 16


class Channel:
    """One end of a connection. A message is a JSON object."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._received = bytearray()

    def fileno(self) -> int:
        """The file descriptor, to wait on."""
        return self._end.fileno()

    def send(self, message: Mapping[str, Any]) -> None:
        """Send a message. Raises OSError when the other end is gone."""
        self.send_packed(json.dumps(message).encode("ascii"))

    def send_packed(self, content: bytes) -> None:
        """Send a message that is JSON already."""
        self._end.sendall(_LENGTH.pack(len(content)) + content)

    def send_with(self, message: Mapping[str, Any], descriptor: int) -> None:
        """Send a message and an open file with it."""
        content = json.dumps(message).encode("ascii")
        framed = _LENGTH.pack(len(content)) + content
        sent = socket.send_fds(self._end, [framed], [descriptor])
        self._end.sendall(framed[sent:])

    def receive(self) -> dict[str, Any] | None:
        """Wait for the next message; None at the end."""
        while True:
            for message in self._whole():
                return message
            if not self._read():
                return None

    def receive_with(self) -> tuple[dict[str, Any], list[int]] | None:
        """Wait for the next message and what was sent with it; None at the end.

        Only for a channel on which one side asks and each message is read before the next is sent
        together with a file: a file belongs to the message that it arrived with.
        """
        descriptors: list[int] = []
        while True:
            for message in self._whole():
                return message, descriptors
            try:
                content, more, _, _ = socket.recv_fds(self._end, _CHUNK, 4)
            except ConnectionError:
                return None
            descriptors += more
            if not content:
                return None
            self._received += content

    def arrived(self) -> tuple[list[dict[str, Any]], bool]:
        """Read once, when there is something to read: whole messages, and whether more may come."""
        alive = self._read()
        return list(self._whole()), alive

    def close(self) -> None:
        """End the connection."""
        self._end.close()

    def _read(self) -> bool:
        try:
            content = self._end.recv(_CHUNK)
        except ConnectionError:
            return False
        self._received += content
        return bool(content)

    def _whole(self) -> Iterator[dict[str, Any]]:
        while len(self._received) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._received)
            end = _LENGTH.size + length
            if len(self._received) < end:
                return
            content = bytes(self._received[_LENGTH.size : end])
            del self._received[:end]
            yield json.loads(content)


def pair() -> tuple[Channel, socket.socket]:
    """A new connection: our end, and the other process's."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    return Channel(ours), theirs


def from_descriptor(descriptor: int) -> Channel:
    """The connection that another process has handed over."""
    os.set_inheritable(descriptor, False)
    return Channel(socket.socket(fileno=descriptor))
