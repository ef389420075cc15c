"""A text → what in it is an element of HTML, and what is code: a type, a token, a comparison."""

from __future__ import annotations

import re

from service.answers.whole import ACTS

# What a browser may take for the beginning of a tag: "<img", "<x y=", "</", "<!"; not "i<j" nor "a < b".
TAG = re.compile(r"<(?:[!?]|/([a-zA-Z][\w:-]{0,40})?|([a-zA-Z][\w:-]{0,40})(?=([^<>]{0,400})))", re.IGNORECASE)
_VALUE = re.compile(r"[\s/][^<>]{0,200}(?:=|<[\s\S]{0,200}?=)")
_ACTS = re.compile(rf"(?<![\w.])(?:{ACTS})", re.IGNORECASE)
# What an element of HTML loads, or says to the browser; on a name of our own these do nothing.
_LOADS = re.compile(
    r"(?<![\w.])(?:src|srcset|srcdoc|action|poster|ping|background|data|content|http-equiv|code|codebase)\s{0,20}=",
    re.IGNORECASE,
)
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
# Names of elements that do nothing bare and are words of code: #include <map>, the token <s>.
_WORDS_OF_CODE = frozenset(
    "s map set param data source var time option output input label path main mark menu slot summary text".split()
)
_GLUED = re.compile(r"[\w)\]]\Z")


def is_element(match: re.Match[str]) -> bool:
    """Whether a match of `TAG` begins an element, and no type, token or comparison."""
    closing, name, rest = match.group(1), match.group(2), match.group(3) or ""
    if name is None and closing is None:
        return True  # </ <! <?
    name = (name or closing or "").lower()
    glued = _GLUED.search(match.string, max(0, match.start() - 1), match.start()) is not None
    if name in _RUNNING:
        return True
    if match.group(1) is not None:
        return name in _ELEMENTS - _WORDS_OF_CODE
    if _harms(name, rest):
        return True
    if glued:  # template<class T, int N = 5>, List<Object>, i<n
        ends = match.string.startswith(">", match.end() + len(rest))
        return not ends and name in _ELEMENTS - _WORDS_OF_CODE and len(name) > 1
    if _VALUE.match(match.string, match.end()):
        return True
    return name in _ELEMENTS - _WORDS_OF_CODE and (len(name) > 1 or match.string[match.end() : match.end() + 1] == ">")


def acts(text: str) -> bool:
    """Whether some element in code, which stays as it is, would run, load or lead away."""
    for match in TAG.finditer(text):
        name = (match.group(2) or match.group(1) or "").lower()
        if match.group() in {"<!", "<?"} or name in _RUNNING or _harms(name, match.group(3) or ""):
            return True
    return False


def holds_element(formula: str) -> bool:
    """Whether a formula holds an element; "a <b = 2" is none."""
    if acts(formula):
        return True
    return any(len(match.group(2) or "xx") > 1 and is_element(match) for match in TAG.finditer(formula))


def _harms(name: str, rest: str) -> bool:
    return _ACTS.search(rest) is not None or (len(name) > 1 and name in _ELEMENTS and _LOADS.search(rest) is not None)
