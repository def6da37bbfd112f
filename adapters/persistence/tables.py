"""The tables. Times are text, ISO 8601 in UTC with microseconds and `Z`, so that they sort alike on every database."""

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)


def _plain(length: int) -> sa.types.TypeEngine[str]:
    """Text that is compared and sorted by code points; on PostgreSQL the default depends on how it was set up."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


ID = _plain(36)
TIME = _plain(27)

orders = sa.Table(
    "orders",
    metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("owner", sa.String(100), nullable=False),
    sa.Column("state", sa.String(30), nullable=False),
    sa.Column("bss_order_id", sa.String(40), index=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("body", sa.Text, nullable=False, comment="the aggregate as JSON"),
    sa.Index(None, "owner", "id"),
)

documents = sa.Table(
    "product_order_documents",
    metadata,
    sa.Column("order_id", ID, primary_key=True),
    sa.Column("owner", sa.String(100), nullable=False),
    sa.Column("customer_id", sa.String(100), nullable=False),
    sa.Column("state", _plain(30), nullable=False),
    sa.Column("ordered_at", TIME, nullable=False, comment="to the millisecond, as the document shows it"),
    sa.Column("version", sa.Integer, nullable=False, comment="of the order it shows"),
    sa.Column("carried", sa.Text, nullable=False, comment="what the partner sent and nobody inside reads, as JSON"),
    sa.Column("document", sa.Text, nullable=False, comment="the TMF622 v5 resource without its href"),
    sa.Index(None, "owner", "order_id"),
    sa.Index(None, "state", "order_id"),
    sa.Index(None, "owner", "state", "order_id"),
    sa.Index(None, "ordered_at", "order_id"),
    sa.Index(None, "owner", "ordered_at", "order_id"),
    comment="projection of orders, written in the transaction that changes the order",
)

cancellations = sa.Table(
    "cancellations",
    metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("owner", sa.String(100), nullable=False),
    sa.Column("order_id", ID, nullable=False, index=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("body", sa.Text, nullable=False, comment="the aggregate as JSON"),
    sa.Column("carried", sa.Text, nullable=False, comment="what was sent and nobody inside reads, as JSON"),
    sa.Column("state", _plain(30), nullable=False, comment="as the document shows it"),
    sa.Column("asked_at", TIME, nullable=False, comment="to the millisecond, as the document shows it"),
    sa.Column("document", sa.Text, nullable=False, comment="the TMF622 v5 resource without its addresses"),
    sa.Index(None, "owner", "id"),
    sa.Index(None, "owner", "state", "id"),
    sa.Index(None, "owner", "asked_at", "id"),
)

plan_changes = sa.Table(
    "plan_changes",
    metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("subscription_id", sa.String(100), nullable=False),
    sa.Column("state", sa.String(30), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("body", sa.Text, nullable=False, comment="the aggregate as JSON"),
    sa.Index(None, "subscription_id", "id"),
)

terms = sa.Table(
    "product_order_terms",
    metadata,
    sa.Column("path", _plain(100), primary_key=True),
    sa.Column("value", _plain(100), primary_key=True),
    sa.Column("order_id", ID, primary_key=True, index=True),
    sqlite_with_rowid=False,
    comment="values inside lists of the documents by which orders are found",
)

listeners = sa.Table(
    "listeners",
    metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("owner", sa.String(100), nullable=False, index=True, comment="the client that is told"),
    sa.Column("api", sa.String(20), nullable=False),
    sa.Column("version", sa.String(10), nullable=False),
    sa.Column("callback", sa.Text, nullable=False, comment="the address, checked when it was registered"),
    sa.Column("query", sa.Text, nullable=False, comment="as it was sent; empty for everything"),
    sa.Column("created_at", TIME, nullable=False),
    comment="who is told about events, and where",
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("position", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("order_id", ID, nullable=False),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("type", sa.String(60), nullable=False),
    sa.Column("at", TIME, nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
    sa.UniqueConstraint("order_id", "sequence"),
)

processes = sa.Table(
    "processes",
    metadata,
    sa.Column("process", sa.String(40), primary_key=True),
    sa.Column("subject", ID, primary_key=True),
    sa.Column("state", sa.String(20), nullable=False, comment="scheduled, running, waiting, fallout or ended"),
    sa.Column("changed_at", TIME, nullable=False),
    sa.Column("waiting_for", sa.Text),
    sa.Column("correlation_id", sa.String(128)),
    sa.Column("traceparent", sa.String(60), comment="of whoever asked for it (W3C Trace Context)"),
    sa.Column("node", ID, index=True, comment="the node that has it in hand; none when anybody may take it"),
    sa.Column("turn", sa.Integer, nullable=False, server_default="0", comment="counts runs and decisions"),
    sa.Column("progress", sa.Text, comment="at the last pause, as JSON"),
    sa.Column("call", sa.String(80), comment="the call it cannot make"),
    sa.Column("problem", sa.String(20), comment="what keeps it from making the call"),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0", comment="at that call"),
    sa.Column("since", TIME, comment="when it first could not make that call"),
    sa.Index(None, "state", "changed_at"),
)

process_steps = sa.Table(
    "process_steps",
    metadata,
    sa.Column("process", sa.String(40), primary_key=True),
    sa.Column("subject", ID, primary_key=True),
    sa.Column("step", sa.String(80), primary_key=True, comment="the call's name and the number of its try"),
    sa.Column("answer", sa.Text, nullable=False, comment="what came of it, as JSON"),
    sa.Column("at", TIME, nullable=False),
)

nodes = sa.Table(
    "nodes",
    metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("beats", sa.Integer, nullable=False, comment="goes on while the node lives"),
)

probes = sa.Table(
    "probes",
    metadata,
    sa.Column("id", ID, primary_key=True),
    comment="always empty: readiness writes a row here and removes it in the same transaction",
)

idempotency_keys = sa.Table(
    "idempotency_keys",
    metadata,
    sa.Column("owner", sa.String(100), primary_key=True),
    sa.Column("key", sa.String(255), primary_key=True),
    sa.Column("request_hash", sa.String(64), nullable=False),
    sa.Column("order_id", ID, nullable=False),
    sa.Column("answer", sa.Text, comment="what was answered, where it cannot be made again from the order"),
    sa.Column("created_at", TIME, nullable=False),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("at", TIME, nullable=False),
    sa.Column("client", sa.String(100), nullable=False),
    sa.Column("operation", sa.String(200), nullable=False),
    sa.Column("correlation_id", sa.String(128), nullable=False),
    sa.Column("payload_hash", sa.String(64)),
    sa.Column("translation", sa.Text, nullable=False, comment="source pointer, rule and target of each field, as JSON"),
    sa.Column("order_id", ID, index=True),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("code", sa.String(60), comment="of the error answered"),
    sa.Column("reason", sa.Text, comment="that a person gave"),
)

offerings = sa.Table(
    "offerings",
    metadata,
    sa.Column("id", sa.String(100), primary_key=True),
    sa.Column("version", sa.String(20), primary_key=True),
    sa.Column("sku", sa.String(60), nullable=False, index=True),
    sa.Column("current", sa.Boolean, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
)
