"""The sandbox as a server on loopback, in this process or as one of its own."""

import contextlib
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler, make_server

from reportbuilder.sandbox.app import create_app
from reportbuilder.sandbox.box import Box
from reportbuilder.sandbox.options import Options

HOST = "127.0.0.1"


class Sandbox(Box):
    """A local AMC: state from ``Box``, served over HTTP by ``serving``."""

    def __init__(
        self, options: Options | None = None, *, port: int = 0, now: Callable[[], datetime] | None = None
    ) -> None:
        super().__init__(options or Options(), now)
        self.app = create_app(self)
        self._port = port
        self._server: ThreadedWSGIServer | None = None

    @property
    def url(self) -> str:
        """The address that stands for the Ads API host.

        :raises RuntimeError: outside ``serving``.
        """
        if self._server is None:
            raise RuntimeError("the sandbox is not serving; enter its serving() first")
        return f"http://{HOST}:{self._server.port}"

    @property
    def token_url(self) -> str:
        """The address that stands for the Login-with-Amazon token endpoint."""
        return f"{self.url}/auth/o2/token"

    @contextlib.contextmanager
    def serving(self) -> Iterator["Sandbox"]:
        """Listen on a port of 127.0.0.1 while the block runs; afterwards nothing is left of it."""
        try:
            server = make_server(HOST, self._port, self.app, threaded=True, request_handler=_Handler)
        except BaseException:  # werkzeug leaves the program if the port is taken
            self.close()
            raise
        if not isinstance(server, ThreadedWSGIServer):
            raise TypeError("the sandbox needs a threaded server")
        server.daemon_threads = True
        connections: set[socket.socket] = set()
        server.connections = connections  # type: ignore[attr-defined] # the handler's way to register itself
        self._server = server
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="sandbox", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            for connection in tuple(connections):
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            server.server_close()
            self._server = None
            self.close()


class _Handler(WSGIRequestHandler):
    """Keeps connections alive, sends without delay, and logs nothing of a request."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)  # type: ignore[attr-defined] # see Sandbox.serving

    def finish(self) -> None:
        self.server.connections.discard(self.connection)  # type: ignore[attr-defined] # see Sandbox.serving
        with contextlib.suppress(ConnectionError):  # the client is gone, before its answer was
            super().finish()

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: ARG002 - as the overridden method
        logging.getLogger("reportbuilder.sandbox").debug(message, *args)
