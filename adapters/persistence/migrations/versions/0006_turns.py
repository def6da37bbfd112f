"""The table of processes says whose turn it is and which node has a process in hand.

Processes under way are in nobody's hands afterwards, so any node takes them up.
"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'

ID = sa.String(length=36).with_variant(sa.String(length=36, collation='C'), 'postgresql')
TIME = sa.String(length=27).with_variant(sa.String(length=27, collation='C'), 'postgresql')


def upgrade() -> None:
    with op.batch_alter_table('processes') as batch:
        batch.add_column(sa.Column('node', ID, nullable=True, comment='the node that has it in hand; none when anybody may take it'))
        batch.add_column(sa.Column('turn', sa.Integer(), server_default='0', nullable=False, comment='counts runs and decisions'))
    # A run that has begun is never mistaken for the first one, which has no answers on record.
    op.execute("UPDATE processes SET turn = part + round + 1 WHERE state <> 'scheduled' OR round > 0")
    with op.batch_alter_table('processes') as batch:
        batch.create_index('ix_processes_node', ['node'])
        batch.drop_column('round')
        batch.drop_column('part')
    op.drop_table('nodes')
    op.create_table(
        'nodes',
        sa.Column('id', ID, primary_key=True),
        sa.Column('beats', sa.Integer(), nullable=False, comment='goes on while the node lives'),
    )


def downgrade() -> None:
    op.drop_table('nodes')
    op.create_table(
        'nodes',
        sa.Column('id', ID, primary_key=True),
        sa.Column('beat_at', TIME, nullable=False),
        sa.Column('heir', ID, nullable=True, comment="the node that takes over this one's processes"),
    )
    with op.batch_alter_table('processes') as batch:
        batch.drop_index('ix_processes_node')
        batch.add_column(sa.Column('round', sa.Integer(), server_default='0', nullable=False, comment='counts decisions of people'))
        batch.add_column(sa.Column('part', sa.Integer(), server_default='0', nullable=False, comment='counts the runs of a round'))
        batch.drop_column('turn')
        batch.drop_column('node')
