"""Text → terms: the words that the lexical index knows, with their places in the text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import accumulate, chain, repeat
from typing import NamedTuple

import Stemmer

from index.text.accents import strip_accents
from index.text.language import STEMMERS, function_words, zipf
from index.text.symbols import MARK, Token, with_signs

# Part of a generation's identity: change it when the same text would give other terms.
ANALYSIS_VERSION = "4"

# A run of letters and digits, with inner joints as in nn.Conv2d, seq2seq, self-attention, C++; or a formula's symbol.
_WORD = re.compile(r"[^\W_]+(?:[._’'\-‑][^\W_]+)*[+#]{0,2}|[∂∇∏∑√∞∫≈⊕⊗⊙]")
_BETWEEN_WORDS = re.compile(f"({_WORD.pattern})")  # splits a text into what stands between words and these in turns
# The host of an address and the ending of a file's name are no words of a course: "https", "com" and "pdf" say nothing of
# its subject. What follows the host often names a paper.
_ADDRESS = re.compile(
    r"(?:https?://|www\.)[^\s/]+|[^\s@]{1,64}@[^\s@]{1,255}\.[a-z]{2,}|"
    r"\.(?:pdf|pptx?|docx?|ipynb|zip|png|jpe?g|csv|html?)\b",
    re.IGNORECASE,
)
# One of these is in whatever that pattern finds: to look for them takes a tenth of its time. No sign has a letter that
# others are taken for where case does not count (ſ for s, ı for i).
_ADDRESS_SIGNS = ("://", "www.", "@", ".pdf", ".ppt", ".doc", "pynb", ".z", ".png", ".jp", ".c", ".htm")
_JOINT, _DOT = re.compile(r"[._’'\-‑]"), re.compile(r"\.")
# conv2d → conv, 2, d; BatchNorm → Batch, Norm
_PIECES = re.compile(r"[A-ZА-ЯЁ]+(?![a-zа-яё])|[A-ZА-ЯЁ]?[a-zа-яё]+|\d+|[^\W\d_]+")
_BARE_WORD = re.compile(r"[A-Z]?[a-z]+|[А-ЯЁ]?[а-яё]+")
_TWO_CAPITALS = re.compile(r"[A-Z][^A-Z]*[A-Z]")
_MIN_PIECE = 3  # "Io" and "U" are no words, nor are "Lo" and "RA"
# A symbol is also found by its name, and a name by its symbol.
_SYMBOLS = {
    "√": "sqrt",
    "∇": "nabla",
    "∂": "partial",
    "∞": "infinity",
    "∑": "sum",
    "∏": "prod",
    "∫": "integral",
    "α": "alpha",
    "β": "beta",
    "γ": "gamma",
    "δ": "delta",
    "ε": "epsilon",
    "ϵ": "epsilon",
    "ζ": "zeta",
    "η": "eta",
    "θ": "theta",
    "κ": "kappa",
    "λ": "lambda",
    "μ": "mu",
    "ν": "nu",
    "ξ": "xi",
    "π": "pi",
    "ρ": "rho",
    "σ": "sigma",
    "τ": "tau",
    "φ": "phi",
    "χ": "chi",
    "ψ": "psi",
    "ω": "omega",
}
_CYRILLIC = re.compile(r"[а-я]")
_LATIN = re.compile(r"[a-z]")
# Letters that look alike in both scripts: slides mix them up within a word ("cвёртка" with a Latin c).
_TO_CYRILLIC = str.maketrans("aceopxykmthb", "асеорхукмтнв")
_TO_LATIN = str.maketrans("асеорхукмтнв", "aceopxykmthb")

# Function words of questions: they weigh little, so that "что такое X" asks for X.
_STOP_WORDS = frozenset(
    """
    а без более бы был была были было быть в вам вас весь во вот все всего всех вы где да даже для до его ее если есть еще
    же за зачем и из или им их к как какая какие каким какой какую когда кого кто ли либо между меня мне может можно мы на
    над надо не нее нет ни них но ну о об один однако он она они оно от отличается отличие очень по под почему при про
    работает работают с сам свой себя со так такая такие такое такой там тем то того тоже только том ты у уже чего чем что
    чтобы эта эти это этого этой этом этот я нужен нужна нужно нужны помощью бывает бывают значит объясни расскажи покажи делать
    сделать такого
    a about am an and are as at be been being but by can could did do does doing for from had has have having he her here
    his how i if in into is it its me more most my no nor not of off on or our out over own same she should so some such
    than that the their them then there these they this those through to too under up very was we were what when where
    which while who whom why will with would you your work works explain tell show me mean means between difference
    """.split()
)


@lru_cache(maxsize=16)
def _stemmer(language: str) -> Stemmer.Stemmer:
    # without a cache of its own, which takes three times as long for a word that is new, and is no use behind `stem`
    return Stemmer.Stemmer(STEMMERS[language], 0)


@lru_cache(maxsize=200_000)
def stem(word: str, language: str = "en") -> str:
    """The Snowball stem of a folded word: Russian for Cyrillic, for Latin letters that of `language`, without accents."""
    if not word.isascii() and _CYRILLIC.search(word):
        return str(_stemmer("ru").stemWord(word))
    return strip_accents(str(_stemmer(latin(language)).stemWord(word)))


def stems(words: Iterable[str], language: str) -> list[str]:
    """The stems of many folded words of one language, none of them remembered."""
    return [strip_accents(str(own)) for own in _stemmer(language).stemWords([*words])]


# Snowball keeps a verb and the noun of what it does apart: "инициализировать" and "инициализация".
_VERBS_OF_NOUN = ("ирова", "ир", "ирован", "ова", "ован")
_DERIVED = [
    (re.compile(f"(?P<root>[а-я]{{3,}}{before}){end}"), others)
    for before, end, others in (
        ("", "ицир(?:ован|ова|у)?", ("икац",)),
        ("", "икац", ("ицирова", "ицир", "ицирован")),
        ("", "ир(?:ован|ова|у)?", ("ац", "яц", "ирова", "ир", "ирован")),
        ("из", "ован?", ("ац",)),
        ("", "[ая]ц", _VERBS_OF_NOUN),
    )
]
# Of abbreviations that are no words Snowball does not take the s of the plural: "rnns", "gpus".
_ABBREVIATIONS = re.compile(r"(?P<one>[b-df-hj-np-tv-z]{2,4}u?)s")
_PLURAL = re.compile(r"[A-Z][A-Z0-9]+s")
_FLEETING = [
    (re.compile(f"(?P<root>[а-я]{{2,}}{before}){end}"), others)
    for before, end, others in (
        ("[бвгджзклмнпрстфхцчшщ]", "к", ("ок", "ек")),
        ("[бвгджзклмнпрстфхцчшщ]", "[ое]к", ("к",)),
        ("[аеиоуяюэы]", "йк", ("ек",)),
        ("[аеиоуяюэы]", "ек", ("йк",)),
        ("[бвгджзклмнпрстфхцчшщ]", "ц", ("ец",)),
        ("л", "ьц", ("ец",)),
        ("[бвгджзклмнпрстфхцчшщ]", "ец", ("ц", "ьц")),
    )
]


@lru_cache(maxsize=20_000)
def other_stems(own: str) -> tuple[str, ...]:
    """What stemming makes of a word in other forms. Of a Russian one in -к or -ц in the numbers and cases in which a vowel
    comes or goes: "точк" of "точки" is "точек" where there are many; of several abbreviations one. Guesses: not each of
    them is a word."""
    if (plural := _ABBREVIATIONS.fullmatch(own)) is not None:
        return (plural["one"],)
    return _others(own, _FLEETING)


@lru_cache(maxsize=20_000)
def derived_stems(own: str) -> tuple[str, ...]:
    """Of a Russian verb in -ировать or -овать the noun of what it does, and back: as stems, guessed."""
    return _others(own, _DERIVED)


def _others(own: str, patterns: Iterable[tuple[re.Pattern[str], tuple[str, ...]]]) -> tuple[str, ...]:
    for pattern, ends in patterns:
        if (found := pattern.fullmatch(own)) is not None:
            return tuple(other for end in ends if (other := found["root"] + end) != own)
    return ()


def latin(language: str) -> str:
    """The language of Latin words in a text of this language: a Russian course writes its Latin words in English."""
    return language if language in STEMMERS and language != "ru" else "en"


def fold(text: str) -> str:
    """Lower case, compatibility forms and ё = е: what two spellings of one word have in common."""
    if text.isascii():
        return text.lower()
    return _fold_word(text) if len(text) <= _WORD_CHARS else _fold(text)


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower().replace("ё", "е")


_WORD_CHARS = 40  # of what is remembered: the words of one question are folded twenty times, a text once
_fold_word = lru_cache(maxsize=20_000)(_fold)


def one_script(word: str) -> str:
    """A folded word whose few look-alike letters of the other script are put right."""
    if word.isascii() or not _LATIN.search(word):
        return word
    cyrillic, latin_letters = len(_CYRILLIC.findall(word)), len(_LATIN.findall(word))
    if not cyrillic:
        return word
    changed = word.translate(_TO_CYRILLIC if cyrillic >= latin_letters else _TO_LATIN)
    return changed if not (_CYRILLIC.search(changed) and _LATIN.search(changed)) else word


def one_of(word: str) -> str:
    """An abbreviation without the s of its plural, RNN for RNNs; any other word as it is."""
    return word[:-1] if _PLURAL.fullmatch(word) else word


@lru_cache(maxsize=200_000)
def terms_of(word: str, language: str = "en") -> tuple[str, ...]:
    """All terms of one written word: its stem first, and for identifiers the whole and the pieces."""
    if _BARE_WORD.fullmatch(word):  # most are: no part, no piece, no sign that another one stands for
        return (stem(word.lower().replace("ё", "е"), language),)
    word = one_of(word)
    folded = one_script(fold(word))
    whole = folded if word.endswith(("++", "#")) else folded.rstrip("+#")
    found = [stem(whole, language)]
    parts = _JOINT.split(word)
    if len(parts) > 1:
        found += [stem(one_script(fold(part)), language) for part in parts]
        found.append(stem(_JOINT.sub("", whole), language))  # "batch-norm" is also written "batchnorm"
        # "optimizer.zero_grad" is asked for as "zero_grad"; an end without joints is a part
        ends = (whole[dot.end() :] for dot in _DOT.finditer(whole))
        found += [stem(end, language) for end in ends if _JOINT.search(end)]
    for part in parts:
        pieces = _PIECES.findall(strip_accents(part))
        if len(pieces) > 1:
            found += [stem(one_script(fold(piece)), language) for piece in pieces if len(piece) >= _MIN_PIECE]
    if folded in _SYMBOLS:
        found.append(stem(_SYMBOLS[folded], language))
    return tuple(dict.fromkeys(term for term in found if term))


def find_terms(text: str, wanted: Iterable[str], language: str = "en") -> list[Token]:
    """Where in a text the wanted terms stand; a word that is several terms (`nn.Conv2d`) is found by the first."""
    places = _places(text, language)
    found: dict[int, str] = {}
    signs = set[str]()
    known, terms_at, ends = places.known, places.terms, places.ends
    for term in wanted:
        if term in known:
            for number in places.numbers_of(term):
                own = terms_at[number]
                if number not in found or own.index(term) < own.index(found[number]):
                    found[number] = term
        elif term[:1] == MARK:
            signs.add(term)
    tokens = [Token(found[number], ends[2 * number], ends[2 * number + 1]) for number in sorted(found)]
    return with_signs(tokens, text, signs) if signs else tokens


class _Places(NamedTuple):
    """Where the terms of a text stand: the terms of each of its words, all that are known there, and the numbers of
    the words that a term is of, as far as they were asked for: most terms of a text never are. Word i goes from
    `ends[2 * i]`, where what stands before it ends, to `ends[2 * i + 1]`."""

    terms: list[tuple[str, ...]]
    known: frozenset[str]
    numbers: dict[str, list[int]]
    ends: list[int]

    def numbers_of(self, term: str) -> list[int]:
        """The numbers of the words that a known term is of."""
        own = self.numbers.get(term)
        if own is None:
            own = self.numbers[term] = [number for number, terms in enumerate(self.terms) if term in terms]
        return own


@lru_cache(maxsize=2_000)  # the passages that are looked at most; a slide is some 5 KB, a minute of speech 17
def _places(text: str, language: str) -> _Places:
    pieces = _BETWEEN_WORDS.split(_without_addresses(text))
    terms = [*map(terms_of, pieces[1::2], repeat(language))]
    return _Places(terms, frozenset(chain.from_iterable(terms)), {}, [*accumulate(map(len, pieces))])


def words(text: str) -> list[str]:
    """The written words of a text in order."""
    found: list[str] = _WORD.findall(_without_addresses(text))
    return found


def has_words(text: str) -> bool:
    """Whether a text has any written word."""
    return _WORD.search(_without_addresses(text)) is not None


def _without_addresses(text: str) -> str:
    """A text of the same length with spaces for what of an address is no word."""
    lowered = text.lower() if "." in text else ""
    if any(map(lowered.__contains__, _ADDRESS_SIGNS)) and _ADDRESS.search(text):
        return _ADDRESS.sub(lambda match: " " * len(match.group()), text)
    return text


def words_at(text: str) -> Iterator[tuple[int, str]]:
    """The same, each with the place where it begins."""
    return ((match.start(), match.group()) for match in _WORD.finditer(_without_addresses(text)))


def bare_words(text: str) -> list[str]:
    """The written words with those in addresses: of a question that is one."""
    found: list[str] = _WORD.findall(text)
    return found


def is_name(word: str) -> bool:
    """Whether a word is written as a name, which is no slip of another word: UMAP, TensorRT."""
    return _TWO_CAPITALS.search(word) is not None


def is_compound(word: str) -> bool:
    """Whether a word without joints has pieces: BatchNorm, conv2d."""
    return not _JOINT.search(word) and len(_PIECES.findall(strip_accents(word))) > 1


def parts_of(word: str) -> list[str]:
    """The written parts of a joined word: self-attention → self, attention."""
    return [part for part in _JOINT.split(word) if part]


def terms(text: str, language: str = "en") -> list[str]:
    """The terms of a text in order, without places. `language` is that of its Latin words."""
    return [term for word in words(text) for term in terms_of(word, language)]


def is_stop_word(word: str, languages: Iterable[str] = ()) -> bool:
    """Whether a word only joins others, in Russian, English or one of `languages`: it ranks and highlights little."""
    folded = fold(word)
    return folded in _STOP_WORDS or any(folded in function_words(language) for language in languages)


def joining_words(folded: str) -> list[str]:
    """The words of a folded text that only join others, in Russian or English, in order."""
    return [word for word in words(folded) if word in _STOP_WORDS]


STOP_WEIGHT = 0.05
_COMMON_FROM, _COMMON_SLOPE, _COMMON_LEAST = 4.5, 0.4, 0.3


@lru_cache(maxsize=20_000)
def word_weight(word: str, languages: tuple[str, ...] = ()) -> float:
    """1 for a word that says what is asked, less for everyday words, little for those that only join others."""
    if is_stop_word(word, languages):
        return STOP_WEIGHT
    folded = fold(word)
    common = max(zipf(folded, "ru"), zipf(folded, "en"))
    # "можно", "использовать", "called": common in any text, whatever the course
    return 1.0 if common <= _COMMON_FROM else max(_COMMON_LEAST, 1.0 - (common - _COMMON_FROM) * _COMMON_SLOPE)
