"""`python -m tests.bench.bare_asgi NAME PORT`: an application that does nothing, behind one way to read HTTP."""

import sys
from typing import Any

import uvicorn

from facade.web.http_protocol import HttpProtocol

PROTOCOLS: dict[str, Any] = {"ours": HttpProtocol, "httptools": "httptools", "h11": "h11"}
CONTENT = b'{"content":"' + b"x" * 4_000 + b'"}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(CONTENT))]


async def app(scope: Any, receive: Any, send: Any) -> None:
    more = scope["type"] == "http"
    while more:
        more = (await receive()).get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": CONTENT})


if __name__ == "__main__":
    name, port = sys.argv[1:]
    uvicorn.run(app, port=int(port), http=PROTOCOLS[name], ws="none", lifespan="off", access_log=False, log_config=None)
