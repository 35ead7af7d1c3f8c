"""A real HTTP server on loopback that says what a test wrote down, and remembers what it was asked."""

import json
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Reply:
    """What to say: ``drop`` closes the connection "unanswered", "inside" the body, or "between" chunks."""

    status: int = 200
    body: dict[str, Any] | bytes | str = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    drop: str = ""
    chunks: tuple[bytes, ...] = ()

    def content(self) -> bytes:
        """Return the body's bytes."""
        if isinstance(self.body, dict):
            return json.dumps(self.body).encode()
        return self.body.encode() if isinstance(self.body, str) else self.body


@dataclass(frozen=True)
class Asked:
    """One request as it came in; header names are case-insensitive."""

    method: str
    path: str
    query: dict[str, str]
    headers: Message
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away, as tests of time-outs do."""


class ScriptedServer:
    """Start with ``with``; ``say`` queues replies, after which ``otherwise`` is said."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.otherwise = Reply(500, b"nothing scripted")
        self.pause_between_chunks = 0.0
        self.connections = 0
        self._replies: deque[Reply] = deque()
        self._lock = threading.Lock()
        self._server = _Quiet(("127.0.0.1", 0), type("Speaker", (_Speaker,), {"outer": self}))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def say(self, *replies: Reply) -> Self:
        self._replies.extend(replies)
        return self

    def _next(self, asked: Asked) -> Reply:
        with self._lock:
            self.asked.append(asked)
            return self._replies.popleft() if self._replies else self.otherwise


class _Speaker(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    outer: ScriptedServer

    def setup(self) -> None:
        self.outer.connections += 1
        super().setup()

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        split = urlsplit(self.path)
        query = dict(parse_qsl(split.query))
        reply = self.outer._next(Asked(self.command, split.path, query, self.headers, body))
        time.sleep(reply.delay)
        if reply.drop == "unanswered":
            self.close_connection = True
        else:
            self._speak(reply)

    def _speak(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.chunks:
            self._speak_chunks(reply)
            return
        content = reply.content()
        missing = 1000 if reply.drop == "inside" else 0
        self.send_header("Content-Length", str(len(content) + missing))
        self.end_headers()
        self.wfile.write(content)
        self.close_connection = self.close_connection or bool(missing)

    def _speak_chunks(self, reply: Reply) -> None:
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for chunk in reply.chunks:
            time.sleep(self.outer.pause_between_chunks)
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        if reply.drop == "between":
            self.close_connection = True
        else:
            self.wfile.write(b"0\r\n\r\n")

    do_GET = do_POST = do_PUT = answer  # noqa: N815 - the library's names
