"""A typed client of Lecture Search: `Lectures` and `AsyncLectures`, the shapes of what they give, and their errors."""

from lecture_search_client.client import AsyncLectures, Lectures
from lecture_search_client.errors import (
    ApiError,
    Gone,
    InvalidRequest,
    KeyNeeded,
    NotAllowed,
    NotFound,
    TooLarge,
    TooOften,
    Unavailable,
    Unreachable,
)
from lecture_search_client.shapes import AnswerOut, HitOut, IngestOut, SearchOut, SentenceOut

__all__ = [
    "AnswerOut",
    "ApiError",
    "AsyncLectures",
    "Gone",
    "HitOut",
    "IngestOut",
    "InvalidRequest",
    "KeyNeeded",
    "Lectures",
    "NotAllowed",
    "NotFound",
    "SearchOut",
    "SentenceOut",
    "TooLarge",
    "TooOften",
    "Unavailable",
    "Unreachable",
]
