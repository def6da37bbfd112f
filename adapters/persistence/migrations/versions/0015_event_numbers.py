"""Events have a number, by which they are read as a stream, and the document as of their change.

Events that were recorded before are numbered as they were recorded. They have no document.
"""

import sqlalchemy as sa
from alembic import op

revision = '0015'
down_revision = '0014'


def upgrade() -> None:
    number = sa.Column('number', sa.BigInteger(), nullable=True, comment='in the stream, dense from 1; none until it is given')
    op.add_column('outbox', number)
    op.add_column(
        'outbox', sa.Column('document', sa.Text(), nullable=True, comment='of the subject as of the change, as JSON')
    )
    op.execute(
        'UPDATE outbox SET number = ranked.place FROM'
        ' (SELECT position AS ranked_position, row_number() OVER (ORDER BY position) AS place FROM outbox) AS ranked'
        ' WHERE ranked.ranked_position = outbox.position'
    )
    op.create_index('ix_outbox_number', 'outbox', ['number'], unique=True)


def downgrade() -> None:
    raise RuntimeError('restore the backup that was made before the upgrade')
