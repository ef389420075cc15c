"""A Telegram bot of a course: every question gets the service's answer, with a link for each citation.

pip install python-telegram-bot ./clients/python
TELEGRAM_TOKEN=… LECTURES_URL=http://127.0.0.1:8000 [LECTURES_KEY=…] [LECTURES_COURSE=…] python examples/telegram_bot.py
"""

from __future__ import annotations

import os

from bot import needed, open_replies
from telegram import Update
from telegram.ext import ApplicationBuilder, CommandHandler, ContextTypes, MessageHandler, filters

_HELLO = "Спросите что-нибудь о курсе. · Ask me anything about the course."
replies = open_replies()


async def hello(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    if update.message:
        await update.message.reply_text(_HELLO)


async def answer(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    if update.message and update.message.text:
        found = await replies.reply(str(update.message.chat_id), update.message.text)
        await update.message.reply_text(found.plain(4_000), disable_web_page_preview=True)


def main() -> None:
    builder = ApplicationBuilder().token(needed("TELEGRAM_TOKEN", "the token that @BotFather gave you"))
    if "TELEGRAM_API" in os.environ:  # another address of the Telegram API
        builder = builder.base_url(os.environ["TELEGRAM_API"])
    bot = builder.build()
    bot.add_handler(CommandHandler("start", hello))
    bot.add_handler(MessageHandler(filters.TEXT & ~filters.COMMAND, answer))
    bot.run_polling()


if __name__ == "__main__":
    main()
