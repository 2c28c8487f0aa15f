"""The tables of marks, of frozen periods, and the month in which counting began."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables; in PostgreSQL the marks are kept out of its log."""
    unlogged = ["UNLOGGED"] if op.get_bind().dialect.name == "postgresql" else []
    op.create_table(
        "marks",
        sa.Column("period", sa.String(7), primary_key=True),
        sa.Column("facet", sa.String(32), primary_key=True),
        sa.Column("value", sa.String(64), primary_key=True),
        sa.Column("contributor", sa.LargeBinary(16), primary_key=True),
        sqlite_with_rowid=False,
        prefixes=unlogged,
    )
    op.create_table(
        "frozen",
        sa.Column("period", sa.String(7), primary_key=True),
        sa.Column("release", sa.String(32), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "origin",
        sa.Column("month", sa.String(7), primary_key=True),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drop them."""
    for name in ("origin", "frozen", "marks"):
        op.drop_table(name)
