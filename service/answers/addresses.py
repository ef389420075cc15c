"""A text → what in it programs may take for an address, and which dotted words are names of code instead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum

SCHEME = re.compile(
    r"\b[a-zA-Z][a-zA-Z0-9+.-]{1,20}:(?:(?://|\\\\|%2f)[^\s<>]*|/[^\s<>]{2,})|"
    r"(?:javascript|vbscript|mailto|blob):[^\s<>]*|data:\w+/[^\s<>]*|(?<![\w/])//[\w.-]{1,253}[^\s<>]*",
    re.IGNORECASE,
)
HOST = re.compile(
    r"[^\s@`]{1,64}@[^\s@`]{1,253}\.[^\s@`]+|"
    r"(?<![\w@])(?:[\w-]{1,63}\.){1,10}([a-zA-Z]{2,24}(?!_*[a-zA-Z0-9])|[а-яА-Я]{2,24}(?!\w))(?:[:/?#][^\s\]]*)?"
)
_ADDRESS = re.compile(f"{SCHEME.pattern}|{HOST.pattern}", re.IGNORECASE)
_MATRICES = re.compile(r"[\w.()\[\]]{1,40}@[\w()\[\]]{1,40}\.[A-Z]\W?")  # y = W.T@x.T
# Endings of addresses, those of countries apart. Other dotted words are code: torch.nn.functional.dropout.
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
# The endings of countries that there are (IANA, root zone), so that math.pi and nn.fc are none.
_COUNTRIES = frozenset(
    """
    ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bv bw by bz ca cc
    cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga gb gd
    ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh
    ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx
    my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd
    se sg sh si sj sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy
    uz va vc ve vg vi vn vu wf ws ye yt za zm zw
    """.split()
)
# Names whose attributes are code, and endings of files, that a lecture on programming is full of.
_CODE_NAMES = frozenset(
    "self this cls np pd tf torch nn os sys df plt keras math model optimizer scipy sklearn numpy pandas jax".split()
)
_FILE_ENDINGS = frozenset("py md pt sh".split())
_MISSING_BLANK = re.compile(r"[A-ZА-ЯЁ]\.[A-Z][a-z]|\w+\.(?:In|It|Is|At|To|No|So|Be|By|My|Me|Us|As|Am|Do)")


class Dotted(StrEnum):
    """What a dotted word is."""

    ADDRESS = "address"
    CODE = "code"  # a name of code that programs would make a link of: train.py
    TWO_WORDS = "two words"  # the end of a sentence and the beginning of another
    WORD = "word"  # nothing that could be an address


def kind_of(match: re.Match[str], known: str = "") -> Dotted:
    """What a match of `HOST` is. What `known` (the passages) calls or imports is code."""
    word = match.group()
    if "@" in word:
        return Dotted.CODE if _MATRICES.fullmatch(word) else Dotted.ADDRESS
    ending = (match.group(1) or "").lower()
    leads_on = any(mark in word for mark in "/?#:")
    if word.casefold().startswith("www."):
        return Dotted.ADDRESS
    if ending not in _COUNTRIES and ending not in _ENDINGS:
        return Dotted.WORD
    if leads_on:
        return Dotted.ADDRESS
    if _MISSING_BLANK.fullmatch(word):
        return Dotted.TWO_WORDS
    called = match.string[match.end() : match.end() + 1] == "("
    first = word.partition(".")[0]
    if called or first in _CODE_NAMES or len(first) == 1 or ending in _FILE_ENDINGS:
        return Dotted.CODE
    return Dotted.CODE if f"{word}(" in known or f"import {word}" in known else Dotted.ADDRESS


def addresses_of(text: str) -> Iterator[tuple[int, int]]:
    """`[start, end)` of what programs may take for an address: with a scheme or www, of a host, of mail."""
    for match in _ADDRESS.finditer(text):
        found = HOST.fullmatch(match.group())
        if found is None or kind_of(found) is not Dotted.WORD:
            yield match.span()
