"""Questions to the process that owns the file, or to the file if no process has it.

The process listens on a port of the loopback interface. Beside the file it notes the port and a token, readable by its
own user alone.
"""

import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests

from canonical.shared import jsontext
from facade.warehouse.errors import QuestionRefused, WarehouseError
from facade.warehouse.questions import Answer
from facade.warehouse.store import Store, when_free

HOST = "127.0.0.1"
AT_ONCE = 4
"""Queries that the process answers at the same time; others wait."""
POLL = 0.1
"""Seconds until the server notices that it has to stop."""
LARGEST = 1024 * 1024
"""Bytes of a question."""


def note_of(path: Path) -> Path:
    """Where the process that owns the file says how to reach it."""
    return path.with_name(f"{path.name}.address")


@contextmanager
def answering(store: Store, seconds: float) -> Iterator[None]:
    """Answer questions in threads of their own until the end of the block."""
    token = secrets.token_urlsafe(32)
    server = _Server((HOST, 0), _handler(store, token, seconds))
    note = note_of(store.path)
    thread = threading.Thread(target=server.serve_forever, args=(POLL,), name="warehouse-questions", daemon=True)
    thread.start()
    try:
        fresh = note.with_name(f"{note.name}.new")
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=0o600)
        fresh.write_bytes(jsontext.write({"port": server.server_address[1], "token": token}))
        fresh.replace(note)
        yield
    finally:
        note.unlink(missing_ok=True)
        server.shutdown()
        server.server_close()
        thread.join()


def ask(path: Path, statements: Sequence[str], rows: int, seconds: float) -> list[Answer]:
    """What the warehouse in this file answers, all as of one moment. Raises QuestionRefused, WarehouseError."""
    return when_free(lambda: _asked(path, statements, rows, seconds))


def _asked(path: Path, statements: Sequence[str], rows: int, seconds: float) -> list[Answer]:
    answers = _asked_process(path, statements, rows, seconds)
    if answers is not None:
        return answers
    if not path.exists():
        raise WarehouseError(f"there is no warehouse at {path}: start `tmf-facade warehouse run`")
    with closing(Store(path, read_only=True)) as store:
        return store.ask(statements, rows, seconds)


def _asked_process(path: Path, statements: Sequence[str], rows: int, seconds: float) -> list[Answer] | None:
    """None if no process answers: then a note is left from one that died."""
    try:
        note = jsontext.read_kept(note_of(path).read_text())
        url, token = f"http://{HOST}:{int(note['port'])}/", str(note["token"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    with requests.Session() as http:
        http.trust_env = False  # neither proxies nor ~/.netrc
        body = jsontext.write({"statements": list(statements), "rows": rows})
        try:
            answer = http.post(
                url,
                data=body,
                headers={"Authorization": f"Bearer {token}"},
                timeout=seconds * 2 + 60,
                allow_redirects=False,
            )
        except requests.ConnectionError:
            return None
        except requests.RequestException as error:
            raise WarehouseError(f"the warehouse process does not answer: {type(error).__name__}") from error
    with suppress(ValueError, KeyError, TypeError):  # another program may have the port now
        said = jsontext.read_kept(answer.text)
        if answer.status_code == HTTPStatus.OK:
            return [Answer.of_json(one) for one in said["answers"]]
        if answer.status_code == HTTPStatus.BAD_REQUEST:
            raise QuestionRefused(str(said["message"]))
    return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Somebody went away before the answer."""


def _handler(store: Store, token: str, seconds: float) -> type[BaseHTTPRequestHandler]:
    places = threading.BoundedSemaphore(AT_ONCE)

    class Questions(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            given = self.headers.get("Authorization", "")
            if not secrets.compare_digest(given.encode(), f"Bearer {token}".encode()):
                self._answer(HTTPStatus.UNAUTHORIZED, {"message": "wrong token"})
                return
            try:
                length = min(int(self.headers.get("Content-Length", 0)), LARGEST)
                question = jsontext.read_kept(self.rfile.read(length))
                with places:
                    answers = store.ask(question["statements"], int(question["rows"]), seconds)
            except (QuestionRefused, ValueError, KeyError, TypeError) as error:
                self._answer(HTTPStatus.BAD_REQUEST, {"message": str(error)})
                return
            self._answer(HTTPStatus.OK, {"answers": [answer.as_json() for answer in answers]})

        def _answer(self, status: HTTPStatus, body: Mapping[str, Any]) -> None:
            content = jsontext.write(body)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Questions are not logged: they may name customers."""

    return Questions
