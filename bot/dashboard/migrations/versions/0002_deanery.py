"""Whose referrals an account may answer."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column."""
    op.add_column("staff", sa.Column("deanery", sa.String(64), nullable=False, server_default=""))


def downgrade() -> None:
    """Drop it."""
    with op.batch_alter_table("staff") as batch:
        batch.drop_column("deanery")
