"""What readiness writes to find out whether the database takes changes."""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'


def upgrade() -> None:
    op.create_table('probes',
    sa.Column('id', sa.String(length=36).with_variant(sa.String(length=36, collation='C'), 'postgresql'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_probes')),
    comment='always empty: readiness writes a row here and removes it in the same transaction'
    )


def downgrade() -> None:
    op.drop_table('probes')
