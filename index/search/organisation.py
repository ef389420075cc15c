"""A word → whether it speaks of how a course is organised: every course says such words, none is about them."""

from __future__ import annotations

from functools import lru_cache

from index.text.analysis import fold, one_script, stem

_ORGANISATION = frozenset(
    """
    экзамен зачет зачёт оценку дедлайн преподаватель лектор ассистент аудитория расписание семинар пересдача балл баллы
    сессия сдавать сдать домашка домашнее домашние задание дз контрольная коллоквиум посещаемость кабинет корпус
    консультация курс лекция лекции запись чат автомат студент деканат сертификат учебник факультет семестр диплом
    exam exams grade grades grading deadline homework assignment teacher professor lecturer instructor room office
    syllabus attendance credit credits enroll enrol enrollment semester lecture lectures course quiz midterm final
    certificate textbook
    examen devoir professeur salle note cours
    """.split()
)


def is_organising(stemmed: str) -> bool:
    """Whether a stem, in one script, is that of such a word."""
    return stemmed in _stems()


@lru_cache(maxsize=1)
def _stems() -> frozenset[str]:
    return frozenset(stem(one_script(fold(word))) for word in _ORGANISATION)
