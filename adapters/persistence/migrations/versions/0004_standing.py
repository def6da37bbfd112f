"""Where processes stand, for people to see and to decide."""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'

TIME = sa.String(length=27).with_variant(sa.String(length=27, collation='C'), 'postgresql')
STATES = 'scheduled, running, waiting, fallout or ended'


def columns() -> list[sa.Column]:
    return [
        sa.Column('traceparent', sa.String(length=60), nullable=True, comment='of whoever asked for it (W3C Trace Context)'),
        sa.Column('round', sa.Integer(), server_default='0', nullable=False, comment='counts decisions of people'),
        sa.Column('part', sa.Integer(), server_default='0', nullable=False, comment='counts the runs of a round'),
        sa.Column('progress', sa.Text(), nullable=True, comment='at the last pause, as JSON'),
        sa.Column('call', sa.String(length=80), nullable=True, comment='the call it cannot make'),
        sa.Column('problem', sa.String(length=20), nullable=True, comment='what keeps it from making the call'),
        sa.Column('tries', sa.Integer(), server_default='0', nullable=False, comment='at that call'),
        sa.Column('since', TIME, nullable=True, comment='when it first could not make that call'),
    ]


def upgrade() -> None:
    for column in columns():
        op.add_column('processes', column)
    op.add_column('audit', sa.Column('reason', sa.Text(), nullable=True, comment='that a person gave'))
    if op.get_bind().dialect.name == 'postgresql':  # SQLite keeps no comments
        op.alter_column('processes', 'state', existing_type=sa.String(length=20), existing_nullable=False, comment=STATES)
    for table in ('orders', 'plan_changes'):
        op.execute(
            "UPDATE processes SET state = 'fallout', problem = 'notUndone' WHERE state = 'ended' AND EXISTS"
            f" (SELECT 1 FROM {table} WHERE {table}.id = processes.subject AND {table}.state = 'FALLOUT')"
        )


def downgrade() -> None:
    op.execute("UPDATE processes SET state = 'ended' WHERE state = 'fallout'")
    with op.batch_alter_table('audit', schema=None) as batch_op:
        batch_op.drop_column('reason')
    with op.batch_alter_table('processes', schema=None) as batch_op:
        for column in columns():
            batch_op.drop_column(column.name)
