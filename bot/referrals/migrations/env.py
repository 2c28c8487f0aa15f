"""Alembic's entry: runs the revisions on the connection that it is given."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table="referrals_revision",
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
