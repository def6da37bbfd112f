"""The span of each request: the first of a trace, or below the caller's."""

from connexion.middleware.abstract import ROUTING_CONTEXT
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from canonical.shared import tracing
from facade.web.correlation import correlation_id

QUIET = ("/health/", "/metrics")


class Tracing:
    """ASGI middleware, inside of Correlation. Health and metrics are asked too often to be worth a trace."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(QUIET):
            await self._app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == b"traceparent"), b"")
        method = scope["method"]
        with tracing.span(method, "server", given.decode("latin1") or None) as span:

            async def send_noting(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.note(http__response__status_code=message["status"])
                    if message["status"] >= 500:
                        span.failed(str(message["status"]))
                await send(message)

            await self._app(scope, receive, send_noting)
            routing = scope.get("extensions", {}).get(ROUTING_CONTEXT) or {}
            if routing.get("operation_id"):
                span.rename(f"{method} {routing['operation_id']}")
            span.note(
                http__request__method=method, url__path=str(scope["path"]), facade__correlation_id=correlation_id()
            )
