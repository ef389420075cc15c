"""What an endpoint of a language model did instead of answering → which failure that is, and so what may be done."""

from __future__ import annotations

import re

from index.errors import LecturesError

# It lies in what was asked, or a gateway before the endpoint says so; or in the settings, if all is refused so.
_OF_WHAT_WAS_ASKED = frozenset({400, 403, 413, 422, 451})
# Errors of the client by their numbers that pass: no credit left, a timeout, a conflict, too early, too many.
_PASSING = frozenset({402, 408, 409, 425, 429})
_FILTERS = frozenset({"content_filter", "content_policy_violation"})
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{2,39}")


class ModelFailed(LecturesError):
    """The language model gave nothing usable in time; the message says what went wrong, for `degraded`."""

    code = "language_model"


class WrongReply(ModelFailed):
    """The model answered, and what it wrote is of no use; asked something else it may do better."""


class Refused(ModelFailed):
    """The endpoint did not take what it was asked: it may take something else, or is set up wrongly and takes
    nothing."""


class Filtered(Refused):
    """A content filter did not let the question or the reply pass; the endpoint is well."""

    def __init__(self) -> None:
        super().__init__("the content filter of the language model refused it")


class Unfinished(ModelFailed):
    """The endpoint failed at what it was asked, or was late: it passes, unless it does so each time."""


class Misconfigured(ModelFailed):
    """The endpoint takes nothing from us: another address, key or name of a model is needed."""


def failure_of(status: int | None, *codes: object) -> ModelFailed:
    """The failure that a status says, and what the endpoint calls it: a code, a type; neither may be there."""
    named = [code for code in codes if isinstance(code, str) and _CODE.fullmatch(code)]
    if _FILTERS.intersection(named):
        return Filtered()
    said = "with an error" if status is None else f"with status {status}"
    sentence = f"the language model answered {said}{f' ({named[0]})' if named else ''}"
    if status is None or status >= 500:
        return Unfinished(sentence)
    if status in _PASSING:
        return ModelFailed(sentence)
    return Refused(sentence) if status in _OF_WHAT_WAS_ASKED else Misconfigured(sentence)
