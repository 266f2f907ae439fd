"""Foundation: workspaces, facts by month, changes, queue, tenants."""

from migrations.scripts import run_scripts

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_scripts("0001_foundation")
