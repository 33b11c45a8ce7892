"""The staff's screens under test, on both databases."""

from __future__ import annotations

from tests.web.conftest import SignIn, Visitor

__all__ = ["SignIn", "Visitor"]
