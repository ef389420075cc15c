"""What a language model wrote → text that keeps its signs, formulas and code, without links, pictures and HTML.

Markdown is read by a library and written again by an allow-list. The only module that imports markdown-it-py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

_SCHEME = re.compile(
    r"\b[a-zA-Z][a-zA-Z0-9+.-]{1,20}:(?:(?://|\\\\|%2f)[^\s<>]*|/[^\s<>]{2,})|"
    r"(?:javascript|vbscript|mailto|blob):[^\s<>]*|data:\w+/[^\s<>]*|(?<![\w/])//[\w.-]{1,253}[^\s<>]*",
    re.IGNORECASE,
)
_HOST = re.compile(
    r"(?<![\w@.\\])(?:[\w-]{1,63}\.)+([a-zA-Zа-яА-Я]{2,24})(?![\w(])(?:[:/?#][^\s\]]*)?|[^\s@]{1,64}@[^\s@]{1,253}\.[^\s@]+"
)
_ADDRESS = re.compile(f"{_SCHEME.pattern}|{_HOST.pattern}", re.IGNORECASE)
# Code spans, and formulas between dollars or \( \) and \[ \]: what they hold is not Markdown.
_OPAQUE = re.compile(
    r"```[^`]*```|``[^`\n]+``|`[^`\n]+`|\$\$[^$]{1,2000}\$\$|\$(?=\S)[^$\n]{1,600}(?<=\S)\$(?!\d)|"
    r"\\\([^\n]{1,600}?\\\)|\\\[[^\n]{1,600}?\\\]"
)
_HARMFUL = re.compile(r"\]\(|\bon\w+\s*=|\\href|\\url|\\includegraphics|\\html\w*", re.IGNORECASE)
# What a browser may take for the beginning of a tag: "<img", "<x y=", "</", "<!"; not "i<j" nor "a < b".
_TAG = re.compile(r"<(?:[/!?]|([a-zA-Z][\w:-]{0,40})(?=([\s/][^<]{0,200}?=)?))")
# Marks of bold and slanted words; "x**2", "a * b" and "A_ij" are none.
_EMPHASIS = re.compile(r"(?<![\w*\\])(\*{1,3})(?=[^\s*])([^*\n]{1,400})(?<=[^\s*])\1(?![\w*])")
_UNDERSCORES = re.compile(r"(?<![\w\\])(_{1,2})(?=[^\s_])([^_\n]{1,400})(?<=[^\s_])\1(?!\w)")
_NAME = re.compile(r"\w+")  # "__init__" is one word, and no emphasis
_LINE_MARK = re.compile(r"^\s*(?:#{1,6}\s+|[-*•]\s+|>\s+(?!\d))")
# The names of HTML and SVG; a bare tag of another name is a type of a programming language: List<int>.
_ELEMENTS = frozenset(
    """
    a abbr acronym address animate animatemotion animatetransform applet area article aside audio b base
    basefont bdi bdo bgsound big blink blockquote body br button canvas caption center cite code col colgroup
    command content data datalist dd del desc details dfn dialog dir div dl dt em embed fieldset figcaption
    figure font footer foreignobject form frame frameset g h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe
    image img input ins isindex kbd keygen label layer legend li link listing main map mark marquee math menu
    menuitem meta meter mglyph mi mn mo ms mtext multicol nav nextid nobr noembed noframes noscript object ol
    optgroup option output p param path picture plaintext portal pre progress q rb rp rt rtc ruby s samp script
    search section select set shadow slot small source spacer span strike strong style sub summary sup svg table
    tbody td template text textarea tfoot th thead time title tr track tt u ul use var video wbr xmp think
    """.split()
)
# Those that even bare, without attributes, change how what follows is read.
_RUNNING = frozenset("script style svg math iframe noscript title textarea template xmp plaintext form base".split())
_TYPE = re.compile(r"<([A-Za-z]\w{0,30})>|</([A-Za-z]\w{0,30})>")
_SPACES = re.compile(r"\s+")
# Endings of addresses; two letters are a country. Other dotted words are code: torch.nn.functional.dropout.
_ENDINGS = frozenset(
    """
    com org net edu gov mil int info biz name pro aero coop museum mobi travel jobs post tel cat asia xxx arpa
    academy agency app art bar best bid bike blog boutique business cafe camp capital care careers cash center
    chat church city click cloud club coach codes coffee community company computer cool country courses dating
    deals delivery dental design dev digital direct directory domains education email energy engineer
    engineering equipment events exchange expert express family fans farm finance fit fitness foundation fun
    fund gallery game games gift global gmbh gold golf graphics group guide guru health help holdings host
    hosting house how ink institute international investments land lat law legal lgbt life link live loan lol
    love ltd management market marketing media men menu moe money mov movie network news ninja observer one
    online page partners party photo photography photos pictures place plus poker porn press productions
    properties pub quest realty recipes red rent repair report rest review reviews rip rocks run sale school
    science services sex shoes shop show site ski soccer social software solar solutions space store stream
    studio style support surf systems taxi team tech technology theater tips today tools top tours town toys
    trade training tube university uno vacations ventures video vin vip vision vote voyage watch webcam website
    wedding wiki win wine work works world wtf xyz yoga zip zone рф онлайн сайт рус орг москва дети example test
    invalid localhost onion
    """.split()
)
_COUNTRIES_THAT_ARE_CODE = frozenset({"nn", "fc", "op", "fn", "df", "ix", "xs", "ys"})  # no country has these
_ROUNDS = 6


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True, "linkify": False}).disable(["escape", "entity"])


def clean_reply(text: str, known: str = "") -> str:
    """The text without links, pictures, HTML and marks of emphasis; formulas, code and signs stay as they are.

    Dotted words that could be addresses stay where `known` (the passages) writes them as code.
    """
    found: list[str] = []
    at = 0
    for match in _OPAQUE.finditer(text):
        whole = match.group()
        is_code = whole.startswith("`")
        harmless = is_code or not _harms(whole)
        if harmless and not (is_code and _leads_away(whole, known)):
            found += [_prose(text[at : match.start()], known), whole]
            at = match.end()
    found.append(_prose(text[at:], known))
    return "".join(found).strip()


def formulas_of(text: str) -> Iterator[tuple[int, int]]:
    """`[start, end)` of the formulas between dollars or \\( \\) and \\[ \\] that hold nothing but a formula."""
    for match in _OPAQUE.finditer(text):
        if not match.group().startswith("`") and not _harms(match.group()):
            yield match.span()


def addresses_of(text: str) -> Iterator[tuple[int, int]]:
    """`[start, end)` of what programs may take for an address: with a scheme or www, of a host, of mail."""
    for match in _ADDRESS.finditer(text):
        found = _HOST.fullmatch(match.group())
        if found is None or _is_address(found, ""):
            yield match.span()


def _harms(formula: str) -> bool:
    found = _HARMFUL.search(formula) or next(addresses_of(formula), None)
    return found is not None or any(map(_is_tag, _TAG.finditer(formula)))


def _leads_away(code: str, known: str) -> bool:
    """Whether code is but an address or an element in disguise: where a mark is missing, clients see what is inside."""
    tags = _TAG.finditer(code)
    if any(match.group(2) or (match.group(1) or "script").lower() in _RUNNING for match in tags):
        return True
    return _SCHEME.search(code) is not None or any(_is_address(m, known) for m in _HOST.finditer(code))


def _prose(text: str, known: str) -> str:
    """Markdown written again by the allow-list, until nothing more goes."""
    lead, tail = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    body = _LINE_MARK.sub("", text.strip())
    for _ in range(_ROUNDS):
        again = _SCHEME.sub(" ", _written(body))
        again = _HOST.sub(lambda match: " " if _is_address(match, known) else match.group(), again)
        if again == body:
            break
        body = again
    else:
        body = body.replace("<", " ").replace("](", " ")
    body = _UNDERSCORES.sub(lambda m: m.group() if _NAME.fullmatch(m.group(2)) else m.group(2), body)
    body = _EMPHASIS.sub(r"\2", body)
    body = _SPACES.sub(" ", body).strip()
    return f"{' ' if lead else ''}{body}{' ' if tail else ''}"


def _written(text: str) -> str:
    tokens = _markdown().parseInline(text)[0].children or []
    return "".join(_token(token) for token in tokens)


def _token(token: Token) -> str:
    match token.type:
        case "text":
            return _TAG.sub(lambda match: " " if _is_tag(match) else match.group(), token.content)
        case "code_inline":
            return token.content  # harmless code was kept before: this is read as prose
        case "em_open" | "em_close" | "strong_open" | "strong_close":
            return token.markup
        case "softbreak" | "hardbreak":
            return " "
        case "html_inline":
            found = _TYPE.fullmatch(token.content)
            name = (found.group(1) or found.group(2)).lower() if found else "a"
            return " " if name in _ELEMENTS or (found and found.group(2)) else token.content
        case _:
            return ""  # links lose their address and keep their words, pictures go whole


def _is_tag(match: re.Match[str]) -> bool:
    name = (match.group(1) or "").lower()
    return not name or match.group(2) is not None or (name in _ELEMENTS and len(name) > 1)


def _is_address(match: re.Match[str], known: str) -> bool:
    word = match.group()
    if "@" in word and not word.startswith("@"):
        return True
    ending = (match.group(1) or "").lower()
    country = len(ending) == 2 and ending not in _COUNTRIES_THAT_ARE_CODE
    if not (country or ending in _ENDINGS or word.casefold().startswith("www.")):
        return False
    leads_on = any(mark in word for mark in "/?#:")
    return leads_on or word.casefold().startswith("www.") or not _is_code(word, known)


def _is_code(word: str, known: str) -> bool:
    """nn.Module may stay, np.io where a passage calls or imports it; an address may not, even if a slide names it."""
    if word not in known:
        return not word.rpartition(".")[2].islower()
    return not word.rpartition(".")[2].islower() or f"{word}(" in known or f"import {word}" in known
