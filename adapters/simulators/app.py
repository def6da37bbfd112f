"""Builds the server: the five contracts, the functions behind them, tokens and faults."""

import functools
import logging
import re
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import connexion
import yaml
from connexion.exceptions import ProblemException
from connexion.lifecycle import ConnexionRequest, ConnexionResponse
from connexion.middleware import MiddlewarePosition
from connexion.middleware.main import ConnexionMiddleware
from connexion.middleware.response_validation import ResponseValidationMiddleware
from connexion.middleware.swagger_ui import SwaggerUIMiddleware
from connexion.resolver import Resolver
from starlette.exceptions import HTTPException

from adapters.simulators import billing, bss, crm, inventory, scm
from adapters.simulators.checks import VALIDATORS
from adapters.simulators.control import Handler, control_handlers, world_handlers
from adapters.simulators.faults import FaultBoard, FaultMiddleware
from adapters.simulators.refusals import Refusal, TwinAnswer, error
from adapters.simulators.tokens import BearerCheck, Tokens
from adapters.simulators.world import World
from canonical.shared import jsontext

log = logging.getLogger(__name__)
SPECS = Path(__file__).parents[2] / "specs" / "backends"

READS: dict[str, Callable[..., Any]] = {
    "getCustomer": crm.get_customer,
    "findReservations": inventory.find_reservations,
    "getReservation": inventory.get_reservation,
    "getStock": inventory.get_stock,
    "findOrders": bss.find_orders,
    "getOrder": bss.get_order,
    "getSubscriptions": bss.get_subscriptions,
    "findSubscription": bss.find_subscription,
    "getPlans": bss.get_plans,
    "findCharges": billing.find_charges,
    "getCharge": billing.get_charge,
    "getInvoice": billing.get_invoice,
    "getOutstanding": billing.get_outstanding,
    "findBillingAccounts": billing.find_accounts,
    "getBillingAccount": billing.get_account,
    "getBilledPlan": billing.get_billed_plan,
    "getShipments": scm.get_shipments,
    "getRecentShipments": scm.get_recent_shipments,
}
CHANGES: dict[str, tuple[str, Callable[..., Any]]] = {
    "reserve": ("inventory", inventory.reserve),
    "release": ("inventory", inventory.release),
    "createOrder": ("bss", bss.create_order),
    "cancelOrder": ("bss", bss.cancel_order),
    "changePlan": ("bss", bss.change_plan),
    "charge": ("billing", billing.charge),
    "refund": ("billing", billing.refund),
    "setPlan": ("billing", billing.set_plan),
}
MADE = {"reserve": "reservationId", "createOrder": "orderId", "charge": "chargeId"}
"""Operations that make something, and the field of their answers that has its id."""
BACKENDS = ("crm", "inventory", "bss", "billing", "scm")


def build_app(
    state: Path | str,
    *,
    client_id: str = "facade",
    client_secret: str = "facade-secret",  # noqa: S107 - of a simulation
    token_seconds: int = 3600,
    development: bool = True,
) -> connexion.AsyncApp:
    """The simulated backends over the state in this SQLite file, which is made and seeded when it is new.

    Everything runs on the event loop, one change at a time, so a call that hangs or waits costs no thread.
    """
    world, board = World(state), FaultBoard()
    tokens = Tokens(client_id, client_secret, token_seconds)
    handlers = {operation: _reading(world, read) for operation, read in READS.items()}
    for operation, (backend, change) in CHANGES.items():
        handlers[operation] = _changing(world, backend, operation, change)
    handlers |= control_handlers(world, tokens, board) | world_handlers(world, development=development)

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        yield
        world.close()

    app = connexion.AsyncApp(
        __name__,
        lifespan=lifespan,
        middlewares=[
            middleware
            for middleware in ConnexionMiddleware.default_middlewares
            if middleware not in (SwaggerUIMiddleware, ResponseValidationMiddleware)
        ],
        jsonifier=ExactJsonifier(),
        pythonic_params=True,
        resolver=Resolver(handlers.__getitem__),
        validator_map=VALIDATORS,
        security_map={"oauth2": functools.partial(BearerCheck, tokens)},
    )
    app.add_middleware(FaultMiddleware, position=MiddlewarePosition.BEFORE_SECURITY, board=board)
    methods: list[tuple[re.Pattern[str], str]] = []
    for kind in (HTTPException, ProblemException):
        app.add_error_handler(kind, functools.partial(_contract_error, methods))
    app.add_error_handler(Exception, _own_error)
    for name in BACKENDS:
        spec = _load(name)
        board.operations[name] = {
            operation["operationId"] for path in spec["paths"].values() for operation in path.values()
        }
        methods += [_methods(f"/{name}{path}", operations) for path, operations in spec["paths"].items()]
        own = handlers | {"getContract": _telling_version(spec["info"]["version"])}
        app.add_api(spec, base_path=f"/{name}", name=name, resolver=Resolver(own.__getitem__))
    app.add_api(_load("_control"), base_path="", name="control")
    return app


class ExactJsonifier:
    """Compact JSON. Connexion's default indents, which doubles the bytes and takes forty times as long."""

    def dumps(self, data: Any) -> bytes:
        return jsontext.write(data)

    def loads(self, data: bytes | str) -> Any:
        return jsontext.read(data.encode() if isinstance(data, str) else data)


def _load(name: str) -> Any:
    # Given as a dict, because Connexion runs a file through jinja2 first.
    return yaml.load((SPECS / f"{name}.yaml").read_bytes(), Loader=yaml.CSafeLoader)


def _telling_version(version: str) -> Handler:
    async def get_contract() -> TwinAnswer:
        return {"version": version}, 200, {}

    return get_contract


def _reading(world: World, read: Callable[..., Any]) -> Handler:
    @functools.wraps(read)  # Connexion looks through the wrapper to see which parameters the function wants.
    async def handle(**arguments: Any) -> TwinAnswer:
        try:
            return read(world, **arguments), 200, {}
        except Refusal as refusal:
            return refusal.answer()

    return handle


def _changing(world: World, backend: str, operation: str, change: Callable[..., Any]) -> Handler:
    @functools.wraps(change)
    async def handle(**arguments: Any) -> TwinAnswer:
        key = connexion.request.headers.get("idempotency-key")
        try:
            body, status, headers = world.change(backend, operation, key, arguments, lambda: change(world, **arguments))
        except Refusal as refusal:
            return refusal.answer()
        if status == HTTPStatus.CREATED:
            headers["Location"] = f"{connexion.request.url.path}/{body[MADE[operation]]}"
        return body, status, headers

    return handle


async def _own_error(_: ConnexionRequest, defect: Exception) -> ConnexionResponse:
    """A defect of the simulation itself; the log has it, the caller gets a plain 500."""
    log.error("the simulation failed", exc_info=defect)
    body, status, _ = error(500)
    return ConnexionResponse(status_code=status, content_type="application/json", body=jsontext.write(body))


def _methods(path: str, operations: Iterable[str]) -> tuple[re.Pattern[str], str]:
    """An address as a pattern, and the methods it takes."""
    return re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), ", ".join(sorted(name.upper() for name in operations))


async def _contract_error(
    methods: list[tuple[re.Pattern[str], str]], request: ConnexionRequest, problem: HTTPException
) -> ConnexionResponse:
    """What Connexion refuses by itself (contract, token, address), in the backends' error shape."""
    code = {400: "INVALID_REQUEST"}.get(problem.status_code)
    body, status, headers = error(problem.status_code, problem.detail, code)
    headers |= problem.headers or {}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="backends"'
    if status == 405:  # Starlette names the methods of one of the address's routes only.
        path = str(request.url.path)
        headers["Allow"] = next((allowed for address, allowed in methods if address.fullmatch(path)), "")
    return ConnexionResponse(
        status_code=status, content_type="application/json", body=jsontext.write(body), headers=headers
    )
