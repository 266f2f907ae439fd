"""Questions and the last step of a workflow run, each with its time, so that they count in their own bucket."""

from migrations.scripts import run_scripts

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_scripts("0002_questions")
