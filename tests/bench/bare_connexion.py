"""The baseline for TMF622: a bare Connexion FlaskApp with default settings, the same contract, an empty handler.

Default middlewares, validators, jsonifier and threads. One change to its copy of the contract, in its favour: no
operation asks for a token, so it checks none.
"""

import os
from typing import Any

import connexion
from connexion.resolver import Resolver

from facade.contract.loading import load_spec
from tests.bench.payloads import PRODUCT_ORDERS, product_order_document
from tests.bench.servers import ROOT

DOCUMENT = product_order_document()


def create(body: dict[str, Any]) -> tuple[dict[str, Any], int]:
    return body | {"id": DOCUMENT["id"]}, 201


def retrieve(id: str) -> dict[str, Any]:
    return DOCUMENT


def unserved(**_: Any) -> tuple[str, int]:
    return "", 501


def open_spec() -> dict[str, Any]:
    spec = load_spec(ROOT / "specs" / "tmf" / "tmf622-v5.yaml")
    spec.pop("security", None)
    for path in spec["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict):
                operation.pop("security", None)
    return spec


def build() -> connexion.FlaskApp:
    handlers = {"createProductOrder": create, "retrieveProductOrder": retrieve}
    app = connexion.FlaskApp("bare")
    app.add_api(
        open_spec(),
        base_path=PRODUCT_ORDERS.rpartition("/")[0],
        resolver=Resolver(lambda operation_id: handlers.get(operation_id, unserved)),
    )
    return app


if os.environ.get("BENCH_SERVER"):
    app = build()
