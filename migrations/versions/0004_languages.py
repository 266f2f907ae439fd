"""Languages that were detected, and how far jobs behind ingest have read the change log."""

from migrations.scripts import run_scripts

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_scripts("0004_languages")
