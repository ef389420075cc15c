"""The shape of every error."""

from __future__ import annotations

from service.schemas.shape import Shape


class ProblemOut(Shape):
    """RFC 9457 problem details with our code."""

    type: str
    title: str
    status: int
    detail: str
    code: str
