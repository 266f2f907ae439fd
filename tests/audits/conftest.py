"""The servers and keys of tests/server."""

from tests.server.conftest import admin_key, odd_server

__all__ = ["admin_key", "odd_server"]
