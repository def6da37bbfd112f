"""Payloads that are recorded for a replay, and the keys that they are masked with."""

import sqlalchemy as sa
from alembic import op

revision = '0019'
down_revision = '0018'


def _plain(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length=length).with_variant(sa.String(length=length, collation='C'), 'postgresql')


def upgrade() -> None:
    op.create_table(
        'recordings',
        sa.Column('id', _plain(36), nullable=False),
        sa.Column('client', sa.String(100), nullable=False),
        sa.Column('at', _plain(27), nullable=False),
        sa.Column('expires_at', _plain(27), nullable=False),
        sa.Column('api', sa.String(20), nullable=False),
        sa.Column('version', sa.String(10), nullable=False),
        sa.Column('operation', sa.String(60), nullable=False, comment='the operationId'),
        sa.Column('path', sa.Text, nullable=False),
        sa.Column('media_type', sa.String(60), nullable=False),
        sa.Column('profile', sa.String(150), nullable=False, comment='the version that judged the request'),
        sa.Column('payload', sa.Text, nullable=False, comment='as it was sent, masked, as JSON'),
        sa.PrimaryKeyConstraint('id', name='pk_recordings'),
        comment='payloads of partners that agreed to it, for a replay',
    )
    op.create_index('ix_recordings_expires_at', 'recordings', ['expires_at'])
    op.create_index('ix_recordings_client_id', 'recordings', ['client', 'id'])
    op.create_table(
        'recording_keys',
        sa.Column('client', sa.String(100), nullable=False),
        sa.Column('key', sa.String(64), nullable=False, comment='32 bytes in hex'),
        sa.PrimaryKeyConstraint('client', name='pk_recording_keys'),
        comment='what the tokens in recordings of a client are made with; it ends with them',
    )


def downgrade() -> None:
    raise RuntimeError('restore the backup that was made before the upgrade')
