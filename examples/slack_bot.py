"""A Slack bot of a course: it answers direct messages, and what mentions it in a channel, in a thread below.

pip install slack-bolt aiohttp ./clients/python
SLACK_BOT_TOKEN=xoxb-… SLACK_APP_TOKEN=xapp-… python examples/slack_bot.py
and, where they differ from those of `lectures serve`, LECTURES_URL, LECTURES_KEY, LECTURES_COURSE
"""

from __future__ import annotations

import asyncio
import re
from html import escape
from typing import Any

from bot import Replies, needed, open_replies
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

_MENTION = re.compile(r"<@[^>]*>")


async def serve(client: AsyncWebClient, app_token: str, replies: Replies) -> None:
    """Answer until it is stopped, over a connection that the bot opens: it needs no address of its own."""
    app = AsyncApp(client=client)

    async def answer(event: dict[str, Any], say: Any) -> None:
        if event.get("bot_id") or event.get("subtype"):
            return
        if event["type"] == "message" and event.get("channel_type") != "im":
            return  # in channels it answers to mentions
        thread = event.get("thread_ts") or event["ts"]
        found = await replies.reply(f"{event['channel']} {thread}", _MENTION.sub("", event.get("text", "")))
        # Slack reads commands and links between < and >
        await say(text=escape(found.plain(3_000), quote=False), thread_ts=thread, mrkdwn=False, unfurl_links=False)

    app.event("app_mention")(answer)
    app.event("message")(answer)
    connection = AsyncSocketModeHandler(app, app_token)
    try:
        await connection.start_async()  # type: ignore[no-untyped-call]
    finally:
        await connection.close_async()  # type: ignore[no-untyped-call]


def main() -> None:
    client = AsyncWebClient(needed("SLACK_BOT_TOKEN", "the bot's token (xoxb-…)"))
    asyncio.run(serve(client, needed("SLACK_APP_TOKEN", "the app's token for Socket Mode (xapp-…)"), open_replies()))


if __name__ == "__main__":
    main()
