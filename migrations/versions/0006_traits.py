"""Traits of visitors, as identify tells them."""

from migrations.scripts import run_scripts

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_scripts("0006_traits")
