"""A Discord bot of a course: it answers direct messages, and what mentions it in a channel.

pip install discord.py ./clients/python
DISCORD_TOKEN=… [LECTURES_URL=…] [LECTURES_KEY=…] [LECTURES_COURSE=…] python examples/discord_bot.py
"""

from __future__ import annotations

import asyncio
import re

import discord
from bot import Replies, Reply, needed, open_replies

_MAX_CHARS = 2_000  # of a message, as Discord counts
_MENTION = re.compile(r"<@[!&]?\d+>")


class LectureBot(discord.Client):
    """What it is not mentioned in, it need not read: it asks for no privileged intent."""

    def __init__(self, replies: Replies) -> None:
        intents = discord.Intents(guilds=True, guild_messages=True, dm_messages=True)
        super().__init__(intents=intents, allowed_mentions=discord.AllowedMentions.none())
        self._replies = replies

    async def on_message(self, message: discord.Message) -> None:
        if message.author.bot or not (message.guild is None or self.user in message.mentions):
            return
        found = await self._replies.reply(str(message.channel.id), _MENTION.sub("", message.content))
        # links of a course are not shown as cards
        await message.reply(written(found), suppress_embeds=True)


def written(reply: Reply) -> str:
    """A reply as Discord shows it: texts of a course are no markup."""
    return reply.plain(_MAX_CHARS, discord.utils.escape_markdown)


async def serve(token: str, replies: Replies) -> None:
    """Answer until it is stopped."""
    async with LectureBot(replies) as bot:
        await bot.start(token)


def main() -> None:
    asyncio.run(serve(needed("DISCORD_TOKEN", "the bot's token"), open_replies()))


if __name__ == "__main__":
    main()
