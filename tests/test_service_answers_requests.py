"""Requests that are put as no question are told from terms and titles, which ask nothing."""

from __future__ import annotations

import pytest

from service.answers.questions import what_is_asked
from service.answers.types import Asked


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        # a thing, and what is asked of it behind it
        ("tmux how to split pane", Asked.STEPS),
        ("vim exit how do I", Asked.STEPS),
        ("set -euo pipefail what is it for", Asked.REASON),
        ("set -e what does it do", Asked.FACT),
        ("ridge regression when to use it", Asked.FACT),
        ("ssh key where to store it", Asked.FACT),
        ("ROC curve what is it", Asked.DEFINITION),
        ("git как отменить последний коммит", Asked.STEPS),
        ("dropout зачем он на тесте выключается", Asked.REASON),
        ("attention где используется", Asked.FACT),
        # a request that begins with its noun, or says how it wants the answer
        ("steps to deploy to a cluster", Asked.STEPS),
        ("best way to store passwords", Asked.STEPS),
        ("command to list open ports", Asked.STEPS),
        ("reasons to use containers", Asked.REASON),
        ("list of activation functions", Asked.LIST),
        ("as a list: layers of a CNN", Asked.LIST),
        ("обучение GAN по шагам", Asked.STEPS),
        ("команда чтобы посмотреть порты", Asked.STEPS),
        ("список функций активации", Asked.LIST),
        ("слои CNN списком", Asked.LIST),
        ("give me an example of a shebang", Asked.FACT),
        ("show me code for cross validation", Asked.FACT),
        # somebody's trouble, or a pasted error
        ("load_img import not working", Asked.FACT),
        ("permission denied when running ./script.sh", Asked.FACT),
        ("ssh connection refused", Asked.FACT),
        ("cannot connect to the daemon", Asked.FACT),
        ("crontab does not run my script", Asked.FACT),
        ("my loss is nan", Asked.FACT),
        ("model keeps overfitting", Asked.FACT),
        ("ModuleNotFoundError: No module named requests", Asked.FACT),
        ("TypeError when calling fit", Asked.FACT),
        ("zipfile.BadZipFile: File is not one", Asked.FACT),
        ("fatal: not a git repository", Asked.FACT),
        ("bash: foo: command not found", Asked.FACT),
        ("bash: line 12: syntax error near fi", Asked.FACT),
        ("error: failed to push some refs", Asked.FACT),
        ("error TS2304: Cannot find name foo", Asked.FACT),
        ("panic: runtime error: index out of range", Asked.FACT),
        ("warning: LF will be replaced by CRLF", Asked.FACT),
        ("No module named requests", Asked.FACT),
        ("git can't find remote", Asked.FACT),
        ("loss stuck at 2.3", Asked.FACT),
        ("лучший способ хранить пароли", Asked.STEPS),
        ("инструкция по установке докера", Asked.STEPS),
        ("my loss is stuck at 0.69", Asked.FACT),
        ("ways to fight overfitting", Asked.STEPS),
        ("steps for deploying to a cluster", Asked.STEPS),
        ("команда для просмотра портов", Asked.STEPS),
        ("не работает git push", Asked.FACT),
        ("не могу выйти из вима", Asked.FACT),
        ("лосс не падает", Asked.FACT),
        ("градиент взрывается, лосс nan", Asked.FACT),
        ("ошибка при запуске скрипта", Asked.FACT),
        ("ошибка ModuleNotFoundError", Asked.FACT),
    ],
)
def test_a_request_asks_though_it_is_put_as_no_question(text: str, asked: Asked) -> None:
    assert what_is_asked(text) is asked


@pytest.mark.parametrize(
    "text",
    [
        "mean squared error",
        "Error analysis",
        "error correcting codes",
        "Exception handling",
        "ValueError",
        "permission denied",
        "segmentation fault",
        "exploding gradients",
        "Broken windows theory",
        "failure modes",
        "Stuck-at faults",
        "Warning signs: overfitting",
        "Panic: a history",
        "bash: variables",
        "Sh: hyperbolic sine",
        "Stuck in local minima",
        "GANs can't count",
        "torch.Tensor: basics",
        "Error analysis: examples",
        "команды для работы с файлами",
        "Ways of knowing",
        "steps of EM",
        "инструкция ret",
        "способ Якоби",
        "Learning how to learn",
        "steps per epoch",
        "step size",
        "command line",
        "code review",
        "best practices",
        "what-if analysis",
        "how-to",
        "ошибка первого рода",
        "ошибка обобщения",
        "обратное распространение ошибки",
        "взрыв градиента",
        "затухающие градиенты",
        "виды внимания",
        "список литературы",
        "команды git",
        "недообучение",
        "Функции, где градиент равен нулю",
    ],
)
def test_a_term_and_a_title_ask_nothing(text: str) -> None:
    assert what_is_asked(text) is Asked.NOTHING
