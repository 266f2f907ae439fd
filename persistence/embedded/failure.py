"""What goes wrong with the embedded Postgres, always told together with its remedy."""

from dataclasses import dataclass


@dataclass
class EmbeddedFailure(Exception):
    problem: str
    remedy: str
    in_use: bool = False  # another process holds the data folder

    def __str__(self) -> str:
        return self.problem
