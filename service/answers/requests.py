"""Text that is put as no question → what it asks nevertheless: a question behind its thing, a request, a trouble.

"tmux how to split pane", "steps to deploy", "градиент взрывается, лосс nan", a message of an error that was pasted: who
types so wants an answer, as who asks in a whole sentence does. A term and a title say none of this: they have no verb
that somebody suffers from, and no word that asks.
"""

from __future__ import annotations

import re

from index.text.analysis import fold
from service.answers.types import Asked

_IT = r"(?: (?:it|this|that|they|these|he|she))?"
_TO_DO = r"\w+(?:ть|ти|чь)(?:ся)?"  # an infinitive
# A thing, and behind it a question with its verb: closed lists, since "where" and "как" join clauses too.
_THING = (
    r"^\S{1,60}(?: \S{1,60}){0,5}?(?<! of)(?<! on)(?<! to)(?<! about)(?<! and)(?<! or)(?<! for)(?<!learning)"
    r"(?<! о)(?<! об)(?<! и)[\s,:;–—-]{1,4}"
)
_BEHIND = {
    asked: re.compile(rf"{_THING}(?:{pattern})\W*$")
    for asked, pattern in {
        Asked.STEPS: r"how (?:to|do|does|did|can|could|should)(?: \S+)+|how (?:do|can|should) (?:i|we|you)|"
        rf"как (?:{_TO_DO}|его|ее|их|это|они|он|она|мне)(?: \S+)*",
        Asked.REASON: r"why (?:is|are|does|do|did|not|can|would|should|use|to)\b.*|"
        rf"what (?:is|are|was|were|do|does){_IT}(?: \S+)* for|(?:зачем|почему|для чего) \S.*",
        Asked.DEFINITION: rf"what(?:'s| is| are| does| do){_IT}(?: (?:mean|called))?",
        Asked.FACT: r"what (?:is|are|does|do|did|to|was|happens)(?: \S+)+|what's(?: \S+)+|"
        r"when (?:to|do|does|should|can)(?: \S+)+|where (?:to|is|are|do|does|did|can|should)(?: \S+)*|"
        r"which (?:one|is|are|of)(?: \S+)*|how (?:many|much|long|often|big|large|deep)(?: \S+)*|"
        r"(?:is|are|does|do|can|should|will|would|did) (?:it|they|i|we|you|this|that)(?: \S+)+|"
        rf"где (?:{_TO_DO}|его|ее|их|это|(?:использу|применя|нахо|хран|бер)(?:ет|ют|дит|дят|ит|ят|ут)ся|леж[иа]т)"
        r"(?: \S+)*|"
        rf"когда (?:{_TO_DO}|его|ее|их|использу(?:ется|ют)|применя(?:ется|ют)|лучше|нужн\w{{1,2}}|стоит|надо)(?: \S+)*|"
        r"что (?:делает|делают|делать|значит|дает|дают|будет|происходит)(?: \S+)*|сколько(?: \S+)*|"
        r"(?:можно|нужно|нужен|нужна|надо|стоит) ли(?: \S+)+|чем (?:хорош\w*|плох\w*|полез\w+|лучше|хуже)(?: \S+)*",
    }.items()
}
# What a request begins with, and how its answer is wished for, wherever that stands.
_BEGINS = {
    asked: re.compile(rf"(?:(?:an?|the|some|all|full|complete|short|basic|main|мне|весь|все|полный) )*(?:{pattern}) \w")
    for asked, pattern in {
        Asked.STEPS: r"(?:(?:steps|instructions?) (?:to|for(?= \w+ing\b))|"
        r"(?:(?:best|easiest|fastest|right|correct|good|simple|safe) )?ways? to)|"
        r"(?:commands?|code|syntax|script|function|option|flag|shortcut|keys?|hotkeys?) to|"
        r"(?:commands?|syntax|flag|option|shortcut) for|порядок действий|последовательность действий|"
        rf"(?:(?:лучший )?способ|шаги|инструкция)(?= (?:{_TO_DO}|для|по|чтобы)\b)|"
        r"команда для|команд[аы] чтобы|код чтобы",
        Asked.REASON: r"reasons? (?:for|to|why|not to)|причин[аы],? (?:по котор\w+|почему)",
        Asked.LIST: r"list of|перечень|список(?! (?:литературы|источников))|списком",
        Asked.FACT: r"пример (?:использования|применения|кода|команды|вызова|программы)|"
        r"(?:best|good|better) (?:alternatives?|tools?|practices?) (?:to|for)",
    }.items()
}
_FORMED = {
    Asked.STEPS: re.compile(r"\b(?:step[ -]by[ -]step|in steps|по шагам|пошагово)\b"),
    Asked.LIST: re.compile(
        r"\b(?:as|in) (?:a |the )?(?:bulleted |numbered |short )?(?:list|bullet points)\b|\bby points\b|"
        r"\b(?:списком|в виде списка|по пунктам)\b"
    ),
}
# What does not do what it should: verbs of work and of failure, finite or with "not". Titles name failures by nouns
# ("exploding gradients", "permission errors"), and "is not" says anything ("correlation is not causation").
_WORKS = (
    r"works?|run|start|load|open|compile|install|converge|learn|train|find|see|show|print|connect|build|respond|stop|exit|"
    r"update|change|decrease|improve|go|recogni[sz]e|match|finish|execute|launch|save|import|appear|detect|quit|close|let|"
    r"get|fit|generali[sz]e|return|accept|read|write|delete|remove|do anything"
)
_FAILS = r"denied|refused|rejected|aborted|fails|failed|crashes|crashed|hangs|freezes|segfaults"
_TROUBLE = re.compile(
    "|".join(
        (
            r"\S (?:not|never|stops?|stopped|isn't|isnt|aren't) (?:working|found|recogni[sz]ed|defined|responding|"
            r"loading|converging|learning|training|decreasing|improving|installed|starting|running|showing)\b",
            rf"\S (?:do(?:es)? not|did not|will not|do(?:es)?n'?t|didn'?t|won'?t) (?:{_WORKS})\b",
            r"^(?:can not|cannot|can'?t|could not|couldn'?t|unable to|failed to) \w",
            rf"\S (?:can not|cannot|can'?t|couldn'?t) (?:{_WORKS}|be|reach|use|access|resolve|create|allocate)\b",
            r"\S (?:refuses to|fails to|failed to) \w",
            rf"\S \S+ (?:{_FAILS}|dies)\b",
            rf"\b(?:{_FAILS}|segmentation fault|out of memory) (?:when|while|on|after|during|if|with)\b",
            r"\b(?:keeps? \w+ing|no such \w+|no module named|command not found|timed out|core dumped)\b",
            r"\S stuck (?:at|in|on)\b",
            r"\b(?:error|exception|warning)s? (?:when|while|trying|code \d)",
            r"\b(?:get|gets|getting|got|throws?|raises?|shows?|gives?) (?:\S+ ){0,3}(?:error|exception|traceback)s?\b",
            r"\b(?:explodes|vanishes|diverges|oscillates|overfits|underfits|plateaus|gradients (?:explode|vanish))\b",
            r"\b(?:is|are|becomes?|became|goes to|turns?|gets?|outputs?|returns?) (?:nan|inf)\b",
            r"\b(?:лосс|loss|стал\w{0,2}|равен|равна) (?:nan|inf)\b",
            r"^my (?:\S+ ){1,4}(?:is|are|has|was|does|goes|gets|stays|became|\w+n't)\b",
            r"(?<![\w-])не [а-я]{2,}(?:[еи]т|[уюая]т)(?:ся)?\b",
            r"(?<![\w-])не (?:могу|можем|смог\w*|вижу|удалось|вышло|работал\w?|наш(?:ел|ла|ли))\b",
            r"(?<![\w-])не (?:получил|запустил)\w*с[ья]\b",
            r"\b(?:вылета|зависа|тормоз|глюч|краш|лома|взрыва|расход|переобуча|недообуча|осциллиру|скач|затуха)"
            r"(?:[еи]т|[уюая]т)(?:ся)?\b",
            r"\b(?:упал|завис|сломал)(?:[аои]|ся|[аои]сь)?\b",
            r"\bошибк[аиуе](?::| (?:при|после|когда|импорта|установки|запуска|сборки|компиляции|подключения|доступа|"
            r"в (?:коде|строке|терминале|консоли|скрипте|программе)|[a-z]+(?:error|exception)|\d{3})\b)",
            # what a program says; "Warning signs: overfitting" and "bash: variables" are titles
            r"^(?:(?:fatal )?error|fatal|ошибка)(?: in\b[^:]{0,30}|[ \[]{0,2}\w{0,8}\d\w{0,8}\]?)?: \S|^traceback\b",
            r"^(?:panic|warning|предупреждение): .*(?:\d|: |\b(?:is|are|was|will|not|no|cannot|can't|has|have|failed|"
            r"не|нет|будет)\b)",
            r"^(?:bash|zsh|sh): (?:line \d|[^:]{1,60}: \S)",
        )
    )
)
# The name of an error with what it says, or with where it comes.
_ERROR = re.compile(
    r"\b(?:[A-Z][a-z0-9]+)+(?:Error|Exception|Warning)(?:: \S|\s+(?:when|while|in|on|at|after|during|from|with|for|при|"
    r"после|когда|в|на|из)\b)|\b[a-z_]\w*\."
    r"(?=\w*(?:Error|Exception|Warning|Bad|Invalid|Missing|Unknown|Not|Failed|Timeout|Exceeded))(?:[A-Z][a-z0-9]+)+: \S"
)


def requested(text: str, folded: str, bare: str) -> Asked:
    """What a text asks that begins with no word that asks; NOTHING for a term and a title. `folded` is the text in
    small letters without courtesies, `bare` that without what leads to it."""
    whole = fold(text)  # how an answer is wished for is no part of what is searched
    for patterns, asked_in in ((_BEHIND, bare), (_BEGINS, bare), (_FORMED, whole)):
        for asked, pattern in patterns.items():
            if (pattern.search if patterns is _FORMED else pattern.match)(asked_in):
                return asked
    return Asked.FACT if suffers(text, folded) else Asked.NOTHING


def suffers(text: str, folded: str = "") -> bool:
    """Whether a text says that something does not do what it should."""
    return _TROUBLE.search(folded or fold(text)) is not None or _ERROR.search(text) is not None
