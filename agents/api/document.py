"""The API's OpenAPI document: each value in it has its class."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from schemas.contracts import with_class


class DocumentedApi(FastAPI):
    """An application whose document says of each value what it tells of a customer (``x-personal``)."""

    def openapi(self) -> dict[str, Any]:
        """The document; made once."""
        if self.openapi_schema is None:
            self.openapi_schema = _with_classes(super().openapi())
        return self.openapi_schema


def _with_classes(part: Any) -> Any:
    if isinstance(part, list):
        return [_with_classes(one) for one in part]
    if not isinstance(part, dict):
        return part
    return with_class({name: _with_classes(one) for name, one in part.items()})
