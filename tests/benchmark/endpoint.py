"""Two real HTTP servers: one speaks the chat API with replies written beforehand, one takes what is sent to a cluster."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from delivery_benchmark.plane.api import Api


@dataclass
class Endpoint:
    """Replies in order; the last one is repeated. An int is an HTTP status, `drop` closes the connection."""

    replies: list[Any]
    asked: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    def answer(self, handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        reply = self.replies[min(len(self.asked), len(self.replies) - 1)]
        self.asked.append(body)
        if reply == "drop":
            handler.close_connection = True
            handler.connection.close()
        elif isinstance(reply, int):
            _send(handler, reply, {"error": {"message": "busy", "type": "server_error"}})
        elif "error" in reply:
            _send(handler, 400, reply)
        else:
            _send(handler, 200, reply)


def calls(*wanted: tuple[str, Any], usage: tuple[int, int] | None = (100, 20), text: str | None = None) -> dict[str, Any]:
    """A reply that calls tools, arguments as JSON or as the text given."""
    made = [
        {
            "id": f"call-{place}",
            "type": "function",
            "function": {"name": name, "arguments": given if isinstance(given, str) else json.dumps(given)},
        }
        for place, (name, given) in enumerate(wanted)
    ]
    return says(text, usage, made)


def says(text: str | None, usage: tuple[int, int] | None = (100, 20), tool_calls: Any = None) -> dict[str, Any]:
    """A reply in words."""
    message = {"role": "assistant", "content": text} | ({"tool_calls": tool_calls} if tool_calls else {})
    counted = {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)} if usage else None
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": counted}


@contextmanager
def served(handle: Any) -> Iterator[str]:
    """An HTTP server for the time of a test."""

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            handle(self, json.loads(raw) if raw else {})

        do_GET = do_POST = do_PATCH = _any

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def speaking(*replies: Any) -> Iterator[Endpoint]:
    """An endpoint with these replies."""
    made = Endpoint(list(replies))
    with served(made.answer) as url:
        made.url = f"{url}/v1"
        yield made


@contextmanager
def cluster() -> Iterator[tuple[Api, list[dict[str, Any]]]]:
    """Takes every request as the API server would one that it allows, and keeps it."""
    seen: list[dict[str, Any]] = []

    def handle(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        seen.append({"method": handler.command, "path": handler.path, "body": body})
        _send(handler, 200, {"kind": "Delivery", "metadata": {"name": "order", "generation": 1}, **body})

    with served(handle) as url, httpx.Client(base_url=url) as client:
        yield Api(client, {}, client), seen


def _send(handler: BaseHTTPRequestHandler, status: int, body: dict[str, Any]) -> None:
    raw = json.dumps(body).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(raw)))
    handler.end_headers()
    handler.wfile.write(raw)
