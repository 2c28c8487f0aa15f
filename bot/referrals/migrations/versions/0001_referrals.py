"""The salt of receipts, units' keys, tickets with their messages, and counts of wrong receipts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "referral_salt",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("salt", sa.LargeBinary(16), nullable=False),
        sa.Column("passes", sa.Integer, nullable=False),
        sa.Column("memory", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "unit_keys",
        sa.Column("key_id", sa.String(16), primary_key=True),
        sa.Column("deanery", sa.String(64), nullable=False, index=True),
        sa.Column("public", sa.LargeBinary(32), nullable=False),
        sa.Column("sealed_private", sa.LargeBinary, nullable=False),
        sa.Column("sealed_recovery", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("week", sa.String(8), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_unit_keys_active",
        "unit_keys",
        ["deanery"],
        unique=True,
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_table(
        "tickets",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("deanery", sa.String(64), nullable=False, index=True),
        sa.Column(
            "key_id", sa.String(16), sa.ForeignKey("unit_keys.key_id"), nullable=False, index=True
        ),
        sa.Column("lookup", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("public", sa.LargeBinary(32), nullable=False),
        sa.Column("sealed_private", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("week", sa.String(8), nullable=False),
        sa.Column("last_used_week", sa.String(8), nullable=False, index=True),
        sa.Column("waiting_since", sa.String(8)),
        sa.Column("size_class", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ticket_messages",
        sa.Column(
            "ticket",
            sa.String(32),
            sa.ForeignKey("tickets.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("direction", sa.String(3), nullable=False),
        sa.Column("seen", sa.Boolean, nullable=False),
        sa.Column("week", sa.String(8), nullable=False),
        sa.Column(
            "key_id", sa.String(16), sa.ForeignKey("unit_keys.key_id"), nullable=False, index=True
        ),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_ticket_messages_seen", "ticket_messages", ["direction", "seen", "ticket"])
    op.create_table(
        "referral_guesses",
        sa.Column("week", sa.String(8), primary_key=True),
        sa.Column("wrong", sa.Integer, nullable=False),
        sa.Column("refused", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drop them."""
    for name in (
        "referral_guesses",
        "ticket_messages",
        "tickets",
        "unit_keys",
        "referral_salt",
    ):
        op.drop_table(name)
