"""A question in a chat room → the text of the reply: what the bots beside this file share."""

from __future__ import annotations

import os
import sys
from collections import OrderedDict

from lecture_search_client import AnswerOut, ApiError, AsyncLectures
from lecture_search_client.calls import Turn

_TURNS = 12  # messages of a room, remembered for the questions that follow
_MAX_ROOMS = 1_000


class Replies:
    """Answers of the service to the rooms of a chat; each room has its own short memory."""

    def __init__(self, lectures: AsyncLectures, course: str | None = None, max_chars: int = 4_000) -> None:
        self._lectures, self._course, self._max_chars = lectures, course, max_chars
        self._rooms: OrderedDict[str, list[Turn]] = OrderedDict()

    async def reply(self, room: str, question: str) -> str:
        """The answer as plain text: nothing of a course is ever read as markup of the chat."""
        history = self._rooms.pop(room, [])
        said: list[Turn] = [{"role": "user", "content": question[:1_000]}]
        try:
            answer = await self._lectures.ask(question[:1_000], course=self._course, history=history)
            said.append(_turn(answer))
        except ApiError as error:
            return str(error)
        finally:
            self._rooms[room] = [*history, *said][-_TURNS:]
            if len(self._rooms) > _MAX_ROOMS:
                self._rooms.popitem(last=False)
        return self._written(answer)[: self._max_chars]

    def _written(self, answer: AnswerOut) -> str:
        lines = [answer.note] if answer.note else []
        lines += [s.text + "".join(f" [{n}]" for n in s.citations) for s in answer.sentences]
        lines += [f"[{c.number}] {c.hit.title}: {self._lectures.link(c.hit.url)}" for c in answer.citations]
        if not answer.sentences:
            lines += [f"• {hit.title}: {self._lectures.link(hit.url)}" for hit in answer.hits[:3]]
        return "\n".join(lines) or "…"


def _turn(answer: AnswerOut) -> Turn:
    """An answer as the next question is asked with it: a place that is cited again keeps its number."""
    cited = [{"number": citation.number, "hit": {"url": citation.hit.url}} for citation in answer.citations]
    text = " ".join(sentence.text for sentence in answer.sentences)
    return {"role": "assistant", "content": text[:4_000], "citations": cited}


def open_replies(max_chars: int = 4_000) -> Replies:
    """Replies of the service that LECTURES_URL, LECTURES_KEY and LECTURES_COURSE name."""
    lectures = AsyncLectures(os.environ.get("LECTURES_URL", "http://127.0.0.1:8000"), os.environ.get("LECTURES_KEY"))
    return Replies(lectures, os.environ.get("LECTURES_COURSE"), max_chars)


def needed(name: str, what: str) -> str:
    """A variable without which a bot cannot start."""
    value = os.environ.get(name)
    if not value:
        sys.exit(f"Set {name} to {what}.")
    return value
