"""A small OpenID provider on this machine: it describes itself, signs people in without asking, and signs real tokens.

What it says can be bent, one thing at a time, as an attacker or a broken provider would.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT, SECRET = "lectures", "the secret of the client"


class Provider:
    """`claims` are added to each token; `bent` changes what it is made with."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.key = new_key("one")
        self.claims: dict[str, Any] = {"name": "Ada", "groups": ["students"]}
        self.bent: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []

    def description(self) -> dict[str, Any]:
        return {
            "issuer": self.bent.get("described_issuer", self.url),
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "end_session_endpoint": f"{self.url}/logout",
        }

    def sign_in(self, query: dict[str, str]) -> str:
        """Where the browser is sent back to."""
        assert query["client_id"] == CLIENT
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        code = hashlib.sha256(repr(query).encode()).hexdigest()
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form: dict[str, str]) -> dict[str, Any] | None:
        """The tokens for a code, once; None if it is not to be had so."""
        asked = self.codes.pop(form["code"], None)
        challenge = urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        if asked is None or challenge != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return None
        return {"access_token": "none", "token_type": "Bearer", "id_token": self.id_token(asked["nonce"])}

    def id_token(self, nonce: str) -> str:
        now = int(time.time())
        known = {"iss": self.url, "sub": "42", "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce}
        claims = {**known, **self.claims, **self.bent.get("claims", {})}
        claims = {name: value for name, value in claims.items() if value is not None}
        if "sign" in self.bent:
            return str(self.bent["sign"](claims))
        return sign(claims, self.bent.get("key", self.key), self.bent.get("alg", "RS256"), self.bent.get("kid", "one"))


def new_key(kid: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid})


def sign(claims: dict[str, Any], key: Any, algorithm: str = "RS256", kid: str = "one") -> str:
    """A token, also by the algorithm `none`."""
    if algorithm == "none":
        parts = ({"alg": "none", "typ": "JWT"}, claims)
        return ".".join(urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts) + "."
    return jwt.encode({"alg": algorithm, "kid": kid}, claims, key, algorithms=[algorithm])


@contextmanager
def provider() -> Iterator[Provider]:
    """The provider on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            known.asked.append(parts.path)
            if parts.path == "/authorize":
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self.send_response(303)
                self.send_header("Location", known.sign_in(query))
                self.end_headers()
            elif parts.path == "/keys":
                self._send(dict(KeySet([known.key]).as_dict(private=False)))
            elif parts.path == "/.well-known/openid-configuration":
                self._send(known.description())
            else:
                self._send({"error": "not_found"}, 404)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            found = known.token({name: values[0] for name, values in parse_qs(body).items()})
            if self.headers.get("Authorization", "").startswith("Basic ") and found:
                self._send(found)
            else:
                self._send({"error": "invalid_grant"}, 400)

        def _send(self, content: dict[str, Any], status: int = 200) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known = Provider(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield known
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
