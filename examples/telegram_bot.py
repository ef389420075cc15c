"""A Telegram bot of a course: every question gets the service's answer, with a link for each citation.

pip install python-telegram-bot
TELEGRAM_TOKEN=… LECTURES_URL=http://127.0.0.1:8000 [LECTURES_KEY=…] [LECTURES_COURSE=…] python examples/telegram_bot.py
"""

from __future__ import annotations

import os
import sys
from typing import Any

from telegram import Update
from telegram.ext import Application, ApplicationBuilder, CommandHandler, ContextTypes, MessageHandler, filters

from service.client import ApiError, AsyncLectures
from service.links import absolute
from service.schemas import AnswerOut

_MAX_CHARS = 4_000  # of a message
_TURNS = 6
_HELLO = "Спросите что-нибудь о курсе. · Ask me anything about the course."


def reply_of(answer: AnswerOut, base: str) -> str:
    """The answer as plain text: nothing of a course is ever read as markup."""
    lines = [answer.note] if answer.note else []
    lines += [s.text + "".join(f" [{n}]" for n in s.citations) for s in answer.sentences]
    lines += [f"[{c.number}] {c.hit.title}: {absolute(c.hit.url, base)}" for c in answer.citations]
    if not answer.sentences:
        lines += [f"• {hit.title}: {absolute(hit.url, base)}" for hit in answer.hits[:3]]
    return "\n".join(lines)[:_MAX_CHARS] or "…"


async def hello(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    if update.message:
        await update.message.reply_text(_HELLO)


async def answer(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    """One question; the last few of a chat are remembered for those that follow."""
    if update.message is None or not update.message.text or context.chat_data is None:
        return
    lectures: AsyncLectures = context.bot_data["lectures"]
    history: list[dict[str, str]] = context.chat_data.setdefault("history", [])
    try:
        found = await lectures.ask(update.message.text, course=context.bot_data["course"], history=history)
        text = reply_of(found, context.bot_data["url"])
        history.append({"role": "user", "content": update.message.text[:1000]})
        del history[:-_TURNS]
    except ApiError as error:
        text = str(error)
    await update.message.reply_text(text, disable_web_page_preview=True)


def make_bot(
    token: str, url: str, key: str | None, course: str | None, api: str | None = None
) -> Application[Any, Any, Any, Any, Any, Any]:
    """The bot; `api` is another address of the Telegram API."""
    builder = ApplicationBuilder().token(token)
    if api:
        builder = builder.base_url(api)
    bot = builder.build()
    bot.bot_data.update(lectures=AsyncLectures(url, key), url=url, course=course)
    bot.add_handler(CommandHandler("start", hello))
    bot.add_handler(MessageHandler(filters.TEXT & ~filters.COMMAND, answer))
    return bot


def main() -> None:
    token = os.environ.get("TELEGRAM_TOKEN")
    if not token:
        sys.exit("Set TELEGRAM_TOKEN to the token that @BotFather gave you.")
    url = os.environ.get("LECTURES_URL", "http://127.0.0.1:8000")
    bot = make_bot(
        token,
        url,
        os.environ.get("LECTURES_KEY"),
        os.environ.get("LECTURES_COURSE"),
        os.environ.get("TELEGRAM_API"),
    )
    bot.run_polling()


if __name__ == "__main__":
    main()
