"""The words of signing in and out, and of what learning platforms are shown."""

from __future__ import annotations

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "sign_in": "Sign in",
        "sign_out": "Sign out",
        "sign_in_lead": "These courses are open to those who are signed in.",
        "sign_in_provider": "Sign in with your institution",
        "sign_in_link": "Open the link that your lecturer gave you; this browser then stays signed in for some hours.",
        "sign_in_key": "Programs send a key: see the API.",
        "signed_out": "You are signed out.",
        "signed_out_lead": "This browser shows courses that are open to everybody.",
        "sign_out_provider": "Sign out of your institution too",
        "window_lead": "This browser keeps no cookies inside another page. Open the lectures in a window of their own:",
        "window_open": "Open in a new window",
        "pick": "Insert a place",
        "pick_this": "Insert",
        "pick_paste": "or the address of a slide or of a second",
        "pick_sent": "The place goes back to the platform.",
    },
    "ru": {
        "sign_in": "Войти",
        "sign_out": "Выйти",
        "sign_in_lead": "Эти курсы открыты тем, кто вошёл.",
        "sign_in_provider": "Войти через свой университет",
        "sign_in_link": "Откройте ссылку, которую дал преподаватель: этот браузер будет помнить вас несколько часов.",
        "sign_in_key": "Программы присылают ключ: см. API.",
        "signed_out": "Вы вышли.",
        "signed_out_lead": "Этот браузер видит курсы, открытые всем.",
        "sign_out_provider": "Выйти и из университетского входа",
        "window_lead": "Этот браузер не хранит cookie внутри чужой страницы. Откройте лекции в отдельном окне:",
        "window_open": "Открыть в новом окне",
        "pick": "Вставить место",
        "pick_this": "Вставить",
        "pick_paste": "или адрес слайда или секунды",
        "pick_sent": "Место передаётся платформе.",
    },
}
