"""What all shapes share: they are read from our types by attribute, so that a field is named once."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict


class Shape(BaseModel):
    model_config = ConfigDict(from_attributes=True)


def _written(value: object) -> object:
    return value.isoformat() if isinstance(value, dt.datetime) else value


# A moment of our types, in JSON as Python writes it; a client is given it back as it was sent.
Timestamp = Annotated[str, BeforeValidator(_written)]
