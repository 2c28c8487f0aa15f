"""Entries of the audit log name a ticket by the first digits of its id, and not by all of it."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

TICKET = re.compile(r"(/inbox/[0-9a-f]{6})[0-9a-f]{26}\b")


def upgrade() -> None:
    """Cut the ids."""
    log = sa.table("audit", sa.column("number"), sa.column("what"))
    connection = op.get_bind()
    for number, what in connection.execute(
        sa.select(log.c.number, log.c.what).where(log.c.what.like("%/inbox/%"))
    ).all():
        cut = TICKET.sub(r"\1", what)
        connection.execute(sa.update(log).where(log.c.number == number).values(what=cut))


def downgrade() -> None:
    """Leave them: what was cut is nowhere else."""
