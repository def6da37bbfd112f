"""Plan changes of subscriptions.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.String(length=36).with_variant(sa.String(length=36, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "plan_changes",
        sa.Column("id", ID, nullable=False),
        sa.Column("subscription_id", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=30), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False, comment="the aggregate as JSON"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_changes")),
    )
    with op.batch_alter_table("plan_changes") as batch:
        batch.create_index(batch.f("ix_plan_changes_subscription_id_id"), ["subscription_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("plan_changes")
