"""Imports and exports of the catalog: files, and rows that nobody sees until their import ends."""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'


def _plain(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length=length).with_variant(sa.String(length=length, collation='C'), 'postgresql')


def upgrade() -> None:
    staged = 'the import that added it: nobody sees it while that is in `imports`'
    op.add_column('documents', sa.Column('staged_by', _plain(36), nullable=True, comment=staged))
    turns = sa.Column('turns', sa.Integer(), server_default='0', nullable=False, comment='goes on with every change')
    op.add_column('publications', turns)
    op.create_table(
        'imports',
        sa.Column('job', _plain(36), nullable=False),
        sa.Column('turns', sa.Integer(), nullable=False, comment='changes of the catalog when it began'),
        sa.Column('offset', sa.BigInteger(), nullable=False, comment='bytes of the file that are staged'),
        sa.Column('line', sa.Integer(), nullable=False, comment='lines of the file that are staged'),
        *(sa.Column(name, sa.Integer(), nullable=False, comment='lines') for name in ('added', 'changed', 'unchanged', 'wrong')),
        sa.Column('ended', sa.Boolean(), nullable=False, comment='the whole file is staged'),
        sa.PrimaryKeyConstraint('job', name='pk_imports'),
        comment='imports under way; what they added becomes visible when their row is removed',
    )
    op.create_table(
        'staged_rows',
        sa.Column('job', _plain(36), nullable=False),
        sa.Column('resource', sa.String(length=40), nullable=False),
        sa.Column('id', _plain(36), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False, comment='of the row in `documents` when it was read; 0: added'),
        sa.Column('image', sa.Text(), nullable=True, comment='the columns that the row is to have, as JSON; none where it stays'),
        sa.PrimaryKeyConstraint('job', 'resource', 'id', name='pk_staged_rows'),
        comment='what imports added, what they change, and what they relied on',
    )
    op.create_table(
        'import_errors',
        sa.Column('job', _plain(36), nullable=False),
        sa.Column('number', sa.Integer(), nullable=False),
        sa.Column('line', sa.Integer(), nullable=False),
        sa.Column('pointer', sa.Text(), nullable=False),
        sa.Column('code', sa.String(length=60), nullable=False),
        sa.Column('message', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('job', 'number', name='pk_import_errors'),
        comment='what is wrong in a file that is imported, line by line',
    )
    owner = 'the client that it belongs to; empty for a job\'s own'
    op.create_table(
        'kept_files',
        sa.Column('id', _plain(36), nullable=False),
        sa.Column('owner', sa.String(length=100), nullable=False, comment=owner),
        sa.Column('name', sa.String(length=100), nullable=False),
        sa.Column('media_type', sa.String(length=60), nullable=False),
        sa.Column('size', sa.BigInteger(), nullable=False, comment='bytes that are here'),
        sa.Column('created_at', _plain(27), nullable=False),
        sa.Column('whole', sa.Boolean(), nullable=False, comment='all its parts are here'),
        sa.PrimaryKeyConstraint('id', name='pk_kept_files'),
        comment='files of catalogs: uploaded, fetched or exported',
    )
    op.create_index('ix_kept_files_owner_name', 'kept_files', ['owner', 'name'])
    op.create_table(
        'kept_file_parts',
        sa.Column('file', _plain(36), nullable=False),
        sa.Column('begin', sa.BigInteger(), nullable=False, comment='bytes of the file before it'),
        sa.Column('content', sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint('file', 'begin', name='pk_kept_file_parts'),
        comment='what files consist of',
    )


def downgrade() -> None:
    raise RuntimeError('restore the backup that was made before the upgrade')
