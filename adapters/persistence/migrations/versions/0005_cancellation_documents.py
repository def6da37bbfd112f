"""Cancellations keep the document that lists search.

What is written here is what the product wrote at this version: a migration does not follow later changes of it.
"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'

STATE = sa.String(length=30).with_variant(sa.String(length=30, collation='C'), 'postgresql')
TIME = sa.String(length=27).with_variant(sa.String(length=27, collation='C'), 'postgresql')
STATES = {'ASSESSING': 'acknowledged', 'ACCEPTED': 'inProgress', 'DONE': 'done', 'DENIED': 'terminatedWithError'}
SAID = {'reason': 'cancellationReason', 'outcome': 'outcome', 'milestone': 'blockingMilestone'}
AT_ONCE = 500

COLUMNS = (
    ('state', STATE, 'as the document shows it'),
    ('asked_at', TIME, 'to the millisecond, as the document shows it'),
    ('document', sa.Text(), 'the TMF622 v5 resource without its addresses'),
)
INDEXES = (('owner', 'state', 'id'), ('owner', 'asked_at', 'id'))


def upgrade() -> None:
    for name, kind, comment in COLUMNS:
        op.add_column('cancellations', sa.Column(name, kind, nullable=True, comment=comment))
    _fill(op.get_bind())
    with op.batch_alter_table('cancellations') as batch:
        for name, kind, comment in COLUMNS:
            batch.alter_column(name, existing_type=kind, nullable=False, existing_comment=comment)
        for names in INDEXES:
            batch.create_index(f'ix_cancellations_{"_".join(names)}', list(names))


def downgrade() -> None:
    with op.batch_alter_table('cancellations') as batch:
        for names in INDEXES:
            batch.drop_index(f'ix_cancellations_{"_".join(names)}')
        for name, _, _ in COLUMNS:
            batch.drop_column(name)


def _fill(connection: sa.Connection) -> None:
    names = ('id', 'body', 'carried', *(name for name, _, _ in COLUMNS))
    table = sa.table('cancellations', *map(sa.column, names))
    after = ''
    while True:
        page = sa.select(table.c.id, table.c.body, table.c.carried).where(table.c.id > after)
        rows = connection.execute(page.order_by(table.c.id).limit(AT_ONCE)).all()
        for row in rows:
            shown = _columns(json.loads(row.body), json.loads(row.carried))
            connection.execute(sa.update(table).where(table.c.id == row.id).values(shown))
        if not rows:
            return
        after = rows[-1].id


def _columns(body: dict[str, Any], carried: dict[str, Any]) -> dict[str, str]:
    reference = {'@type': 'ProductOrderRef', **carried.get('productOrder', {}), 'id': body['order_id']}
    document = {
        **carried,
        '@type': carried.get('@type', 'CancelProductOrder'),
        'id': body['id'],
        'state': STATES[body['state']],
        'creationDate': _shown(body['created_at']),
        'productOrder': {name: value for name, value in reference.items() if name != 'href'},
    }
    document |= {shown: body[name] for name, shown in SAID.items() if body.get(name) is not None}
    if body.get('effective_at') is not None:
        document['effectiveCancellationDate'] = _shown(body['effective_at'])
    asked_at = body['created_at'][:23] + '000Z'
    text = json.dumps(document, ensure_ascii=False, separators=(',', ':'))
    return {'state': document['state'], 'asked_at': asked_at, 'document': text}


def _shown(time: str) -> str:
    return time[:23] + 'Z'
