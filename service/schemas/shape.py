"""What all shapes share: they are read from our types by attribute, so that a field is named once."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

from index.addresses import is_web_address


class Shape(BaseModel):
    model_config = ConfigDict(from_attributes=True)


def _written(value: object) -> object:
    return value.isoformat() if isinstance(value, dt.datetime) else value


# A moment of our types, in JSON as Python writes it; a client is given it back as it was sent.
Timestamp = Annotated[str, BeforeValidator(_written)]


def _of_the_web(value: object) -> object:
    return value if isinstance(value, str) and is_web_address(value) else None


# Where a lecturer has published something, or null: an address of another scheme is never given out.
PublishedUrl = Annotated[str | None, BeforeValidator(_of_the_web)]
