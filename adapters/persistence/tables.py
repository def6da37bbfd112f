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
    """Text that is compared and sorted by code points; PostgreSQL's default depends on its configuration."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


ID = _plain(36)
TIME = _plain(27)

NONE = sa.text("''")
"""The default of a text that earlier rows do not have."""

KIND = sa.String(40)
"""What kind of aggregate."""

documents = sa.Table(
    "documents",
    metadata,
    sa.Column("resource", KIND, primary_key=True, comment="the kind of aggregate"),
    sa.Column("id", ID, primary_key=True),
    sa.Column("owner", sa.String(100), nullable=False, comment="the client that it belongs to; empty for none"),
    sa.Column("customer_id", sa.String(100), nullable=False, comment="empty for none"),
    sa.Column("reference", sa.String(100), comment="the id of something else that it has or is about"),
    sa.Column("state", sa.String(30), nullable=False, comment="of the aggregate"),
    sa.Column("shown_state", _plain(30), nullable=False, comment="as the document shows it"),
    sa.Column("created_at", TIME, nullable=False, comment="to the millisecond, as documents show it"),
    sa.Column("changed_at", TIME, nullable=False, comment="to the millisecond, as documents show it"),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("carried", sa.Text, nullable=False, comment="what was sent and nobody inside reads, as JSON"),
    sa.Column("aggregate", sa.Text, nullable=False, comment="as JSON"),
    sa.Column("document", sa.Text, comment="the resource without its addresses, as JSON"),
    sa.Column("edition", _plain(100), comment="of what has several versions of one reference"),
    sa.Column("shown_from", TIME, comment="when it begins to be what is found by the reference; none: never"),
    sa.Column("shown_until", TIME, comment="when its successor begins"),
    sa.Column("staged_by", ID, comment="the import that added it: nobody sees it while that is in `imports`"),
    *(
        sa.Index(f"ix_documents_{'_'.join(names)}", *names)
        for names in (
            ("resource", "owner"),  # counted without a word more
            ("resource", "owner", "id"),
            ("resource", "shown_state", "id"),
            ("resource", "owner", "shown_state", "id"),
            ("resource", "created_at", "id"),
            ("resource", "owner", "created_at", "id"),
            ("resource", "reference", "id"),
        )
    ),
    sa.Index("ix_documents_edition", "resource", "reference", "edition", unique=True),
    comment="aggregates of every kind, each with the document that is read and searched",
)

terms = sa.Table(
    "terms",
    metadata,
    sa.Column("resource", KIND, primary_key=True),
    sa.Column("path", _plain(100), primary_key=True),
    sa.Column("value", _plain(100), primary_key=True),
    sa.Column("id", ID, primary_key=True),
    sa.Index("ix_terms_resource_id", "resource", "id"),
    sqlite_with_rowid=False,
    comment="texts in documents that documents are found by",
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
    sa.Column(
        "address", sa.Text, nullable=False, server_default=NONE, comment="of the interface, as the client saw it"
    ),
    sa.Column("scopes", sa.Text, nullable=False, server_default=NONE, comment="of the token, with blanks between them"),
    comment="who is told about events, and where",
)

delivery_status = sa.Table(
    "delivery_status",
    metadata,
    sa.Column("listener_id", ID, primary_key=True),
    sa.Column("state", sa.String(10), nullable=False, comment="active or paused"),
    sa.Column("reason", sa.Text, nullable=False, comment="why it is paused"),
    sa.Column("addressing", sa.String(10), nullable=False, comment="callback, or event: an address for each type"),
    sa.Column("cursor", sa.BigInteger, comment="the last event selected for it; none: it follows the duty's cursor"),
    sa.Column("replay_after", sa.BigInteger, comment="events after this number are to be sent again"),
    sa.Column("secret", sa.String(100), nullable=False, comment="signs what is sent"),
    sa.Column(
        "previous",
        sa.Text,
        nullable=False,
        comment="secrets that sign, too, each with its end in milliseconds of the duty, as JSON",
    ),
    sa.Column("failures", sa.Integer, nullable=False, comment="in a row"),
    sa.Column("failing_since", sa.BigInteger, comment="milliseconds of the duty; none: the last one succeeded"),
    sa.Column("turn", sa.Integer, nullable=False, comment="number of changes by its owner"),
    comment="how each listener is delivered to",
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("listener_id", ID, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True, comment="of the event"),
    sa.Column("subject", ID, nullable=False, comment="of the event: its deliveries go out in order"),
    sa.Column("event_id", sa.String(60), nullable=False),
    sa.Column("event_type", sa.String(80), nullable=False, comment="as the listener is told"),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("due", sa.BigInteger, nullable=False, comment="milliseconds of the duty"),
    sa.Column("problem", sa.Text, nullable=False, comment="of the last try; empty for none"),
    sa.Column("dead", sa.Boolean, nullable=False, comment="it is not tried again by itself"),
    comment="notifications that wait, and dead letters; delivered ones are in delivery_attempts only",
)

delivery_attempts = sa.Table(
    "delivery_attempts",
    metadata,
    sa.Column("position", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("listener_id", ID, nullable=False),
    sa.Column("number", sa.BigInteger, nullable=False, comment="of the event"),
    sa.Column("event_id", sa.String(60), nullable=False),
    sa.Column("event_type", sa.String(80), nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("at", TIME, nullable=False, index=True),
    sa.Column("status", sa.Integer, comment="of the answer; none without one"),
    sa.Column("problem", sa.Text, nullable=False),
    sa.Column("answer", sa.Text, nullable=False, comment="its beginning"),
    sa.Column("milliseconds", sa.Integer, nullable=False),
    sa.Index(None, "listener_id", "position"),
    comment="the delivery log",
)

duties = sa.Table(
    "duties",
    metadata,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("node", ID, nullable=False, comment="the node that has it; empty for none"),
    sa.Column("beats", sa.Integer, nullable=False, comment="goes on while that node lives"),
    sa.Column("milliseconds", sa.BigInteger, nullable=False, comment="for which nodes have had it, all together"),
    sa.Column("cursor", sa.BigInteger, nullable=False, comment="the last event that was taken up"),
    comment="work that one node at a time does",
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("position", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("subject_type", KIND, nullable=False, comment="the kind of aggregate"),
    sa.Column("subject", ID, nullable=False),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("type", sa.String(60), nullable=False),
    sa.Column("at", TIME, nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("number", sa.BigInteger, comment="in the stream, dense from 1; none until it is given"),
    sa.Column("document", sa.Text, comment="of the subject as of the change, as JSON"),
    sa.UniqueConstraint("subject", "sequence"),
    sa.Index("ix_outbox_number", "number", unique=True),
)

_A_NODE = sa.text("node IS NOT NULL")
_NO_NODE = sa.text("node IS NULL AND state NOT IN ('ended', 'fallout')")

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
    sa.Column("node", ID, comment="the node that has it in hand; none when anybody may take it"),
    sa.Column("turn", sa.Integer, nullable=False, server_default="0", comment="counts runs and decisions"),
    sa.Column("progress", sa.Text, comment="at the last pause, as JSON"),
    sa.Column("call", sa.String(80), comment="the call it cannot make"),
    sa.Column("problem", sa.String(20), comment="what keeps it from making the call"),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0", comment="at that call"),
    sa.Column("since", TIME, comment="when it first could not make that call"),
    sa.Column(
        "client", sa.String(100), nullable=False, server_default=sa.text("''"), comment="for whom it is carried out"
    ),
    sa.Index(None, "state", "changed_at"),
    sa.Index("ix_processes_node", "node", sqlite_where=_A_NODE, postgresql_where=_A_NODE),
    sa.Index("ix_processes_waiting", "client", "changed_at", sqlite_where=_NO_NODE, postgresql_where=_NO_NODE),
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

asset_claims = sa.Table(
    "asset_claims",
    metadata,
    sa.Column("asset", ID, primary_key=True),
    sa.Column("order_id", ID, nullable=False, index=True),
    sa.Column("item", sa.String(100), nullable=False, comment="the item of the order"),
    sa.Column("action", sa.String(20), nullable=False, comment="of the item"),
    comment="assets that orders are about to change, until these orders end",
)

external_id_claims = sa.Table(
    "external_id_claims",
    metadata,
    sa.Column("owner", _plain(100), primary_key=True, comment="the client whose order has it"),
    sa.Column("system", _plain(100), primary_key=True, comment="empty for none"),
    sa.Column("type", _plain(100), primary_key=True, comment="empty for none"),
    sa.Column("external_id", _plain(100), primary_key=True),
    sa.Column("order_id", ID, nullable=False, index=True),
    comment="external identifiers of orders, until these orders are rejected, failed, cancelled or removed",
)

publications = sa.Table(
    "publications",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("count", sa.Integer, nullable=False, comment="goes on with everything that the catalog publishes"),
    sa.Column("turns", sa.Integer, nullable=False, server_default="0", comment="goes on with every change"),
    comment="one row: changes of the catalog lock it",
)

partner_profile_turns = sa.Table(
    "partner_profile_turns",
    metadata,
    sa.Column("client", sa.String(100), primary_key=True),
    sa.Column("changes", sa.Integer, nullable=False, comment="goes on with every change of its versions"),
    sa.Column("last", sa.Integer, nullable=False, comment="the number of its newest version"),
    comment="clients that have versions of profiles: changes of one client lock its row",
)

partner_profile_changes = sa.Table(
    "partner_profile_changes",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("count", sa.Integer, nullable=False, comment="goes on with every activation and retirement"),
    comment="one row: nodes read it to know when to load the profiles in force",
)

imports = sa.Table(
    "imports",
    metadata,
    sa.Column("job", ID, primary_key=True),
    sa.Column("turns", sa.Integer, nullable=False, comment="changes of the catalog when it began"),
    sa.Column("offset", sa.BigInteger, nullable=False, comment="bytes of the file that are staged"),
    sa.Column("line", sa.Integer, nullable=False, comment="lines of the file that are staged"),
    *(
        sa.Column(name, sa.Integer, nullable=False, comment="lines")
        for name in ("added", "changed", "unchanged", "wrong")
    ),
    sa.Column("ended", sa.Boolean, nullable=False, comment="the whole file is staged"),
    comment="imports under way; what they added becomes visible when their row is removed",
)

staged_rows = sa.Table(
    "staged_rows",
    metadata,
    sa.Column("job", ID, primary_key=True),
    sa.Column("resource", KIND, primary_key=True),
    sa.Column("id", ID, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False, comment="of the row in `documents` when it was read; 0: added"),
    sa.Column("image", sa.Text, comment="the columns that the row is to have, as JSON; none where it stays"),
    comment="what imports added, what they change, and what they relied on",
)

import_errors = sa.Table(
    "import_errors",
    metadata,
    sa.Column("job", ID, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("line", sa.Integer, nullable=False),
    sa.Column("pointer", sa.Text, nullable=False),
    sa.Column("code", sa.String(60), nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    comment="what is wrong in a file that is imported, line by line",
)

kept_files = sa.Table(
    "kept_files",
    metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("owner", sa.String(100), nullable=False, comment="the client that it belongs to; empty for a job's own"),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("media_type", sa.String(60), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False, comment="bytes that are here"),
    sa.Column("created_at", TIME, nullable=False),
    sa.Column("whole", sa.Boolean, nullable=False, comment="all its parts are here"),
    sa.Index(None, "owner", "name"),
    comment="files of catalogs: uploaded, fetched or exported",
)

kept_file_parts = sa.Table(
    "kept_file_parts",
    metadata,
    sa.Column("file", ID, primary_key=True),
    sa.Column("begin", sa.BigInteger, primary_key=True, comment="bytes of the file before it"),
    sa.Column("content", sa.LargeBinary, nullable=False),
    comment="what files consist of",
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
    sa.Column("subject_type", KIND, nullable=False, comment="the kind of aggregate"),
    sa.Column("subject", ID, nullable=False),
    sa.Column("answer", sa.Text, comment="what was answered, where it cannot be made again from the subject"),
    sa.Column("created_at", TIME, nullable=False, index=True),
)

recordings = sa.Table(
    "recordings",
    metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("client", sa.String(100), nullable=False),
    sa.Column("at", TIME, nullable=False),
    sa.Column("expires_at", TIME, nullable=False, index=True),
    sa.Column("api", sa.String(20), nullable=False),
    sa.Column("version", sa.String(10), nullable=False),
    sa.Column("operation", sa.String(60), nullable=False, comment="the operationId"),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("media_type", sa.String(60), nullable=False),
    sa.Column("profile", sa.String(150), nullable=False, comment="the version that judged the request"),
    sa.Column("payload", sa.Text, nullable=False, comment="as it was sent, masked, as JSON"),
    sa.Index(None, "client", "id"),
    comment="payloads of partners that agreed to it, for a replay",
)

recording_keys = sa.Table(
    "recording_keys",
    metadata,
    sa.Column("client", sa.String(100), primary_key=True),
    sa.Column("key", sa.String(64), nullable=False, comment="32 bytes in hex"),
    comment="what the tokens in recordings of a client are made with; it ends with them",
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
    sa.Column("subject_type", KIND, comment="the kind of aggregate"),
    sa.Column("subject", ID, index=True),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("code", sa.String(60), comment="of the error answered"),
    sa.Column("reason", sa.Text, comment="that a person gave"),
    sa.Column("profile", sa.String(150), comment="the version of the client's partner profile that judged the request"),
    sa.Index(None, "client", "id"),
    sa.Index(None, "payload_hash", "id"),
)
