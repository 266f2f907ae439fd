"""The intent that an answer tells, beside the one that its message tells itself."""

from migrations.scripts import run_scripts

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_scripts("0003_told_intent")
