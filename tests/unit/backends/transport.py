"""A backend without a network: answers from a script, and remembers what it was asked."""

import io
from collections.abc import Callable
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from canonical.shared import jsontext


def answer(status: int = 200, body: Any = None, **headers: str) -> Response:
    """A response; `body` is bytes as they are, or anything as JSON. `Retry_After` names the header Retry-After."""
    response = Response()
    response.status_code = status
    response.headers = CaseInsensitiveDict({name.replace("_", "-"): value for name, value in headers.items()})
    response.raw = io.BytesIO(body if isinstance(body, bytes) else jsontext.write(body))
    return response


def token(value: str = "token-1", **fields: Any) -> Response:
    return answer(body={"access_token": value, "token_type": "Bearer", "expires_in": 3600} | fields)


Scene = Response | Exception | Callable[[], Response]


class Scripted(BaseAdapter):
    """Gives the next of `script` to each request: a response, an error to raise, or a function that makes one."""

    def __init__(self, *script: Scene) -> None:
        super().__init__()
        self.script = list(script)
        self.asked: list[PreparedRequest] = []
        self.timeouts: list[Any] = []

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        self.asked.append(request)
        self.timeouts.append(kwargs.get("timeout"))
        given = self.script.pop(0)
        if isinstance(given, Exception):
            raise given
        response = given if isinstance(given, Response) else given()
        response.request = request
        response.url = str(request.url)
        return response

    def close(self) -> None:
        pass
