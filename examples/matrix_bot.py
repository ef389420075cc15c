"""A Matrix bot of a course: it answers in the rooms that it was invited to, where they are not encrypted.

pip install matrix-nio ./clients/python
MATRIX_SERVER=https://… MATRIX_USER=@lectures:… MATRIX_TOKEN=… python examples/matrix_bot.py
and, where they differ from those of `lectures serve`, LECTURES_URL, LECTURES_KEY, LECTURES_COURSE
"""

from __future__ import annotations

import asyncio

from bot import Replies, needed, open_replies
from nio import AsyncClient, InviteMemberEvent, MatrixRoom, RoomMessageText, SyncResponse


async def serve(server: str, user: str, token: str, replies: Replies) -> None:
    """Answer until it is stopped; what was said before it came is left alone."""
    client = AsyncClient(server, user)
    client.access_token, client.user_id = token, user

    async def answer(room: MatrixRoom, event: RoomMessageText) -> None:
        if event.sender == user:
            return
        found = await replies.reply(room.room_id, event.body)
        # a plain body is shown as it is; that nobody is mentioned is said, since texts may hold names
        content = {"msgtype": "m.notice", "body": found.plain(16_000), "m.mentions": {}}
        await client.room_send(room.room_id, "m.room.message", content)

    async def join(room: MatrixRoom, event: InviteMemberEvent) -> None:
        if event.membership == "invite" and event.state_key == user:
            await client.join(room.room_id)

    client.add_event_callback(join, InviteMemberEvent)  # an invitation that waits is taken up all the same
    try:
        first = await client.sync(timeout=0)
        if not isinstance(first, SyncResponse):
            raise SystemExit(f"The Matrix server refuses: {first}")
        client.add_event_callback(answer, RoomMessageText)
        await client.sync_forever(timeout=30_000, since=first.next_batch)
    finally:
        await client.close()


def main() -> None:
    server, user = needed("MATRIX_SERVER", "the address of your server"), needed("MATRIX_USER", "the bot's name")
    asyncio.run(serve(server, user, needed("MATRIX_TOKEN", "its access token"), open_replies()))


if __name__ == "__main__":
    main()
