"""Accounts, sessions, the audit log and sign-offs."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "staff",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("full_name", sa.String(120), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("password", sa.String(255)),
        sa.Column("totp_secret", sa.String(64)),
        sa.Column("totp_used", sa.Integer, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("locked_until", sa.Integer, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.LargeBinary(32), primary_key=True),
        sa.Column(
            "staff", sa.String(64), sa.ForeignKey("staff.name", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("began", sa.Integer, nullable=False),
        sa.Column("used", sa.Integer, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.Integer, nullable=False, index=True),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("what", sa.String(200), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
    )
    op.create_table(
        "sign_offs",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("sentence", sa.String(160), nullable=False, index=True),
        sa.Column("text_hash", sa.String(64), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("role", sa.String(120), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
    )


def downgrade() -> None:
    """Drop them."""
    for name in ("sign_offs", "audit", "sessions", "staff"):
        op.drop_table(name)
