"""Corrections that are detected, and by which detector."""

from migrations.scripts import run_scripts

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_scripts("0005_corrections")
