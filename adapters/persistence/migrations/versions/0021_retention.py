"""Idempotency keys are found by their age."""

from alembic import op

revision = '0021'
down_revision = '0020'


def upgrade() -> None:
    op.create_index('ix_idempotency_keys_created_at', 'idempotency_keys', ['created_at'])


def downgrade() -> None:
    raise RuntimeError('restore the backup that was made before the upgrade')
