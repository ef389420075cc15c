"""The templates of pages, with all that they call."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

from jinja2 import Environment, FileSystemLoader

from index.text.fences import code_and_prose
from service.links import clock, course_url, deck_image_url, deck_url, file_url, kept_url, lecture_link, watch_url
from service.web.quoted import cited_place
from service.web.results import hit_place
from service.web.showing import called, counted_in, first_upper, groupby_run, host, look_name
from service.web.snippets import code_parted, pieces
from service.web.words import counted

TEMPLATES = Environment(loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True)
TEMPLATES.filters |= {
    "clock": clock,
    "counted": counted,
    "counted_in": counted_in,
    "first_upper": first_upper,
    "groupby_run": groupby_run,
    "host": host,
}
TEMPLATES.globals |= {
    "called": called,
    "readable": unquote,
    "cited_place": cited_place,
    "hit_place": hit_place,
    "look_name": look_name,
    "code_parted": code_parted,
    "pieces": pieces,
    "quote_parts": code_and_prose,
    "course_url": course_url,
    "deck_image_url": deck_image_url,
    "deck_url": deck_url,
    "file_url": file_url,
    "kept_url": kept_url,
    "lecture_link": lecture_link,
    "watch_url": watch_url,
}
