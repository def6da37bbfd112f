"""The offerings of the table `offerings` become items of the catalog, and orders are linked to what they name.

What is written here is what the product wrote at this version: a migration does not follow later changes of it.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op
from uuid6 import uuid7

revision = '0010'
down_revision = '0009'

MANY = 500
OFFERINGS = sa.table('offerings', *(sa.column(name) for name in ('id', 'version', 'sku', 'current', 'body')))
DOCUMENTS = sa.table(
    'documents',
    *(
        sa.column(name)
        for name in (
            *('resource', 'id', 'owner', 'customer_id', 'reference', 'state', 'shown_state', 'created_at'),
            *('changed_at', 'version', 'carried', 'aggregate', 'edition', 'shown_from', 'shown_until'),
        )
    ),
)
TERMS = sa.table('terms', *(sa.column(name) for name in ('resource', 'path', 'value', 'id')))


def upgrade() -> None:
    connection = op.get_bind()
    # The current version of each offering last: it is the one that orders find.
    query = sa.select(OFFERINGS).order_by(OFFERINGS.c.id, OFFERINGS.c.current, OFFERINGS.c.version)
    now = datetime.now(UTC)
    for number, row in enumerate(connection.execute(query).all()):
        _move(connection, row, now + timedelta(microseconds=number))
    _link_orders(connection)
    op.drop_table('offerings')


def _move(connection: sa.Connection, row: sa.Row, at: datetime) -> None:
    said, new_id, time = json.loads(row.body), str(uuid7()), _time(at)
    state = 'LAUNCHED' if row.current else 'RETIRED'
    prices = [
        {
            'reference': None,
            'contents': {
                'name': price['id'],
                'charge_type': price['charge_type'],
                'amount': price['amount'],
                'period': price['period'],
            },
        }
        for price in said['prices']
    ]
    aggregate = {
        'id': new_id,
        'item_id': row.id,
        'edition': row.version,
        'owner': '',
        'created_at': time,
        'changed_at': time,
        'contents': {'name': said['name'], 'sku': row.sku, 'prices': prices},
        'state': state,
        'standings': [{'at': time, 'status': state, 'reason': None, 'valid_until': None}],
        'shown_from': time if row.current else None,
        'shown_until': None,
    }
    document = {
        'resource': 'offering',
        'id': new_id,
        'owner': '',
        'customer_id': '',
        'reference': row.id,
        'state': state,
        'shown_state': state.title(),
        'created_at': f'{time[:23]}000Z',
        'changed_at': f'{time[:23]}000Z',
        'version': 1,
        'carried': '{}',
        'aggregate': json.dumps(aggregate, ensure_ascii=False, separators=(',', ':')),
        'edition': row.version,
        'shown_from': aggregate['shown_from'],
        'shown_until': None,
    }
    connection.execute(sa.insert(DOCUMENTS).values(document))
    connection.execute(
        sa.insert(TERMS).values({'resource': 'offering', 'path': '->sku', 'value': row.sku, 'id': new_id})
    )


def _link_orders(connection: sa.Connection) -> None:
    after = ''
    while True:
        page = sa.select(DOCUMENTS.c.id, DOCUMENTS.c.aggregate).where(
            DOCUMENTS.c.resource == 'order', DOCUMENTS.c.id > after
        )
        rows = connection.execute(page.order_by(DOCUMENTS.c.id).limit(MANY)).all()
        if not rows:
            return
        links = [
            {'resource': 'order', 'path': '->offering', 'value': offering, 'id': row.id}
            for row in rows
            for offering in sorted(set(_ordered(row.aggregate)))
        ]
        if links:
            connection.execute(sa.insert(TERMS), links)
        after = rows[-1].id


def _ordered(aggregate: str) -> Iterator[str]:
    return (item['offering']['id'] for item in json.loads(aggregate)['items'] if item.get('offering'))


def _time(at: datetime) -> str:
    return at.isoformat(timespec='microseconds').replace('+00:00', 'Z')


def downgrade() -> None:
    raise RuntimeError('restore the backup that was made before the upgrade')
