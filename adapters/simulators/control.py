"""Handlers of `_control.yaml`: tokens, health, faults, ledger, and changes of the simulated world."""

import base64
import binascii
import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import connexion

from adapters.simulators import crm, inventory
from adapters.simulators.faults import FaultBoard
from adapters.simulators.refusals import Refusal, TwinAnswer, error
from adapters.simulators.tokens import Tokens
from adapters.simulators.world import World

Handler = Callable[..., Awaitable[Any]]


def control_handlers(world: World, tokens: Tokens, board: FaultBoard) -> dict[str, Handler]:
    """The operations that belong to no backend, by operationId; those that change the world are `world_handlers`."""

    async def issue_token(body: Mapping[str, str]) -> TwinAnswer:
        if body.get("grant_type") != "client_credentials":
            return {"error": "unsupported_grant_type"}, 400, {}
        if not tokens.knows(*_credentials(body)):
            return {"error": "invalid_client"}, 401, {"WWW-Authenticate": 'Basic realm="backends"'}
        token = {"access_token": tokens.issue(), "token_type": "Bearer", "expires_in": tokens.seconds}
        return token, 200, {"Cache-Control": "no-store"}

    async def health() -> TwinAnswer:
        return {"status": "ok"}, 200, {}

    async def list_faults() -> TwinAnswer:
        return board.settings(), 200, {}

    async def clear_faults() -> TwinAnswer:
        board.clear()
        return {}, 200, {}

    async def set_fault(backend: str, body: Mapping[str, Any]) -> TwinAnswer:
        try:
            board.put(backend, body)
        except Refusal as refusal:
            return refusal.answer()
        return body, 200, {}

    async def count_calls(backend: str) -> TwinAnswer:
        return board.calls(backend), 200, {}

    async def read_ledger(backend: str, key: str | None = None, id_: str | None = None) -> TwinAnswer:
        return world.ledger(backend, key, id_), 200, {}

    return {
        "issueToken": issue_token,
        "health": health,
        "listFaults": list_faults,
        "clearFaults": clear_faults,
        "setFault": set_fault,
        "countCalls": count_calls,
        "readLedger": read_ledger,
    }


def world_handlers(world: World, *, development: bool) -> dict[str, Handler]:
    """The operations that change the world for a test, by operationId. Outside development they are refused."""

    async def reset() -> TwinAnswer:
        world.reset()
        return {}, 200, {}

    async def put_customer(id_: str, body: Mapping[str, Any]) -> TwinAnswer:
        return crm.put_customer(world, id_, dict(body)), 200, {}

    async def put_stock(sku: str, body: Mapping[str, Any]) -> TwinAnswer:
        return inventory.put_stock(world, sku, dict(body)), 200, {}

    changes: dict[str, Handler] = {"reset": reset, "putCustomer": put_customer, "putStock": put_stock}
    return changes if development else {name: _refused(change) for name, change in changes.items()}


def _refused(change: Handler) -> Handler:
    @functools.wraps(change)
    async def refuse(**_: Any) -> TwinAnswer:
        return error(403, "The simulated world is changed in development only: FACADE_MODE=development", "NOT_ALLOWED")

    return refuse


def _credentials(form: Mapping[str, str]) -> tuple[str, str]:
    """The client's id and secret from HTTP Basic or else from the form; empty when neither has them."""
    kind, _, encoded = connexion.request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        client_id, _, secret = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return client_id, secret
