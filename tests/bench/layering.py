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
from adapters.persistence.aggregates import SqlAggregateRepository
from adapters.persistence.process_table import ProcessTable
from adapters.persistence.reads import SqlReads
from adapters.persistence.unit_of_work import SqlUnitOfWork
from canonical.ordering import handlers as ordering
from facade.application.use_cases import Application
from facade.contract.connexion_plugin import ContractRequestBodyValidator
from facade.contract.validator import Contract
from facade.portal.handlers import PortalOrders
from facade.security.tokens import TokenVerifier
from facade.tmf.engine.declaration import Resource
from facade.tmf.engine.operations import ResourceOperations
from facade.tmf.engine.translator import ResourceTranslator
from facade.web.correlation import Correlation
from facade.web.request_guard import RequestGuard
from facade.web.wsgi_bridge import WsgiBridge
from tests.bench.spans import Recorder

LAYERS: tuple[tuple[Any, str, str], ...] = (
    (Correlation, "__call__", "correlation id and access log"),
    (RequestGuard, "__call__", "gate"),
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
    (ResourceOperations, "create", "handler"),
    (ResourceOperations, "retrieve", "handler"),
    (ResourceTranslator, "translate", "mapper inward"),
    (PortalOrders, "place_order", "handler"),
    (Application, "execute", "use case"),
    (ordering, "submit_order", "submit_order and the catalog"),
    (SqlUnitOfWork, "__enter__", "transaction: lock, connection, BEGIN"),
    (SqlUnitOfWork, "__exit__", "transaction: connection given back"),
    (Resource, "projection", "mapper outward and document"),
    (SqlUnitOfWork, "claim_key", "idempotency key"),
    (SqlUnitOfWork, "record", "audit record"),
    (SqlAggregateRepository, "save", "documents, terms and outbox rows"),
    (SqlUnitOfWork, "commit", "commit around SQL"),
    (SqlReads, "document", "query of one document"),
    (SqlReads, "aggregate", "query of one aggregate"),
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
