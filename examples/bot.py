"""A question in a chat room → the reply: what the bots beside this file share."""

from __future__ import annotations

import os
import sys
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from lecture_search_client import AnswerOut, ApiError, AsyncLectures, HitOut
from lecture_search_client.calls import Turn

_TURNS = 12  # messages of a room, remembered for the questions that follow
_MAX_ROOMS = 1_000
_QUESTION_CHARS = 1_000


@dataclass(frozen=True)
class Reply:
    """What is said, and the places that it names, each with its mark and address. Texts of a course are untrusted."""

    text: str
    places: tuple[tuple[str, str, str], ...] = ()

    def plain(self, max_chars: int, escape: Callable[[str], str] = str) -> str:
        """All of it as plain text, escaped; where it is too long, the text is cut and the places stay."""
        places = escape("".join(f"\n{mark} {title}: {url}" for mark, title, url in self.places))
        return (escape(self.text)[: max(0, max_chars - len(places))] + places).strip()[:max_chars] or "…"


class Replies:
    """Answers of the service to the rooms of a chat; each room has its own short memory."""

    def __init__(self, lectures: AsyncLectures, course: str | None = None) -> None:
        self._lectures, self._course = lectures, course
        self._rooms: OrderedDict[str, list[Turn]] = OrderedDict()

    async def reply(self, room: str, question: str) -> Reply:
        """The answer, or the sentence that says why there is none."""
        asked = question.strip()[:_QUESTION_CHARS]
        history = self._rooms.get(room, [])
        said: list[Turn] = [{"role": "user", "content": asked}]
        try:
            answer = await self._lectures.ask(asked, course=self._course, history=history)
            said.append(_turn(answer))
        except ApiError as error:
            return Reply(str(error))
        finally:
            # what was asked in the room meanwhile is remembered too
            self._rooms[room] = [*self._rooms.pop(room, []), *said][-_TURNS:]
            if len(self._rooms) > _MAX_ROOMS:
                self._rooms.popitem(last=False)
        return self._written(answer)

    async def close(self) -> None:
        await self._lectures.close()

    def _written(self, answer: AnswerOut) -> Reply:
        said = [answer.note] if answer.note else []
        said += [sentence.text + "".join(f" [{n}]" for n in sentence.citations) for sentence in answer.sentences]
        cited = [(f"[{citation.number}]", citation.hit) for citation in answer.citations]
        near = [] if answer.sentences else [("•", hit) for hit in answer.hits[:3]]
        return Reply("\n".join(said), tuple(self._place(mark, hit) for mark, hit in cited + near))

    def _place(self, mark: str, hit: HitOut) -> tuple[str, str, str]:
        return mark, " ".join(hit.title.split()), self._lectures.link(hit.url)


def open_replies() -> Replies:
    """Replies of the service that LECTURES_URL, LECTURES_KEY and LECTURES_COURSE name."""
    lectures = AsyncLectures(os.environ.get("LECTURES_URL", "http://127.0.0.1:8000"), os.environ.get("LECTURES_KEY"))
    return Replies(lectures, os.environ.get("LECTURES_COURSE"))


def needed(name: str, what: str) -> str:
    """A variable without which a bot cannot start."""
    value = os.environ.get(name)
    if not value:
        sys.exit(f"Set {name} to {what}.")
    return value


def _turn(answer: AnswerOut) -> Turn:
    """An answer as the next question is asked with it: a place that is cited again keeps its number."""
    cited = [{"number": citation.number, "hit": {"url": citation.hit.url}} for citation in answer.citations]
    text = " ".join(sentence.text for sentence in answer.sentences)
    return {"role": "assistant", "content": text[:4_000], "citations": cited}
