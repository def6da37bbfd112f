"""Which functions of the product and of Connexion make up a layer."""

from typing import Any

from connexion.middleware.context import ContextMiddleware
from connexion.middleware.exceptions import ExceptionMiddleware
from connexion.middleware.lifespan import LifespanMiddleware
from connexion.middleware.request_validation import RequestValidationMiddleware
from connexion.middleware.response_validation import ResponseValidationMiddleware
from connexion.middleware.routing import RoutingMiddleware
from connexion.middleware.security import SecurityMiddleware
from connexion.middleware.server_error import ServerErrorMiddleware
from flask import Flask
from requests.adapters import HTTPAdapter
from sqlalchemy.engine.default import DefaultDialect

from adapters.backends.http import Backend
from adapters.orchestration.engine import TurnEngine
from adapters.orchestration.runner import Runner
from adapters.persistence.orders import SqlOrderRepository
from adapters.persistence.process_table import ProcessTable
from adapters.persistence.queries import SqlQueries
from adapters.persistence.unit_of_work import SqlUnitOfWork
from facade.contract.connexion_plugin import ContractRequestBodyValidator
from facade.contract.validator import Contract
from facade.correlation import Correlation
from facade.gate import Gate
from facade.intake import orders
from facade.portal.handlers import PortalOrders
from facade.security.tokens import TokenVerifier
from facade.tmf.tmf622 import handlers as tmf622
from facade.wsgi_bridge import WsgiBridge
from tests.bench.spans import Recorder

LAYERS: tuple[tuple[Any, str, str], ...] = (
    (Correlation, "__call__", "correlation id and access log"),
    (Gate, "__call__", "gate"),
    (ServerErrorMiddleware, "__call__", "Connexion: server errors"),
    (ExceptionMiddleware, "__call__", "Connexion: exceptions"),
    (RoutingMiddleware, "__call__", "Connexion: routing"),
    (SecurityMiddleware, "__call__", "Connexion: security"),
    (RequestValidationMiddleware, "__call__", "Connexion: request validation (parameters)"),
    (ResponseValidationMiddleware, "__call__", "Connexion: response validation"),
    (LifespanMiddleware, "__call__", "Connexion: lifespan"),
    (ContextMiddleware, "__call__", "Connexion: context"),
    (TokenVerifier, "verify_async", "token check"),
    (ContractRequestBodyValidator, "wrap_receive", "body: read, parsed"),
    (Contract, "check_quickly", "body: judged (jsonschema-rs)"),
    (WsgiBridge, "__call__", "bridge to a thread and back"),
    (Flask, "wsgi_app", "Flask and Connexion's decorators"),
    (tmf622.ProductOrders, "create_product_order", "handler"),
    (tmf622.ProductOrders, "retrieve_product_order", "handler"),
    (tmf622, "to_submit_order", "mapper inward"),
    (PortalOrders, "place_order", "handler"),
    (orders.OrderIntake, "accept", "intake"),
    (orders, "submit_order", "submit_order and the catalogue"),
    (SqlUnitOfWork, "__enter__", "transaction: lock, connection, BEGIN"),
    (SqlUnitOfWork, "__exit__", "transaction: connection given back"),
    (SqlUnitOfWork, "carry", "mapper outward and document"),
    (SqlUnitOfWork, "claim_key", "idempotency key"),
    (SqlUnitOfWork, "record", "audit record"),
    (SqlOrderRepository, "save", "order, document and outbox rows"),
    (SqlUnitOfWork, "commit", "commit around SQL"),
    (SqlQueries, "document", "query of one document"),
    (SqlQueries, "order", "query of one order"),
    (DefaultDialect, "do_execute", "SQL statements in the driver"),
    (DefaultDialect, "do_executemany", "SQL statements in the driver"),
    (DefaultDialect, "do_commit", "COMMIT in the driver"),
    (DefaultDialect, "do_rollback", "ROLLBACK in the driver"),
    (Runner, "_begin", "process: turn and begin"),
    (Runner, "_end", "process: end"),
    (Runner, "make", "process: steps"),
    (TurnEngine, "wait", "waiting for the process (and its hand-over)"),
    (ProcessTable, "answers", "steps recorded before"),
    (ProcessTable, "keep_answer", "row of a step"),
    (Backend, "call", "backend client"),
    (HTTPAdapter, "send", "backend: HTTP and its answer"),
)


def instrument(recorder: Recorder) -> None:
    """Wrap every layer. Before the application is built, because it keeps bound methods."""
    for owner, name, layer in LAYERS:
        recorder.wrap(owner, name, layer)
