"""Why a request is turned away before anything is searched."""

from __future__ import annotations

from index.errors import LecturesError


class Overloaded(LecturesError):
    """More requests at once than are worth queueing."""

    code = "overloaded"


class BeingDrawn(Overloaded):
    """A picture takes long to draw; it is there later, or found to be impossible."""

    code = "being_drawn"

    def __init__(self, message: str = "This page takes long to draw; ask again in a while.") -> None:
        super().__init__(message)


class KeyNeeded(LecturesError):
    """No key was given where one is needed, or it is unknown, expired or revoked."""

    code = "key_needed"


class ScopeMissing(LecturesError):
    """The key is valid but may not do this."""

    code = "scope_missing"


class TooOften(LecturesError):
    """The caller asked more often than is allowed; `retry_after_seconds` says when to come back."""

    code = "too_often"

    def __init__(self, message: str, retry_after_seconds: float) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class NotOurPage(LecturesError):
    """A page of another site sent something in the name of a person who is signed in here."""

    code = "not_our_page"


class SignInFailed(LecturesError):
    """A person could not be signed in."""

    code = "sign_in_failed"
