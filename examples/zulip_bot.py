"""A Zulip bot of a course: it answers direct messages, and what mentions it in a topic, each topic with its own memory.

pip install zulip ./clients/python
ZULIP_SITE=https://… ZULIP_EMAIL=…-bot@… ZULIP_KEY=… python examples/zulip_bot.py
and, where they differ from those of `lectures serve`, LECTURES_URL, LECTURES_KEY, LECTURES_COURSE
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

import zulip
from bot import Replies, Reply, needed, open_replies

_MENTION = re.compile(r"@\*\*[^*]*\*\*")


def written(reply: Reply) -> str:
    """The reply with the texts of the course in a block that Zulip does not read as markup, and the links below."""
    text = "\n".join([reply.text, *(f"{mark} {title}" for mark, title, _ in reply.places)])[:8_000]
    longest = max(map(len, re.findall(r"[`~]+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}text", text, fence, *(f"{mark} {url}" for mark, _, url in reply.places)])


def serve(client: zulip.Client, replies: Replies) -> None:
    """Answer until the process is stopped."""
    me = client.get_profile()["user_id"]
    with asyncio.Runner() as runner:  # one event loop for all answers: connections to the service are kept

        def answer(message: dict[str, Any]) -> None:
            direct = message["type"] == "private"
            if message["sender_id"] == me or not (direct or "mentioned" in message["flags"]):
                return
            to, topic = ([message["sender_id"]], "") if direct else (message["stream_id"], message["subject"])
            found = runner.run(replies.reply(f"{to} {topic}", _MENTION.sub("", message["content"])))
            client.send_message({"type": message["type"], "to": to, "topic": topic, "content": written(found)})

        try:
            client.call_on_each_event(lambda event: answer({**event["message"], "flags": event["flags"]}), ["message"])
        finally:
            runner.run(replies.close())


def main() -> None:
    site, email = needed("ZULIP_SITE", "the address of your Zulip"), needed("ZULIP_EMAIL", "the bot's address")
    serve(zulip.Client(email, needed("ZULIP_KEY", "the bot's key"), site=site), open_replies())


if __name__ == "__main__":
    main()
