"""What people and scripts send, fit to be stored: no database keeps a NUL or half a surrogate pair, and nobody types them on purpose."""

from __future__ import annotations

from typing import Any

from flask import Request
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.routing import Map, UnicodeConverter

from backoffice.domain.storable import storable


class Texts(ImmutableMultiDict[str, Any]):
    """Fields of a form or of an address."""

    def __init__(self, mapping: Any = None) -> None:
        given = ImmutableMultiDict(mapping).items(multi=True)
        super().__init__([(storable(name), storable(value)) for name, value in given])


class Typed(Request):
    """A request whose fields and JSON are storable."""

    parameter_storage_class = Texts

    def get_json(self, *args: Any, **kwargs: Any) -> Any:
        return storable(super().get_json(*args, **kwargs))


class Part(UnicodeConverter):
    """A part of an address; with a NUL in it there is no page."""

    def __init__(self, url_map: Map, **lengths: Any) -> None:
        super().__init__(url_map, **lengths)
        self.regex = self.regex.replace("[^/]", "[^/\0]")
