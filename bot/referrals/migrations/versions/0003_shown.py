"""Whether the sender of a ticket was told that it went, and shown its receipt if it has one."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column; those that are there count as shown, as it is not known of them."""
    op.add_column(
        "tickets", sa.Column("shown", sa.Boolean, nullable=False, server_default=sa.true())
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_column("tickets", "shown")
