"""The bots of `examples/`, with their platforms' own libraries, in front of servers that speak as the platforms do."""

from __future__ import annotations

import asyncio
import json
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import matrix_bot
import pytest
import slack_bot
import yarl
import zulip
import zulip_bot
from aiohttp import WSMsgType, web
from bot import Replies, Reply
from slack_sdk.web.async_client import AsyncWebClient
from support import run_async

from lecture_search_client import AsyncLectures

with warnings.catch_warnings():  # it imports a module that Python will drop
    warnings.simplefilter("ignore", DeprecationWarning)
    import discord
    import discord_bot

_QUESTION = "что такое ранняя остановка?"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def _platform(routes: dict[str, Handler]) -> AsyncIterator[str]:
    """The address of a server with these routes, `METHOD /path`."""
    app = web.Application()
    for route, handler in routes.items():
        method, path = route.split(" ")
        app.router.add_route(method, path, handler)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def _while_serving(bot: Awaitable[None], done: asyncio.Event) -> None:
    """The bot runs until what it should do is done."""
    task = asyncio.ensure_future(bot)
    waiting = asyncio.ensure_future(done.wait())
    await asyncio.wait({task, waiting}, timeout=30, return_when=asyncio.FIRST_COMPLETED)
    over = task.done()
    waiting.cancel()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task  # an error of the bot is one of the test
    assert done.is_set(), "the bot ended" if over else "the bot said nothing"


def _json(value: object) -> web.Response:
    return web.Response(body=json.dumps(value).encode(), content_type="application/json")


# --- what they share --------------------------------------------------------------------------------------------


def test_a_room_remembers_its_last_questions_and_no_other() -> None:
    asked: list[dict[str, Any]] = []

    def refuse(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content))
        return httpx.Response(422, json={"detail": "Not now.", "code": "x"})

    async def use() -> None:
        async with AsyncLectures(transport=httpx.MockTransport(refuse)) as lectures:
            replies = Replies(lectures, "nn")
            for number in range(15):
                assert (await replies.reply("one", f" {number} ")).plain(100) == "Not now."
            await replies.reply("two", "x" * 5_000)

    run_async(use())
    assert [turn["content"] for turn in asked[14]["history"]] == [str(number) for number in range(2, 14)]
    assert (asked[15]["history"], len(asked[15]["question"]), asked[15]["course"]) == ([], 1_000, "nn")


def test_a_reply_that_is_too_long_keeps_its_links() -> None:
    reply = Reply("a" * 100, (("[1]", "Title", "http://x/y"),))
    assert reply.plain(60) == "a" * 38 + "\n[1] Title: http://x/y"
    assert Reply("").plain(10) == "…"


def test_two_questions_at_once_are_both_remembered() -> None:
    asked: list[dict[str, Any]] = []

    async def use() -> None:
        both = asyncio.Event()

        async def refuse(request: httpx.Request) -> httpx.Response:
            asked.append(json.loads(request.content))
            if len(asked) == 3:
                both.set()
            if len(asked) > 1:
                await both.wait()
            return httpx.Response(422, json={"detail": "Not now.", "code": "x"})

        async with AsyncLectures(transport=httpx.MockTransport(refuse)) as lectures:
            replies = Replies(lectures)
            await replies.reply("one", "before")
            async with asyncio.timeout(20):
                await asyncio.gather(replies.reply("one", "left"), replies.reply("one", "right"))
            await replies.reply("one", "after")

    run_async(use())
    assert [[turn["content"] for turn in one["history"]] for one in asked[:3]] == [[], ["before"], ["before"]]
    assert sorted(turn["content"] for turn in asked[3]["history"]) == ["before", "left", "right"]


# --- Zulip ------------------------------------------------------------------------------------------------------


def test_the_zulip_bot_answers_mentions_and_direct_messages_as_text(live: str) -> None:
    about = {"sender_id": 5, "stream_id": 9, "subject": "topic", "content": f"@**Lectures** {_QUESTION}"}
    events = [
        {"type": "stream", **about, "flags": ["mentioned"]},
        {"type": "stream", **about, "flags": []},  # not for the bot
        {"type": "stream", **about, "sender_id": 1, "flags": ["mentioned"]},  # its own
        {"type": "private", "sender_id": 5, "content": "dropout", "flags": []},
    ]
    listed = [
        {"id": number, "type": "message", "flags": event.pop("flags"), "message": event}
        for number, event in enumerate(events)
    ]
    sent: list[dict[str, str]] = []

    async def send(request: web.Request) -> web.Response:
        sent.append({name: str(value) for name, value in (await request.post()).items()})
        return _json({"result": "success", "msg": "", "id": 1})

    async def answered(request: web.Request) -> web.Response:
        known: dict[str, dict[str, object]] = {
            "/api/v1/users/me": {"user_id": 1},
            "/api/v1/register": {"queue_id": "q", "last_event_id": -1},
            "/api/v1/server_settings": {"zulip_version": "10.0", "zulip_feature_level": 400},
            "/api/v1/events": {"events": listed},
        }
        return _json({"result": "success", "msg": "", **known[request.path]})

    def run(site: str) -> None:
        client = zulip.Client("lectures-bot@zulip.example", "key", site=site)
        once = client.get_events

        def get_events(**asked: Any) -> dict[str, Any]:
            if sent:  # all were answered: the library itself never ends
                raise SystemExit
            found: dict[str, Any] = once(**asked)
            return found

        client.get_events = get_events  # type: ignore[method-assign]
        with pytest.raises(SystemExit):
            zulip_bot.serve(client, Replies(AsyncLectures(live)))

    async def use() -> None:
        async with _platform(
            {"POST /api/v1/messages": send, "* /api/v1/{name}": answered, "* /api/v1/users/me": answered}
        ) as site:
            await asyncio.to_thread(run, site)

    run_async(use())
    assert [(message["type"], message["to"]) for message in sent] == [("stream", "9"), ("private", "[5]")]
    assert sent[0]["topic"] == "topic"
    fenced, links = sent[0]["content"].rsplit("```\n", 1)
    assert fenced.startswith("```text\n")
    assert "Следим за потерями на валидации" in fenced
    assert links.startswith(f"[1] {live}/c/neural-networks/d/slides/02_regularisation.pdf/11")


def test_nothing_of_a_course_ends_the_block_that_zulip_shows_as_text() -> None:
    said = zulip_bot.written(Reply("```\n@**all** [x](http://evil)\n`````", (("[1]", "```", "http://x/1"),)))
    lines = said.split("\n")
    assert (lines[0], lines[-2], lines[-1]) == ("``````text", "``````", "[1] http://x/1")
    assert "``````" not in lines[1:-2]


# --- Matrix -----------------------------------------------------------------------------------------------------


def test_the_matrix_bot_joins_where_it_is_invited_and_answers(live: str) -> None:
    me, room = "@lectures:x", "!room:x"
    sent: list[dict[str, Any]] = []
    joined: list[str] = []
    synced: list[str | None] = []

    async def use() -> None:
        done = asyncio.Event()

        def message(number: int, sender: str, body: str) -> dict[str, Any]:
            content = {"msgtype": "m.text", "body": body}
            known = {"event_id": f"$e{number}", "origin_server_ts": number, "type": "m.room.message"}
            return {**known, "sender": sender, "content": content}

        async def sync(request: web.Request) -> web.Response:
            synced.append(request.query.get("since"))
            timeline = {
                1: [message(1, "@student:x", "asked before the bot came")],
                2: [message(2, me, "its own"), message(3, "@student:x", _QUESTION)],
            }
            rooms: dict[str, Any] = {}
            if len(synced) in timeline:
                said = {"events": timeline[len(synced)], "limited": False, "prev_batch": "p"}
                rooms = {"join": {room: {"timeline": said, "state": {"events": []}}}}
            if len(synced) <= 2:  # one that was sent before the bot came, and one after
                invited = {"type": "m.room.member", "sender": "@student:x", "state_key": me}
                event = {**invited, "content": {"membership": "invite"}}
                rooms["invite"] = {f"!new{len(synced)}:x": {"invite_state": {"events": [event]}}}
            if len(synced) > 2:
                await asyncio.sleep(0.05)
            return _json({"next_batch": f"b{len(synced)}", "rooms": rooms})

        async def send(request: web.Request) -> web.Response:
            sent.append(await request.json())
            done.set()
            return _json({"event_id": "$x"})

        async def join(request: web.Request) -> web.Response:
            joined.append(request.match_info["room"])
            return _json({"room_id": joined[-1]})

        base = "/_matrix/client/v3"
        routes: dict[str, Handler] = {
            f"GET {base}/sync": sync,
            f"PUT {base}/rooms/{{room}}/send/m.room.message/{{id}}": send,
            f"POST {base}/join/{{room}}": join,
        }
        async with _platform(routes) as server, AsyncLectures(live) as lectures:
            await _while_serving(matrix_bot.serve(server, me, "token", Replies(lectures)), done)

    run_async(use())
    assert (joined, synced[:2]) == (["!new1:x", "!new2:x"], [None, "b1"])
    assert len(sent) == 1
    assert (sent[0]["msgtype"], sent[0]["m.mentions"]) == ("m.notice", {})
    assert f"[1] Ранняя остановка (early stopping): {live}/c/neural-networks/d/" in sent[0]["body"]


# --- Slack ------------------------------------------------------------------------------------------------------


def test_the_slack_bot_answers_in_a_thread_and_sends_no_commands(live: str) -> None:
    sent: list[dict[str, Any]] = []
    acknowledged: set[str] = set()
    about = {"channel": "C1", "user": "U5", "ts": "1.0"}
    events: list[dict[str, Any]] = [
        {"type": "message", "channel_type": "channel", "text": "not for the bot", **about},
        {"type": "message", "channel_type": "im", "bot_id": "B1", "text": "its own", **about},
        {"type": "app_mention", "text": f"<@U1> {_QUESTION}", **about},
    ]

    async def use() -> None:
        done = asyncio.Event()

        async def socket(request: web.Request) -> web.WebSocketResponse:
            connection = web.WebSocketResponse()
            await connection.prepare(request)
            await connection.send_json({"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A1"}})
            for number, event in enumerate(events):
                payload = {"type": "event_callback", "team_id": "T1", "api_app_id": "A1", "event": event}
                envelope = {"type": "events_api", "envelope_id": f"e{number}", "payload": payload}
                await connection.send_json({**envelope, "accepts_response_payload": False})
            async for message in connection:
                if message.type is WSMsgType.TEXT and message.data.startswith("{"):
                    acknowledged.add(json.loads(message.data)["envelope_id"])
            return connection

        async def call(request: web.Request) -> web.Response:
            method = request.match_info["method"]
            if method == "apps.connections.open":
                return _json({"ok": True, "url": f"ws://{request.host}/socket"})
            if method == "chat.postMessage":
                sent.append(await request.json())
                done.set()
            who = {"user_id": "U1", "bot_id": "B1", "team_id": "T1", "team": "T", "user": "lectures"}
            return _json({"ok": True, "ts": "2.0", "channel": "C1", **who})

        async with (
            _platform({"GET /socket": socket, "POST /api/{method}": call}) as server,
            AsyncLectures(live) as lectures,
        ):
            client = AsyncWebClient("xoxb-test", base_url=f"{server}/api/")
            await _while_serving(slack_bot.serve(client, "xapp-test", Replies(lectures)), done)

    run_async(use())
    assert len(sent) == 1
    assert (sent[0]["channel"], sent[0]["thread_ts"], sent[0]["mrkdwn"]) == ("C1", "1.0", False)
    assert f"[1] Ранняя остановка (early stopping): {live}/c/neural-networks/d/" in sent[0]["text"]
    assert acknowledged == {"e0", "e1", "e2"}


# --- Discord ----------------------------------------------------------------------------------------------------


def test_a_long_discord_reply_keeps_its_links_and_is_no_markup() -> None:
    url = "https://x.example/c/nn/d/deck_of_a_course.pdf/"
    places = tuple((f"[{n}]", "**a** _b_ ~c~ | `d` *", f"{url}{n}") for n in range(1, 9))
    said = discord_bot.written(Reply("**" * 3_000, places))
    assert len(said) <= 2_000
    lines = said.split("\n")
    assert [line.rsplit(": ", 1)[1] for line in lines[1:]] == [place[2] for place in places]
    assert set(lines[0].replace("\\*", "")) <= {"\\"}
    assert discord_bot.written(Reply("", (("[1]", "x](http://evil.example)", url),))).startswith("\\[1] x](")
    assert all("\\*\\*a\\*\\* \\_b\\_" in line for line in lines[1:])


def test_the_discord_bot_answers_direct_messages_without_markup(live: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bot = {"id": "1", "username": "lectures", "discriminator": "0", "avatar": None, "bot": True}
    student = {"id": "5", "username": "student", "discriminator": "0", "avatar": None}
    message: dict[str, Any] = {
        "id": "70", "channel_id": "9", "channel_type": 1, "author": student, "content": _QUESTION, "timestamp":
        "2026-01-01T00:00:00+00:00", "edited_timestamp": None, "tts": False, "mention_everyone": False, "mentions": [],
        "mention_roles": [], "attachments": [], "embeds": [], "pinned": False, "type": 0, "flags": 0,
    }  # fmt: skip
    sent: list[dict[str, Any]] = []

    async def use() -> None:
        done = asyncio.Event()

        async def gateway(request: web.Request) -> web.WebSocketResponse:
            connection = web.WebSocketResponse()
            await connection.prepare(request)
            await connection.send_json({"op": 10, "d": {"heartbeat_interval": 45_000}, "s": None, "t": None})
            async for said in connection:
                if said.type is WSMsgType.TEXT and json.loads(said.data)["op"] == 2:
                    ready = {"v": 10, "user": bot, "guilds": [], "session_id": "s", "resume_gateway_url": "ws://x"}
                    ready["application"] = {"id": "1", "flags": 0}
                    await connection.send_json({"op": 0, "t": "READY", "s": 1, "d": ready})
                    for number, author in enumerate((bot, student), 2):
                        event = {**message, "author": author}
                        await connection.send_json({"op": 0, "t": "MESSAGE_CREATE", "s": number, "d": event})
            return connection

        async def who(_: web.Request) -> web.Response:
            return _json(bot)

        async def application(_: web.Request) -> web.Response:
            about = {"id": "1", "name": "Lectures", "description": "", "icon": None, "verify_key": ""}
            return _json({**about, "bot_public": False, "bot_require_code_grant": False, "owner": student})

        async def post(request: web.Request) -> web.Response:
            sent.append(await request.json())
            done.set()
            return _json({**message, "author": bot, "id": "71"})

        routes: dict[str, Handler] = {
            "GET /gateway/": gateway,
            "GET /users/@me": who,
            "GET /oauth2/applications/@me": application,
            "POST /channels/9/messages": post,
        }
        async with _platform(routes) as server, AsyncLectures(live) as lectures:
            monkeypatch.setattr(discord.http.Route, "BASE", server)
            address = yarl.URL(server.replace("http", "ws") + "/gateway/")
            monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", address)
            await _while_serving(discord_bot.serve("token", Replies(lectures)), done)

    run_async(use())
    assert len(sent) == 1
    assert sent[0]["allowed_mentions"]["parse"] == []
    assert sent[0]["flags"] & discord.MessageFlags(suppress_embeds=True).value
    assert f"{live}/c/neural-networks/d/" in sent[0]["content"]
