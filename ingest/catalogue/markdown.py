"""Markdown → blocks, by way of the HTML that it stands for; front matter apart, rows of tables as they were meant."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin

from ingest.catalogue.blocks import Block
from ingest.catalogue.html import read_html

_KEY = re.compile(r"^([A-Za-z_][\w-]{0,40}):\s*(.*)$")
# a picture written as its name, as GitHub takes it: ":pencil2:"
_SHORTCODE = re.compile(r"(?<![\w:`]):[a-z][a-z0-9_+-]{1,30}:(?![\w:`])")
# blanks in a link's path, which Markdown takes for no link at all
_BLANKS = re.compile(r"\]\(([^()<>\n\"]{1,300}\.(?:pdf|pptx|ipynb|md|html|mp4|txt))\)", re.IGNORECASE)
# what Jekyll puts into a page when it builds the site: the site's place, a file's address, classes of a span
_SITE_PLACE = re.compile(r"\{\{-? {0,3}site\.(?:baseurl|url) {0,3}-?\}\}")
_FILE_LINK = re.compile(r"\{%-? {0,3}(?:link|post_url) {1,3}([^%{}\n]{1,300}?) {0,3}-?%\}")
_SITE_LINK = re.compile(r"\{\{-? {0,3}[\"']([^\"'{}\n]{1,300})[\"'] {0,3}\| {0,3}(?:relative|absolute)_url {0,3}-?\}\}")
_OF_THE_PAGE = re.compile(r"\{\{-? {0,3}page\.\w{1,30} {0,3}-?\}\}")
_CLASSES = re.compile(r"\{: ?[.#][^{}\n]{0,200}\}")
_ADDRESS = re.compile(r"[\"']?https?://\S+$")
# neighbouring lines that begin and end with a pipe, below a blank line
_HEADLESS = re.compile(r"(?<=\n\n)\|[^\n]{1,4000}\|[ \t]{0,9}(?:\n\|[^\n]{1,4000}\|[ \t]{0,9})*(?=\n\s|\n?\Z)")
_RULE = re.compile(r"\|[\s|:-]+$")
_MAX_FRONT_LINES = 200
_PROGRAMME = re.compile(r"программ|содержан|план|описан|program|syllabus|content|descr|abstract|outline", re.IGNORECASE)


def read_markdown(text: str) -> Block:
    """The blocks of a Markdown file, raw HTML in it included."""
    # lines as the parser counts them
    meta, body = split_front_matter(text.replace("\r\n", "\n").replace("\r", "\n"))
    body = _BLANKS.sub(lambda found: f"](<{found[1].strip()}>)" if " " in found[1] else found[0], body)
    body = _HEADLESS.sub(_with_head, _SHORTCODE.sub("", without_liquid(body)))
    markdown = _markdown()
    environment: dict[str, Any] = {}
    tokens = markdown.parse(body, environment)
    _mend_rows(tokens, body.split("\n"), markdown, environment)
    found = read_html(markdown.renderer.render(tokens, markdown.options, environment))
    found.meta.update(meta)
    return found


def _with_head(found: re.Match[str]) -> str:
    """Lines of cells that some builders take for a table, with the head that others need."""
    lines = found[0].split("\n")
    if any(_RULE.match(line) for line in lines[:2]):
        return found[0]
    width = max(len(split_row(line)) for line in lines)
    return "\n".join(["|" + " |" * width, "|" + "-|" * width, *lines])


def without_liquid(text: str) -> str:
    """A page of a site with the links that its builder would write, from the top of the site."""
    if "{" not in text:
        return text
    text = _OF_THE_PAGE.sub("", text)
    text = _SITE_LINK.sub(r"\1", _FILE_LINK.sub(r"/\1", _SITE_PLACE.sub("", text)))
    return _CLASSES.sub("", text)


def render_markdown(text: str) -> str:
    """Markdown as the HTML that it stands for."""
    return str(_markdown().render(text))


@cache
def _markdown() -> MarkdownIt:
    known = MarkdownIt("commonmark", {"html": True, "maxNesting": 60}).enable(["table", "strikethrough"])
    known.add_render_rule("code_block", _set_in)
    return known.use(deflist_plugin)


def _set_in(_: Any, tokens: list[Token], at: int, *__: Any) -> str:
    """What is four blanks in: typed as it stands, but unlike what stands between fences nobody called it code."""
    return f"<pre>{escapeHtml(tokens[at].content)}</pre>\n"


def split_front_matter(text: str) -> tuple[dict[str, str], str]:
    """(`key: value` lines between `---` at the head of a page, the rest); keys that are nested are flattened."""
    lines = text.lstrip("\ufeff").split("\n")
    if not lines or lines[0].strip() != "---":
        return {}, text
    meta: dict[str, str] = {}
    above = name = ""
    for number, line in enumerate(lines[1:_MAX_FRONT_LINES], 1):
        if line.strip() in ("---", "..."):
            return meta, "\n".join(lines[number + 1 :])
        if _ADDRESS.match(line.strip()):  # a long value may stand below its key
            meta[name] = meta.get(name) or line.strip().strip("\"'")[:2000]
            continue
        found = _KEY.match(line.strip().removeprefix("- "))
        if found:
            key, value = found.group(1).lower(), found.group(2).strip().strip("\"'")
            nested = line[:1] in (" ", "\t", "-") and above
            above = above if nested else key
            name = f"{above}.{key}" if nested else key
            # a list has the same key again and again
            name = name if name not in meta else f"{name} {number}"
            meta[name] = value[:2000]
    return {}, text


def _mend_rows(tokens: list[Token], lines: list[str], markdown: MarkdownIt, environment: dict[str, Any]) -> None:
    """Rows with more cells than their table has columns: what a stray `|` cut off goes back where it was written."""
    width, wide, header = 0, 0, False
    for position, token in enumerate(tokens):
        if token.type == "thead_open":
            width, header = 0, True
        elif token.type == "thead_close":
            header = False
        elif header and token.type == "inline":
            wide = width if _PROGRAMME.search(token.content) or width == 0 else wide
            width += 1
        elif token.type == "tr_open" and not header and token.map and width:
            cells = split_row(lines[token.map[0]].lstrip("> \t"))  # a table may be quoted
            if len(cells) <= width:
                continue
            end = len(cells) - (width - wide - 1)
            fitted = [*cells[:wide], r" \| ".join(cells[wide:end]), *cells[end:]]
            inline = [found for found in tokens[position : position + 3 * width + 1] if found.type == "inline"][:width]
            for found, content in zip(inline, fitted, strict=False):
                found.content = content
                found.children = markdown.parseInline(content, environment)[0].children


def split_row(line: str) -> list[str]:
    r"""The cells of a table row. `\|` and pipes in code do not separate."""
    cells = [""]
    in_code = False
    escaped = False
    for character in line.strip().removeprefix("|"):
        if escaped:
            cells[-1] += character if character == "|" else "\\" + character
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == "|" and not in_code:
            cells.append("")
        else:
            in_code ^= character == "`"
            cells[-1] += character
    if len(cells) > 1 and not cells[-1].strip():
        cells.pop()
    return [cell.strip() for cell in cells]
