"""Claims of orders on assets: at most one order at a time changes an asset."""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'


def _plain(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length=length).with_variant(sa.String(length=length, collation='C'), 'postgresql')


def upgrade() -> None:
    op.create_table(
        'asset_claims',
        sa.Column('asset', _plain(36), nullable=False),
        sa.Column('order_id', _plain(36), nullable=False),
        sa.Column('item', sa.String(length=100), nullable=False, comment='the item of the order'),
        sa.Column('action', sa.String(length=20), nullable=False, comment='of the item'),
        sa.PrimaryKeyConstraint('asset', name='pk_asset_claims'),
        comment='assets that orders are about to change, until these orders end',
    )
    op.create_index('ix_asset_claims_order_id', 'asset_claims', ['order_id'])


def downgrade() -> None:
    raise RuntimeError('restore the backup that was made before the upgrade')
