"""Audit records are found by the hash of their payload, newest first."""

from alembic import op

revision = '0020'
down_revision = '0019'


def upgrade() -> None:
    op.create_index('ix_audit_payload_hash_id', 'audit', ['payload_hash', 'id'])


def downgrade() -> None:
    raise RuntimeError('restore the backup that was made before the upgrade')
