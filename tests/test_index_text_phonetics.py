"""Words of both alphabets → how they sound."""

from __future__ import annotations

from index.text.phonetics import sounds


def test_cognates_and_their_originals_sound_alike() -> None:
    russian = {sound.coarse for sound in sounds("нормализация")}
    assert russian & {sound.coarse for sound in sounds("normalization")}
