"""The words by which lecturers say what a link, a section or a file is. Closed lists of roles, never of subjects."""

from __future__ import annotations

import re
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import NamedTuple


class Role(StrEnum):
    """What a link, a column or a section is for."""

    SLIDES = "slides"
    VIDEO = "video"
    NOTES = "notes"
    NOTEBOOK = "notebook"
    SEMINAR = "seminar"
    HOMEWORK = "homework"
    READING = "reading"
    ABOUT = "about"


def stems(words: str) -> re.Pattern[str]:
    """A word that begins with one of these; `word$` stands for the whole word."""
    parts = [stem[:-1] + r"(?![^\W\d_])" if stem.endswith("$") else stem for stem in words.split()]
    parts = [part.replace("~", r"[\s_-]{0,2}") for part in parts]
    unspaced = "|".join(part for part in parts if part >= "\u3000")  # Chinese and its neighbours set no blanks
    spaced = r"(?<![^\W\d_])(?:" + "|".join(part for part in parts if part < "\u3000") + ")"
    return re.compile(f"{spaced}|{unspaced}" if unspaced else spaced, re.I)


_ROLES = {
    Role.HOMEWORK: stems(
        "домашн дз$ д/з задани задач контрольн экзамен зачет зачёт коллоквиум квиз тест$ тесты$ проверочн решени "
        "ответ homework hw$ hws$ assignment exercise problem~set problem~sets pset psets quiz exam$ exams$ midterm "
        "solution answers$ questions$ 과제 作业 課題 report~template project$ projects$ devoir tarea übung compito "
        "checklist ejercicio exercício exercicio tarefa prova$ provas$ examen exámenes aufgabe proyecto projeto"
    ),
    Role.SEMINAR: stems(
        "семинар практик практич лаборат 실습 seminar practice practical lab$ labs$ recitation tutorial td$ tp$"
    ),
    Role.NOTEBOOK: stems("ноутбук тетрадк ipynb notebook colab code$ код$ jupyter demo$ demos$ kaggle 代码 코드"),
    Role.READING: stems(
        "литератур статья$ статьи$ статей книг чтени учебник paper$ papers$ article articles reading readings book "
        "books textbook arxiv blog blogs reference references bibliograph literature lecture~blog doi$ 论文 논문"
    ),
    Role.SLIDES: stems(
        "слайд презентац slide slides deck presentation pptx? folien diaposit beamer "
        "슬라이드 강의자료 幻灯片 课件 讲义 スライド"
    ),
    Role.VIDEO: stems(
        "видео запись$ записи$ video videos vidéo vídeo recording youtube watch screencast vimeo rutube stream 비디오 "
        "영상 동영상 视频 录像 回放 b站 动画 動画 grabaci gravaç aufzeichnung"
    ),
    Role.NOTES: stems("конспект лонгрид заметк note notes handout skript apuntes transcript 강의노트 笔记"),
}  # the first that fits: "slides of the seminar" are those of a seminar
_GENERIC = stems(
    "лекц lecture lectures материал material materials part$ parts$ част скачать download link$ links$ ссылк "
    "here$ тут$ здесь pdf$ html$ url$ click open$ view$ page$ web$ online main$ рус$ англ eng$ english russian "
    "русск английск по~русски class$ lesson занят of$ the$ for$ and$ from$ on$ in$ with$ plus$ и$ к$ по$ на$ с$ our$ "
    "наш new$ old$ версия$ version full$ raw$ cours$ vorlesung clase clases aula$ aulas session$ extra$ "
    "optional"
)
# a section that is not the lectures: nobody's slides are listed there
_ASIDE = {
    Role.READING: stems(
        "reading readings литератур книг books$ textbook textbooks references reference bibliograph resources "
        "ресурс more~material more~resources extra~material extra~resources optional~material papers$ articles "
        "статьи$ other~courses other~resources other~material другие~курсы похожие what~else см~также see~also "
        "explore~more supplement quick~links"
    ),
    Role.HOMEWORK: stems(
        "homework домашн assignment задани problem~set problem~sets pset psets exam$ exams$ midterm экзамен зачет "
        "зачёт контрольн рубежн коллоквиум quiz quizzes quizz final~exam exercises project$ projects$ solutions "
        "course~project tareas ejercicios exercícios exercicios tarefas provas exámenes evaluaciones avaliações "
        "übungen übungsbl aufgaben prüfung$ prüfungen proyecto$ proyectos projeto$ projetos controles$ entregas$"
    ),
    Role.ABOUT: stems(
        "pre~requisite система~оцен grading staff преподават команда~курса instructor instructors teaching~team "
        "contacts$ контакты$ faq$ setup$ set~up getting~started contribut acknowledg благодарн license лицензи "
        "prerequisite пререквизит students$ студенты$ announcement объявлен about~the~course о~курсе logistics$ "
        "office~hours cite$ news$ faqs$ новости troubleshoot testimonial отзыв who~should sponsors environment~setup "
        "authors$ авторы disclaimer credits$ manifesto profesores$ ayudantes$ professores$ equipo$ equipe$ "
        "organisatorisches sprechstunde integridad política~de"
    ),
}
# said of the course where nothing else is said, else of its subject: "Late policy" and "Policy gradients"
_ASIDE_ALONE = {
    Role.READING: stems(
        "literature$ literatur$ literatura$ bibliograf links$ ссылки$ external important further related additional "
        "дополнит бонус bonus полезн useful recommended suggested рекомендуем рекомендова рекомендаци"
    ),
    Role.HOMEWORK: stems("проект"),
    Role.ABOUT: stems(
        "оценк оценив правила polic install установк communit registration регистрац feedback navigation$ "
        "организац certificate"
    ),
}
_OF_THE_COURSE = stems(
    "course late academic honesty collaboration integrity attendance project final team student class this "
    "your support курс за$ критери формул итогов студент выставл как$ о$ об$ и$ how$ to$ we$ a$ an$"
)
# days on which there is none
_NO_LECTURE = stems(
    "cont$ continued continuación continuação продолжение lunch coffee~break no~class no~classes no~lecture "
    "no~lectures no~session holiday holidays semester~break midterm~break spring~break fall~break winter~break "
    "reading~week deadline дедлайн deadlines каникул праздник нет~занят нет~лекц занятий~нет занятия~нет "
    "лекции~нет выходной no~hay~clase feriado receso não~haver sem~aula keine~vorlesung feiertag ferien"
)
# the same, where a line says no more
_NO_LECTURE_ALONE = stems("break$ recess$ перерыв$ pause$ pausa$ intervalo$ descanso$")
# papers that are about a whole course
_COURSE_PAPER = stems(
    "syllabus силлабус ementa$ course~outline course~information course~info$ course~description course~policies "
    "программа~курса программа~дисциплины рабочая~программа programa~d[oe]~curso programa~del~curso plan~de~cours"
)
_PROGRAMME_SECTION = stems(
    "программ syllabus лекци lectures lecture~ темы$ тема план$ plan$ schedule расписан содержан contents$ "
    "curriculum outline modules модул agenda weeks$ topics$ temario programme vorlesung"
)
# what is no lecture of the course by where it lies: the names of folders, and of files
_ASIDE_FOLDERS = stems(
    "homework hw$ hws$ assignment pset psets ps$ problem~set exercise exam$ exams$ midterm quiz project$ projects$ "
    "solution answers$ questions$ домашн задан контрольн экзамен template supplement reading$ readings "
    "papers?$ article under~construction draft archive$ archived deprecated student students report reports "
    "docker config assets$ includes$ layouts$ sass$ site$ tests?$ cohort resource$ "
    "certificate issue~template vendor$ proposal proposals poster errata license code~of~conduct tasks?$ "
    "tareas? ejercicio exercício exercicio tarefa provas? ex[aá]men controles proyecto projeto trabalhos? "
    "guías? guias? aufgabe übung uebung prüfung"
)
# pictures and data, unless they are what the folder is about: "image processing", "data structures"
_PICTURE_FOLDERS = re.compile(
    r"(?:figures?|figs?|images?|imgs?|pics|pictures?|plots?)$|^(?:figures|images|plots) |"
    r"^(?:(?:raw|sample|example|course|input|test) )?(?:data|datasets?)(?: files?)?$",
    re.I,
)
_ASIDE_FILES = stems(
    "homework hw$ assignment pset ps$ problem~set exercise exam$ midterm quiz questions$ answers$ solution "
    "solutions домашн контрольн экзамен kr$ кр$ tasks?$ template proposal poster cheat~sheet cheatsheet "
    "course~project license changelog contributing readme code~of~conduct errata grading policy certificate report$ "
    "figure fig$ paper$ article$"
)


class Rank(IntEnum):
    """How surely a number stands for one lecture: "Lecture 3" more than "3.", "Module 3" less than "Week 3"."""

    NONE = 0
    MODULE = 1
    BARE = 2
    WEEK = 3
    LECTURE = 4


class Mark(NamedTuple):
    rank: Rank
    number: str = ""


UNMARKED = Mark(Rank.NONE)


_NUMBER = r"(?:\d{1,3}(?:[.\-/&+]\d{1,2}){0,3}(?:[a-zа-я]|-[a-z](?=\s*(?:[(/:.]|$)))?|[ivx]{1,4}(?![^\W_]))"
_LECTURE_WORD = (
    r"лекци\w{0,2}|заняти\w|урок|lectures?|lect?\.?|lesson|class|session|vorlesung|sitzung|cours|séance|clase|sesi[oó]n|"
    r"lecci[oó]n|aula|encontro|L(?=\d)"
)
_WEEK_WORD = r"недел\w|тема|день|week|day|topic|semaine|woche|semana|тур"
_MODULE_WORD = (
    r"модул\w|блок|раздел|част\w|глава|module|módulo|unit|unidade?|part|chapter|"
    r"kapitel|cap[ií]tulo|section|block|stage|ch\.?(?=\s?\d)"
)
_MARK = re.compile(
    rf"^(?:\([^()\d]{{1,20}}\))?[\W_]*"
    rf"(?:(?P<lecture>{_LECTURE_WORD})|(?P<week>{_WEEK_WORD})|(?P<module>{_MODULE_WORD}))"
    rf"[\s_]{{0,8}}[№#]?[\s_-]{{0,8}}(?P<number>{_NUMBER})(?![^\W_])[\s_]{{0,8}}(?:\([^()]{{0,30}}\))?[\s_]{{0,8}}[.:)\-–—|/,]*[\s_]*",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"^[\W_]*(?:[第제]\s?(?P<number>\d{1,3}|[一二三四五六七八九十百零〇]{1,4})\s?(?P<word>[讲講课課节節回次강회周週주章])차?|"
    r"(?P<bare>\d{1,3})\s?(?P<kind>강(?!의)|주차|회차))[\s_]*[.:：)\-–—|/,、]*[\s_]*"
)
_BRACKETED = re.compile(r"\(([^()\d]+)\)")
_BARE = re.compile(
    r"^(?:\([^()\d]{1,20}\))?[\W_]*(?P<number>\d{1,3}(?:\.\d{1,3}){0,3})(?:\ufe0f?\u20e3|[a-z]?[.:)\]]+|\s*[–—-]+|_+|\s)\s*(?=\S)",
    re.IGNORECASE,
)
_MONTH = (
    r"янв\w*|фев\w*|мар\w*|апр\w*|ма[йя]|июн\w*|июл\w*|авг\w*|сен\w*|окт\w*|ноя\w*|дек\w*|jan\w*|feb\w*|mar\w*|apr\w*|"
    r"may|june?|july?|aug\w*|sep\w*|oct\w*|nov\w*|dec\w*|dez(?:embro|ember)?|fev(?:ereiro)?|abr(?:il)?|ago(?:sto)?|"
    r"setembro|out(?:ubro)?|enero|dic(?:iembre)?|märz|mai|maio|mayo|okt(?:ober)?|ju[nl]ho|ju[nl]io|março"
)
_DAY = r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}|пн|вт|ср|чт|пт|сб|вс"
_DATE_TEXT = (
    rf"(?:(?:{_DAY})[,.]?\s{{0,2}})?(?:\d{{4}}[-./]\d{{1,2}}[-./]\d{{1,2}}|\d{{1,2}}[./-]\d{{1,2}}(?:[./-]\d{{2,4}})?|"
    rf"\d{{1,2}}(?:st|nd|rd|th)?\s{{1,2}}(?:{_MONTH})\.?(?:,?\s\d{{4}})?|(?:{_MONTH})\.?\s{{1,2}}\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s\d{{4}})?)"
)
DATE = re.compile(rf"(?<![\w.]){_DATE_TEXT}(?!\w)", re.IGNORECASE)
_DATE_FIRST = re.compile(rf"^[\W_]*{_DATE_TEXT}(?!\w)[\s_]*[.:)\]\-–—|,]*[\s_]*", re.IGNORECASE)
_LETTER = re.compile(r"[^\W\d_]")
_WORDS = re.compile(r"[^\W_]+")
_ENUMERATED = re.compile(r"\w{0,12}, [^\W\d_]")
_STEMMED = re.compile(r"\0\w*")  # what a stem that was taken out leaves of its word
_SPELLED = re.compile(r"[^\W\d_]+")
_MAX_MARK = 400  # a number stands at the beginning
_MAX_LABEL = 120  # nobody calls a link so only to say that it is slides
YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


def role_of(text: str) -> Role | None:
    """What a label says that it is, by its words."""
    return next((role for role, words in _ROLES.items() if words.search(text)), None)


@lru_cache(maxsize=8192)
def is_bare_label(text: str) -> bool:
    """Whether a label only says what something is ("slides", "video 2", an emoji), not what it is about."""
    if len(text) > _MAX_LABEL:
        return False
    rest = text
    for words in _ROLES.values():
        rest = words.sub(" \0", rest)
    rest = _GENERIC.sub(" \0", DATE.sub(" ", rest))
    return not any(
        len(word) > 1 and _LETTER.search(word) for word in _WORDS.findall(_STEMMED.sub(" ", rest)) if not word.isdigit()
    )


def aside_of(text: str, *, whole: bool = False) -> Role | None:
    """What a section is that is not the lectures: a reading list, homework, or about the course; else None.

    `whole`: only if it begins so or says nothing else: "Price prediction project" may be what a lecture is about.
    """
    text = mark_of(text)[1].strip()
    for role, words in _ASIDE_ALONE.items():
        if words.search(text) and _says_nothing_else(text, words):
            return role
    for role, words in _ASIDE.items():
        found = words.search(text)
        if found and (not whole or _begins_so(found, text) or is_bare_label(words.sub(" ", text))):
            return role
    return None


def _begins_so(found: re.Match[str], text: str) -> bool:
    """Whether a line begins with the word found; where a comma follows it, it is the first of several subjects."""
    return found.start() <= 1 and not _ENUMERATED.match(text, found.end())


def _says_nothing_else(rest: str, but: re.Pattern[str]) -> bool:
    """Whether a heading says no more than `but` and what else is said of a course."""
    for words in (but, *_ASIDE.values(), _OF_THE_COURSE):
        rest = _STEMMED.sub(" ", words.sub(" \0", rest))
    return is_bare_label(rest)


def is_no_lecture(text: str) -> bool:
    """Whether the line of a schedule says that on its day there is none: a holiday, a deadline."""
    rest = mark_of(text)[1]
    alone = _NO_LECTURE_ALONE.sub("", rest)
    return bool(_NO_LECTURE.search(text)) or (alone != rest and not _LETTER.search(alone))


def is_course_paper(text: str) -> bool:
    """Whether a label says that it is the syllabus of the course, and nothing else."""
    return bool(_COURSE_PAPER.search(text)) and _says_nothing_else(text, _COURSE_PAPER)


def spelled(path: str) -> str:
    """The words in the name of a file."""
    return " ".join(_SPELLED.findall(path.rpartition("/")[2].rpartition(".")[0]))


def names_programme(heading: str) -> bool:
    return bool(_PROGRAMME_SECTION.search(heading))


_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")


def without_addresses(text: str) -> str:
    """A text without the e-mail addresses of people in it."""
    return re.sub(r" {2,}", " ", _EMAIL.sub("", text)).strip() if "@" in text else text


def aside_path(path: str) -> str:
    """The part of a path that says that it is no lecture (a figure, homework, a draft), or nothing."""
    *folders, name = path.split("/")
    for words, part in [*((_ASIDE_FOLDERS, folder) for folder in folders), (_ASIDE_FILES, name.rsplit(".", 1)[0])]:
        spelled = " ".join(_SPELLED.findall(part))
        if words.search(spelled) or (words is _ASIDE_FOLDERS and _PICTURE_FOLDERS.search(spelled)):
            return part
    return ""


def mark_of(text: str) -> tuple[Mark, str]:
    """How a line is numbered or dated, and what is left of it."""
    text, further = text[:_MAX_MARK], text[_MAX_MARK:]
    mark, rest = _mark_of(text)
    return mark, rest + further


def _mark_of(text: str) -> tuple[Mark, str]:
    found = _MARK.match(text)
    if found:
        rank = Rank.LECTURE if found["lecture"] else Rank.WEEK if found["week"] else Rank.MODULE
        rest = text[found.end() :]
        bracket = None if _LETTER.search(rest) else _BRACKETED.search(text, found.end("number"), found.end())
        if bracket and not is_bare_label(bracket.group(1)) and not _DATE_FIRST.match(bracket.group(1)):
            rest = f"{bracket.group(1)} {rest}"  # "Lecture 3 (Trees)"
        return Mark(rank, found["number"].casefold()), rest
    found = _COUNTED.match(text)
    if found:
        word = found["word"] or found["kind"]
        rank = Rank.WEEK if word in ("周", "週", "주", "주차") else Rank.MODULE if word == "章" else Rank.LECTURE
        return Mark(rank, found["number"] or found["bare"]), text[found.end() :]
    found = _DATE_FIRST.match(text)
    if found:
        return Mark(Rank.BARE, found.group().strip()), text[found.end() :]
    found = _BARE.match(text)
    if found:
        return Mark(Rank.BARE, found["number"].casefold()), text[found.end() :]
    return Mark(Rank.NONE), text
