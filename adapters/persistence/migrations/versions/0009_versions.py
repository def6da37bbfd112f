"""Several versions of one item of the catalog, what they are found by, and the order in which changes of it are made.

What is written here is what the product wrote at this version: a migration does not follow later changes of it.
"""

import json
import re
import unicodedata
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'


def _plain(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length=length).with_variant(sa.String(length=length, collation='C'), 'postgresql')


COLUMNS = (
    sa.Column('edition', _plain(100), nullable=True, comment='of what has several versions of one reference'),
    sa.Column('shown_from', _plain(27), nullable=True, comment='when it begins to be what is found by the reference; none: never'),
    sa.Column('shown_until', _plain(27), nullable=True, comment='when its successor begins'),
)
CONTENTS = ('name', 'description', 'parent_id')
PUBLISHED = ('ACTIVE', 'LAUNCHED', 'RETIRED', 'OBSOLETE')


def upgrade() -> None:
    for column in COLUMNS:
        op.add_column('documents', column)
    publications = op.create_table(
        'publications',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('count', sa.Integer(), nullable=False, comment='goes on with everything that the catalog publishes'),
        sa.PrimaryKeyConstraint('id', name='pk_publications'),
        comment='one row: changes of the catalog lock it',
    )
    op.bulk_insert(publications, [{'id': 1, 'count': 0}])
    _give_categories_versions()
    op.create_index('ix_documents_edition', 'documents', ['resource', 'reference', 'edition'], unique=True)


def _named(edition: str) -> str:
    """Addresses name versions now, with parentheses around them."""
    return edition.translate(str.maketrans('()', '[]')) if edition.strip() else '1.0'


def _read(document: str) -> Any:
    """Each number as its text after NUL, which no text has: numbers keep their digits."""
    return json.loads(document, parse_float='\0{}'.format, parse_int='\0{}'.format)


def _written(document: Any) -> str:
    return re.sub(r'"\\u0000([^"]*)"', r'\1', json.dumps(document, ensure_ascii=False))


def _give_categories_versions() -> None:
    documents = sa.table(
        'documents',
        *(
            sa.column(name)
            for name in ('resource', 'id', 'reference', 'aggregate', 'document', 'edition', 'shown_from')
        ),
    )
    terms = sa.table('terms', *(sa.column(name) for name in ('resource', 'path', 'value', 'id')))
    connection = op.get_bind()
    columns = (documents.c.id, documents.c.aggregate, documents.c.document)
    for row in connection.execute(sa.select(*columns).where(documents.c.resource == 'category')).all():
        category = json.loads(row.aggregate)
        edition = _named(category.pop('edition') or '')
        contents = {name: category.pop(name) for name in CONTENTS}
        published = category['state'] in PUBLISHED
        standing = {'at': category['created_at'], 'status': category['state'], 'reason': None, 'valid_until': category['valid_until']}
        new = {
            'item_id': row.id,
            'edition': edition,
            'contents': contents,
            'status_reason': None,
            'standings': [standing] if published else [],
            'shown_from': category['created_at'],
            'shown_until': None,
        }
        values = {
            'reference': row.id,
            'edition': edition,
            'shown_from': category['created_at'],
            'aggregate': json.dumps(category | new, ensure_ascii=False),
            'document': _written(_read(row.document) | {'version': edition}),
        }
        connection.execute(sa.update(documents).where(documents.c.resource == 'category', documents.c.id == row.id).values(values))
        of_one = {'resource': 'category', 'id': row.id}
        for path, value in _found_by(contents):
            connection.execute(sa.insert(terms).values(of_one | {'path': path, 'value': value}))


def _found_by(contents: dict[str, str | None]) -> list[tuple[str, str]]:
    """Its parent, which stood in the column of references, and the words of its texts."""
    words = [word for name in ('name', 'description') for word in _words(contents[name] or '')]
    parents = [contents['parent_id']] if contents['parent_id'] is not None else []
    found = [(path, one) for one in parents for path in ('parent.id', '->category')]
    return [*found, *(('word', word) for word in dict.fromkeys(words[:200]))]


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize('NFKD', unicodedata.normalize('NFKD', text).casefold())
    letters = ''.join(one for one in plain if not unicodedata.combining(one))
    return [word[:60] for word in re.findall(r'[^\W_]+', letters)]
