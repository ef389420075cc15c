"""A learning platform on this machine, as Moodle behaves: a page with a frame, signed launches, and what it is sent back.

It speaks LTI 1.3 with real keys; what it says can be bent, one thing at a time.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import KeySet
from provider_stub import new_key, sign

CLIENT, DEPLOYMENT = "lectures-client", "1"
LTI, DEEP = "https://purl.imsglobal.org/spec/lti/claim", "https://purl.imsglobal.org/spec/lti-dl/claim"
STUDENT, TEACHER = (f"http://purl.imsglobal.org/vocab/lis/v2/membership#{role}" for role in ("Learner", "Instructor"))

# whether a frame keeps a cookie that is not partitioned
_COOKIES = """<!doctype html><p></p><script>
document.cookie = "plain=1; SameSite=None; Secure";
document.querySelector("p").textContent = "cookies: " + (document.cookie || "none");
</script>"""


class Platform:
    """`tool` is the address of the service; `bent` changes what the next tokens are made with."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.tool = ""
        self.key = new_key("one")
        self.bent: dict[str, Any] = {}
        self.launches: dict[str, dict[str, Any]] = {}
        self.returned: list[dict[str, Any]] = []
        self.asked: list[str] = []

    def registration(self, **courses: str) -> str:
        """The entry of the operator's file."""
        entry = {
            "issuer": self.url,
            "client_id": CLIENT,
            "deployments": [DEPLOYMENT],
            "login_url": f"{self.url}/auth",
            "keys_url": f"{self.url}/keys",
            "courses": courses,
        }
        return json.dumps([entry])

    def begin(self, **launch: Any) -> dict[str, str]:
        """The parameters with which a launch begins; `launch` is what its token will say."""
        hint = f"launch-{len(self.launches)}"
        self.launches[hint] = launch
        return {
            "iss": self.url,
            "login_hint": "user-7",
            "lti_message_hint": hint,
            "client_id": CLIENT,
            "lti_deployment_id": DEPLOYMENT,
            "target_link_uri": launch.get("target", f"{self.tool}/"),
        }

    def answer(self, query: dict[str, str]) -> dict[str, str]:
        """The form that the browser posts to the tool."""
        assert query["client_id"] == CLIENT
        assert query["redirect_uri"] == f"{self.tool}/lti/launch"
        assert (query["response_type"], query["response_mode"], query["prompt"]) == ("id_token", "form_post", "none")
        launch = self.launches[query["lti_message_hint"]]
        return {"id_token": self.token(query["nonce"], **launch), "state": query["state"]}

    def token(
        self, nonce: str, role: str = STUDENT, context: str = "7", target: str = "", picking: bool = False
    ) -> str:
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.url,
            "aud": CLIENT,
            "sub": "user-7",
            "name": "Ada Lovelace",
            "iat": now,
            "exp": now + 60,
            "nonce": nonce,
            f"{LTI}/version": "1.3.0",
            f"{LTI}/deployment_id": DEPLOYMENT,
            f"{LTI}/message_type": "LtiDeepLinkingRequest" if picking else "LtiResourceLinkRequest",
            f"{LTI}/roles": [role],
            f"{LTI}/context": {"id": context, "label": "ML", "title": "Machine learning"},
            f"{LTI}/target_link_uri": target or f"{self.tool}/",
        }
        if picking:
            claims[f"{DEEP}/deep_linking_settings"] = {
                "deep_link_return_url": f"{self.url}/return",
                "accept_types": ["ltiResourceLink", "link"],
                "accept_presentation_document_targets": ["iframe"],
                "data": "what the platform wants back",
            }
        else:
            claims[f"{LTI}/resource_link"] = {"id": "12"}
        claims |= self.bent.get("claims", {})
        claims = {name: value for name, value in claims.items() if value is not None}
        if "sign" in self.bent:
            return str(self.bent["sign"](claims))
        key = self.bent.get("key", self.key)
        return sign(claims, key, self.bent.get("alg", "RS256"), self.bent.get("kid", "one"))

    def take_back(self, form: dict[str, str]) -> str:
        """What was picked, if the tool's own key signed it."""
        keys = KeySet.import_key_set(httpx.get(f"{self.tool}/lti/keys").json())
        claims = dict(jwt.decode(form["JWT"], keys, algorithms=["RS256"]).claims)
        jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": CLIENT},
            aud={"essential": True, "value": self.url},
            exp={"essential": True},
            nonce={"essential": True},
        ).validate(claims)
        self.returned.append(claims)
        return "inserted"

    def page(self, query: dict[str, str]) -> str:
        """The page of a course with the tool in a frame."""
        launch: dict[str, Any] = {"role": query.get("role", STUDENT), "picking": "picking" in query}
        if "target" in query:
            launch["target"] = query["target"]
        source = f"{self.tool}/lti/login?{urlencode(self.begin(**launch))}"
        return f'<!doctype html><title>ML</title><h1>Moodle</h1><iframe src="{escape(source)}" width="900" height="700"></iframe>'


def form(action: str, values: dict[str, str]) -> str:
    """A form that sends itself."""
    fields = "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in values.items())
    return f'<form method="post" action="{escape(action)}">{fields}</form><script>document.forms[0].submit()</script>'


@contextmanager
def platform(host: str = "127.0.0.1") -> Iterator[Platform]:
    """The platform on a free port; browsers take `localhost` for another site than 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            known.asked.append(parts.path)
            if parts.path == "/keys":
                self._send(json.dumps(KeySet([known.key]).as_dict(private=False)), "application/json")
            elif parts.path == "/auth":
                self._send(form(query["redirect_uri"], known.answer(query)))
            elif parts.path == "/control":
                elsewhere = f"http://127.0.0.1:{server.server_port}/cookies"
                self._send(f'<!doctype html><iframe src="{elsewhere}"></iframe>')
            elif parts.path == "/cookies":
                self._send(_COOKIES)
            elif parts.path == "/course":
                self._send(known.page(query))
            else:
                self._send("", status=404)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._send(known.take_back({name: values[0] for name, values in parse_qs(body).items()}))

        def _send(self, text: str, kind: str = "text/html; charset=utf-8", status: int = 200) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known = Platform(f"http://{host}:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield known
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
