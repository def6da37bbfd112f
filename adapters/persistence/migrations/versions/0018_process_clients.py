"""The client of each process, and an index of those that wait for a node: clients take turns."""

import sqlalchemy as sa
from alembic import op

revision = '0018'
down_revision = '0017'

A_NODE = sa.text('node IS NOT NULL')
NO_NODE = sa.text("node IS NULL AND state NOT IN ('ended', 'fallout')")


def upgrade() -> None:
    default = sa.text("''")
    client = sa.Column('client', sa.String(100), nullable=False, server_default=default, comment='for whom it is carried out')
    op.add_column('processes', client)
    # Without the processes that ended, which have no node. SQLite would use it to look for those that wait, too.
    op.drop_index('ix_processes_node', 'processes')
    op.create_index('ix_processes_node', 'processes', ['node'], sqlite_where=A_NODE, postgresql_where=A_NODE)
    op.create_index(
        'ix_processes_waiting', 'processes', ['client', 'changed_at'], sqlite_where=NO_NODE, postgresql_where=NO_NODE
    )


def downgrade() -> None:
    raise RuntimeError('restore the backup that was made before the upgrade')
