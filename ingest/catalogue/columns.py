"""The head of a table's column → what the column holds: topics, videos, slides, programmes; or people, or grades."""

from __future__ import annotations

from ingest.catalogue.words import Role, stems

_PEOPLE_COLUMNS = stems(
    "фио$ студент почта email e~mail$ student students$ name$ имя$ фамилия telegram github$ инициал nombre nome$"
)
_GRADE_COLUMNS = stems(
    "grade grading weight points$ баллы балл оценк вес$ submit note$ puntos nota$ notas$ porcentaje gewicht"
)
_TOPIC_COLUMNS = (
    stems(
        "тем[аы]$ назван topic topics title theme subject название thema tema titre tópico assunto contenido "
        "conteúdo inhalt 主题 主題 内容 题目 标题 주제 내용"
    ),
    stems("лекци заняти lecture class$ session lesson content contents description clase aula vorlesung"),
    stems("недел модул week module unit part semana woche"),
)
_COLUMNS = {
    Role.VIDEO: stems("видео запис video vídeo recording youtube grabaci gravaç aufzeichnung 视频 录像 回放 영상"),
    Role.HOMEWORK: stems(
        "домашн дз$ задани homework hw$ assignment exercise due$ deadline дедлайн quiz project tarea tarefa übung "
        "作业 作業 과제"
    ),
    Role.SEMINAR: stems("семинар практик seminar practice lab$ labs$ recitation tutorial ayudantía praktikum"),
    Role.READING: stems(
        "литератур чтени reading readings paper papers book references suggested lectura leitura bibliograf 阅读 参考 "
        "논문"
    ),
    Role.NOTEBOOK: stems("код$ code notebook ноутбук colab 代码 코드"),
    Role.SLIDES: stems(
        "слайд презентац материал slide slides deck pdf$ material materials presentation folien diapositiv 课件 幻灯片 "
        "讲义 슬라이드 강의자료"
    ),
    Role.NOTES: stems("конспект notes handout"),
}
_PROGRAMME_COLUMN = stems(
    "программ содержан план описан program programme syllabus content contents description abstract outline"
)


def topic_column(header: list[str]) -> int | None:
    """The column that names the topic: "Week | Topic" has its topics in the second."""
    for words in _TOPIC_COLUMNS:
        for position, text in enumerate(header):
            if words.search(text):
                return position
    return None


def lists_people(header: list[str]) -> bool:
    """Whether a table is of people: students, their addresses."""
    return (
        bool(header)
        and bool(_PEOPLE_COLUMNS.search(header[0] or " ".join(header[1:2])))
        and topic_column(header) is None
    )


def lists_grades(header: list[str]) -> bool:
    """Whether a table is of what is graded: assignments, their weights and dates."""
    return any(map(_GRADE_COLUMNS.search, header[1:])) and topic_column(header) is None


def is_topic_word(text: str) -> bool:
    """Whether a label only announces a title: "Topic: …", "Тема: …"."""
    return bool(_TOPIC_COLUMNS[0].search(text)) and len(text.split()) == 1


def column_role(header: str) -> Role | None:
    return next((role for role, words in _COLUMNS.items() if words.search(header)), None)


def is_programme_column(header: str) -> bool:
    return bool(_PROGRAMME_COLUMN.search(header))
