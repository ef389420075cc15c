"""Original files, page pictures, captions."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import FileResponse
from starlette.concurrency import run_in_threadpool

from index.errors import NotFound, SourceFileError
from index.store.catalogue import deck_details, deck_pages, video_details
from index.types import VIDEO_TYPES, DeckEntry, Problem
from service.access import Caller, Reader, Viewer
from service.deps import State
from service.errors import refusal_of
from service.openapi import file_responses, problems
from service.refusals import Overloaded
from service.schemas import DeckOut, deck_out
from service.stand_in import stand_in
from service.state import ServiceState

router = APIRouter(tags=["media"])

# A picture's content hangs on the file's hash, but its address on the deck's id: cached, yet asked for again by ETag.
_CACHE = "private, max-age=300"
_WIDTHS = (160, 240, 480, 960, 1440, 1920)
# Of originals that are no PDF. HTML is none of them: nothing of a course is ever called a page of this site.
_SAVED_TYPES = {
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".ipynb": "application/x-ipynb+json",
    ".txt": "text/plain",
    ".md": "text/plain",
    ".markdown": "text/plain",
    ".qmd": "text/plain",
    ".rmd": "text/plain",
}


def _picture_responses() -> dict[int | str, dict[str, Any]]:
    found = file_responses("image/webp") | problems(422, 503)
    for status in (422, 503):
        found[status]["description"] = (
            "There is no picture of the page, or not yet; for those who ask for pictures one of its text"
        )
        found[status]["content"] |= {"image/svg+xml": {"schema": {"type": "string"}}}
    return found


Id = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("/decks/{deck_id}")
def deck(state: State, caller: Reader, deck_id: Id) -> DeckOut:
    """A deck with the text of its pages."""
    with state.library.database.reading() as connection:
        found = deck_details(connection, deck_id, caller.courses)
        return deck_out(found, deck_pages(connection, found))


@router.get(
    "/decks/{deck_id}/file.pdf", response_class=FileResponse, responses=file_responses("application/pdf", partial=True)
)
def deck_file(state: State, caller: Reader, deck_id: Id) -> FileResponse:
    """The original of a deck that is a PDF, to be shown at a page."""
    with state.library.database.reading() as connection:
        found = deck_details(connection, deck_id, caller.courses)
    if found.suffix != ".pdf":
        raise NotFound(f"Deck {found.path} is no PDF; its original is at /api/decks/{deck_id}/file.")
    return _original(state, found)


@router.get(
    "/decks/{deck_id}/file",
    response_class=FileResponse,
    responses=file_responses(
        "application/pdf", "application/octet-stream", *sorted(set(_SAVED_TYPES.values())), partial=True
    ),
)
def deck_original(state: State, caller: Reader, deck_id: Id) -> FileResponse:
    """The original of a deck, whatever it is. What is no PDF is sent to be saved, never to be shown: a page of a course
    must not run as one of ours."""
    with state.library.database.reading() as connection:
        found = deck_details(connection, deck_id, caller.courses)
    return _original(state, found)


@router.get("/decks/{deck_id}/pages/{page_number}.webp", response_class=FileResponse, responses=_picture_responses())
async def page_picture(
    request: Request,
    state: State,
    caller: Viewer,
    deck_id: Id,
    page_number: Annotated[int, Path(ge=1, le=100_000)],
    width: Annotated[int, Query(ge=16, le=1920, description="Pixels; rounded up to one of a few sizes")] = 960,
) -> Response:
    """A picture of a page. Where there is none (yet) and the caller asks for pictures, one of the page's text."""
    found, sha256 = await run_in_threadpool(_pictured, state, caller, deck_id, page_number)
    # few sizes, so that a caller cannot fill the disk with one picture in a thousand widths
    size = next(known for known in _WIDTHS if known >= width)
    try:
        return _file(await state.pictures.picture(sha256, page_number, size), "image/webp")
    except (SourceFileError, Overloaded) as error:
        if "image/" not in request.headers.get("accept", ""):
            raise
        content = stand_in(await run_in_threadpool(_text, state, found, page_number), str(error), size)
        headers = {"Cache-Control": "private, max-age=30", "Content-Security-Policy": "default-src 'none'; sandbox"}
        refused = refusal_of(error)
        if "Retry-After" in refused.headers:
            headers["Retry-After"] = refused.headers["Retry-After"]
        return Response(content, refused.status_code, headers, media_type="image/svg+xml")


@router.get("/videos/{video_id}/captions.vtt", response_class=FileResponse, responses=file_responses("text/vtt"))
def captions(state: State, caller: Reader, video_id: Id) -> FileResponse:
    """The captions as WebVTT."""
    with state.library.database.reading() as connection:
        found = video_details(connection, video_id, caller.courses)
    if found.transcript is None:
        reason = _reason(found.problem, "they were left out")
        raise NotFound(f"Video {found.video} has no captions here: {reason}")
    return _file(state.library.files.path(found.transcript.vtt_sha256, ".vtt"), "text/vtt; charset=utf-8")


@router.get(
    "/videos/{video_id}/file",
    response_class=FileResponse,
    responses=file_responses(*sorted(set(VIDEO_TYPES.values())), partial=True),
)
def video_file(state: State, caller: Reader, video_id: Id) -> FileResponse:
    """A video that lies beside the course; parts of it by the Range header."""
    with state.library.database.reading() as connection:
        found = video_details(connection, video_id, caller.courses)
    suffix = f".{found.video.rsplit('.', 1)[-1].lower()}"
    if found.sha256 is None or suffix not in VIDEO_TYPES:
        raise NotFound(f"Video {found.video} is not a file here.")
    return _file(state.library.files.path(found.sha256, suffix), VIDEO_TYPES[suffix])


def _pictured(state: ServiceState, caller: Caller, deck_id: int, page_number: int) -> tuple[DeckEntry, str]:
    """A deck that has a picture of this page, with the hash of the PDF that it is drawn from; NotFound says why not."""
    with state.library.database.reading() as connection:
        found = deck_details(connection, deck_id, caller.courses)
    if found.pictures_sha256 is None:
        raise NotFound(f"Deck {found.path} has no pictures of its pages; they are shown as text.")
    if page_number > found.page_count:
        raise NotFound(f"Deck {found.path} has no page {page_number} here.")
    return found, found.pictures_sha256


def _text(state: ServiceState, deck: DeckEntry, page_number: int) -> str:
    with state.library.database.reading() as connection:
        return next((page.text for page in deck_pages(connection, deck) if page.page_number == page_number), "")


def _reason(problem: Problem | None, otherwise: str = "nothing is known of why") -> str:
    return problem.detail if problem else otherwise


def _original(state: State, deck: DeckEntry) -> FileResponse:
    if deck.sha256 is None:
        raise NotFound(f"Deck {deck.path} is not here: {_reason(deck.problem)}")
    path = state.library.files.path(deck.sha256, deck.suffix)
    name = deck.path.split("?", 1)[0].rsplit("/", 1)[-1]
    if deck.suffix == ".pdf":
        return _file(path, "application/pdf", name)
    if not name.lower().endswith(deck.suffix):  # one that was exported under an address of another form
        name += deck.suffix
    response = _file(path, _SAVED_TYPES.get(deck.suffix, "application/octet-stream"), name, "attachment")
    response.headers["Content-Security-Policy"] = "sandbox"
    return response


def _file(path: FilePath, media_type: str, name: str | None = None, shown: str = "inline") -> FileResponse:
    if not path.is_file():
        raise NotFound("The file is gone from the data folder; ingest the course again.")
    headers = {"Cache-Control": _CACHE}
    if name:
        headers["Content-Disposition"] = f"{shown}; filename*=UTF-8''{quote(name)}"
    return FileResponse(path, media_type=media_type, headers=headers)
