"""Versions of partner profiles: turns of their changes, what nodes look at, and the version in audit records."""

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'


def upgrade() -> None:
    op.create_table(
        'partner_profile_turns',
        sa.Column('client', sa.String(length=100), nullable=False),
        sa.Column('changes', sa.Integer(), nullable=False, comment='goes on with every change of its versions'),
        sa.Column('last', sa.Integer(), nullable=False, comment='the number of its newest version'),
        sa.PrimaryKeyConstraint('client', name='pk_partner_profile_turns'),
        comment='clients that have versions of profiles: changes of one client lock its row',
    )
    changes = op.create_table(
        'partner_profile_changes',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('count', sa.Integer(), nullable=False, comment='goes on with every activation and retirement'),
        sa.PrimaryKeyConstraint('id', name='pk_partner_profile_changes'),
        comment='one row: nodes read it to know when to load the profiles in force',
    )
    op.bulk_insert(changes, [{'id': 1, 'count': 0}])
    profile = "the version of the client's partner profile that judged the request"
    op.add_column('audit', sa.Column('profile', sa.String(length=150), nullable=True, comment=profile))


def downgrade() -> None:
    raise RuntimeError('restore the backup that was made before the upgrade')
