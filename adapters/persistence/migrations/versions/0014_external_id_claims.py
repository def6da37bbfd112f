"""External identifiers of orders: at most one order of a client has each. Of several that have it, the first counts.

What is read here is what the product wrote at this version: a migration does not follow later changes of it.
"""

import json
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = '0014'
down_revision = '0013'

MANY = 500
LONGEST = 100
UNSUCCESSFUL = ('REJECTED', 'FAILED', 'CANCELLED')
DOCUMENTS = sa.table('documents', *(sa.column(name) for name in ('resource', 'id', 'owner', 'state', 'aggregate')))


def _plain(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length=length).with_variant(sa.String(length=length, collation='C'), 'postgresql')


def upgrade() -> None:
    op.create_table(
        'external_id_claims',
        sa.Column('owner', _plain(100), nullable=False, comment='the client whose order has it'),
        sa.Column('system', _plain(100), nullable=False, comment='empty for none'),
        sa.Column('type', _plain(100), nullable=False, comment='empty for none'),
        sa.Column('external_id', _plain(100), nullable=False),
        sa.Column('order_id', _plain(36), nullable=False),
        sa.PrimaryKeyConstraint('owner', 'system', 'type', 'external_id', name='pk_external_id_claims'),
        comment='external identifiers of orders, until these orders are rejected, failed, cancelled or removed',
    )
    op.create_index('ix_external_id_claims_order_id', 'external_id_claims', ['order_id'])
    _claim_what_is_there(op.get_bind())


def _claim_what_is_there(connection: sa.Connection) -> None:
    """Ids of orders are sortable by time, so the first order of several comes first. Claims by a statement for each
    page: `ON CONFLICT DO NOTHING` leaves an identifier to the first.
    """
    insert = sa.text(
        'INSERT INTO external_id_claims (owner, system, type, external_id, order_id)'
        ' VALUES (:owner, :system, :type, :external_id, :order_id) ON CONFLICT DO NOTHING'
    )
    after = ''
    while True:
        live = (DOCUMENTS.c.resource == 'order', DOCUMENTS.c.state.not_in(UNSUCCESSFUL), DOCUMENTS.c.id > after)
        columns = (DOCUMENTS.c.id, DOCUMENTS.c.owner, DOCUMENTS.c.aggregate)
        rows = connection.execute(sa.select(*columns).where(*live).order_by(DOCUMENTS.c.id).limit(MANY)).all()
        if not rows:
            return
        claims = [claim for row in rows for claim in _claims(row)]
        if claims:
            connection.execute(insert, claims)
        after = rows[-1].id


def _claims(row: sa.Row) -> Iterator[dict[str, str]]:
    """Those of one order. Earlier releases took identifiers that are longer than what is kept here."""
    for one in json.loads(row.aggregate).get('external_identifiers') or ():
        named = {'system': one['owner'], 'type': one['type'], 'external_id': one['id']}
        if all(len(text) <= LONGEST for text in named.values()):
            yield {'owner': row.owner, 'order_id': row.id, **named}


def downgrade() -> None:
    raise RuntimeError('restore the backup that was made before the upgrade')
