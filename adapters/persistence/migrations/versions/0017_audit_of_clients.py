"""Audit records are found by their client, newest first."""

from alembic import op

revision = '0017'
down_revision = '0016'


def upgrade() -> None:
    op.create_index('ix_audit_client_id', 'audit', ['client', 'id'])


def downgrade() -> None:
    raise RuntimeError('restore the backup that was made before the upgrade')
