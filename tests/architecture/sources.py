"""The Python sources of the project, parsed once."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("domain", "persistence", "schema", "resolvers", "subscriptions", "delivery", "server")
OTHERS = ("migrations", "benchmarks", "tests")
_LEFT_OUT = {".venv", ".cache", "node_modules", "__pycache__", "dist"}


@dataclass(frozen=True)
class Source:
    path: str  # below the root, with forward slashes
    text: str
    tree: ast.Module

    @property
    def package(self) -> str:
        return self.path.split("/")[0].removesuffix(".py")

    def nodes(self) -> Iterator[ast.AST]:
        return ast.walk(self.tree)


@cache
def sources(*folders: str) -> tuple[Source, ...]:
    """Of these folders, or of the whole project."""
    found: list[Source] = []
    for folder in folders or (*PACKAGES, *OTHERS):
        for file in sorted((ROOT / folder).rglob("*.py")):
            if not _LEFT_OUT & set(file.parts):
                content = file.read_text(encoding="utf-8")
                found.append(Source(file.relative_to(ROOT).as_posix(), content, ast.parse(content)))
    return tuple(found)


def imported_modules(source: Source) -> Iterator[tuple[int, str]]:
    """Line and full name of everything a file imports, wherever in the file."""
    for node in source.nodes():
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            prefix = "." * node.level + (node.module or "")
            yield node.lineno, prefix


def dotted(node: ast.expr) -> str:
    """`a.b.c` of a chain of names, empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        inner = dotted(node.value)
        return f"{inner}.{node.attr}" if inner else ""
    return ""
