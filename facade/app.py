"""Builds the Connexion app from the contracts in specs/: operations, validation and error handlers."""

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import connexion
from connexion.apps.flask import FlaskOperation
from connexion.middleware import ConnexionMiddleware
from connexion.middleware.routing import RoutingMiddleware
from connexion.middleware.swagger_ui import SwaggerUIMiddleware
from connexion.resolver import Resolver

from facade.contract.checking import CheckingThread
from facade.contract.connexion_plugin import OnBody, validator_map
from facade.contract.loading import load_spec
from facade.contract.rewording import Rewording
from facade.contract.validator import Contract
from facade.published.site import Page, Site
from facade.security.principal import refuses_nulls
from facade.web.correlation import Correlation, Observe
from facade.web.cors import for_browsers
from facade.web.errors import HANDLED, ErrorHandler
from facade.web.json import ExactJsonifier, ExactProvider
from facade.web.methods import MethodTable
from facade.web.public_address import PublicAddress
from facade.web.request_guard import RequestGuard
from facade.web.routing import ExactRouting
from facade.web.threads import Queue
from facade.web.tracing import Tracing
from facade.web.trailing_slash import TrailingSlash
from facade.web.wsgi_bridge import Wait, WsgiBridge

SPECS = Path(__file__).parent.parent / "specs"

ErrorHandlerFactory = Callable[[MethodTable], ErrorHandler]
Operations = Mapping[str, Callable[..., Any]]


@dataclass(frozen=True)
class Api:
    """One contract, the handlers of its operations by operationId, and further addresses for it.

    The event loop itself answers the operations in `on_loop`: their handlers need nothing and never wait. It runs those
    in `waits` before the operation gets a thread, so that requests wait for something without one. `rewording`: the
    words that clients have of their own. `on_body` is told of each body that is sent.
    """

    spec: str
    operations: Operations
    aliases: tuple[str, ...] = ()
    on_loop: tuple[str, ...] = ()
    waits: Mapping[str, Wait] = field(default_factory=dict)
    rewording: Rewording | None = None
    on_body: OnBody | None = None


def build_app(
    apis: list[Api],
    *,
    on_error: ErrorHandlerFactory,
    security_map: Mapping[str, Any],
    threads: int,
    deadline: float,
    validate_responses: bool,
    queue: Queue,
    observe: Observe,
    traced: bool,
    public_url: str = "",
    trusted_proxies: Iterable[str] = (),
    allowed_origins: Collection[str] = (),
    pages: Mapping[str, Page] = MappingProxyType({}),
    lifespan: Callable[[Any], AbstractAsyncContextManager[None]] | None = None,
) -> Correlation:
    """The whole product behind one ASGI application. `deadline`: seconds for a request and all its calls."""
    app = connexion.FlaskApp(
        "facade",
        lifespan=lifespan,
        middlewares=[
            ExactRouting if kind is RoutingMiddleware else kind
            for kind in ConnexionMiddleware.default_middlewares
            if kind is not SwaggerUIMiddleware
        ],
        jsonifier=ExactJsonifier(),
        security_map=dict(security_map),
        validate_responses=validate_responses,
    )
    app.app.json = ExactProvider(app.app)
    app.app.view_functions = DirectViews(app.app.view_functions)
    methods, checking = MethodTable(), CheckingThread()
    for api in apis:
        _add(app, api, methods, checking)
    handle = on_error(methods)
    for kind in HANDLED:
        app.add_error_handler(kind, handle)
    on_loop = {
        (address, name): api.operations[name] for api in apis for address in _addresses(api) for name in api.on_loop
    }
    waits = {(address, name): wait for api in apis for address in _addresses(api) for name, wait in api.waits.items()}
    app._middleware_app.asgi_app = WsgiBridge(app.app.wsgi_app, threads, methods, deadline, queue, on_loop, waits)
    methods.add("", {"paths": {page: {"get": {}} for page in pages}})
    guarded = RequestGuard(TrailingSlash(Site(app, pages), methods))
    addressed = PublicAddress(Tracing(guarded) if traced else guarded, public_url, trusted_proxies)
    return Correlation(for_browsers(addressed, allowed_origins), observe)


@cache
def spec_of(spec: str) -> dict[str, Any]:
    """A file in specs/, loaded once."""
    return load_spec(SPECS / spec)


@cache
def contract_of(spec: str) -> Contract:
    """The contract of a file in specs/."""
    return Contract(spec_of(spec))


def _add(app: connexion.FlaskApp, api: Api, methods: MethodTable, checking: CheckingThread) -> None:
    spec = spec_of(api.spec)
    contract = contract_of(api.spec)
    checks = validator_map(
        dict.fromkeys(_addresses(api), contract),
        thread=checking,
        rewording=api.rewording,
        refuses_nulls=refuses_nulls,
        on_body=api.on_body,
    )
    for address in _addresses(api):
        methods.add(address, spec)
        app.add_api(
            spec,
            base_path=address,
            name=address,
            resolver=Resolver(api.operations.__getitem__),
            validator_map=checks,
        )


def _addresses(api: Api) -> tuple[str, ...]:
    return contract_of(api.spec).base_path, *api.aliases


class DirectViews(dict[str, Callable[..., Any]]):
    """Flask's views, where our handlers have no wrapper of Connexion around them.

    For every request the wrapper parses parameters and forms, inspects signatures and serialises results, which is a
    quarter of a read's time. It is not needed: Connexion's middleware has validated the request before, and our
    handlers take only path parameters and return responses.
    """

    def __setitem__(self, endpoint: str, view: Callable[..., Any]) -> None:
        super().__setitem__(endpoint, view._fn if isinstance(view, FlaskOperation) else view)
