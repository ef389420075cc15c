"""An OpenID provider: where it sends people to sign in, and whom it sends back.

Authorization code with PKCE (RFC 7636), state and nonce. The one module that knows Authlib.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from authlib.integrations.httpx_client import OAuth2Client, OAuthError

from index.errors import InvalidRequest
from service.refusals import SignInFailed
from service.settings import Settings
from service.signin.tokens import Claims, PublishedKeys, Refreshed, fetch_json, published_keys, read_id_token

_TIMEOUT_SECONDS = 10.0
_ALGORITHMS = ("RS256", "PS256", "ES256", "RS384", "RS512", "ES384", "EdDSA")  # signed by a key pair, never by a secret
_MAX_GROUPS = 500


@dataclass(frozen=True, slots=True)
class Identity:
    """A person as the provider knows it."""

    subject: str
    name: str
    groups: tuple[str, ...]


class Provider:
    """The provider that the settings name; what it says of itself is asked when it is first needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._described = Refreshed(self._ask)
        parts = urlsplit(settings.oidc_issuer)
        if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
            raise InvalidRequest(f"LECTURES_OIDC_ISSUER is {settings.oidc_issuer!r:.100}: it must begin with https://.")

    def begin(self, back: str) -> tuple[str, dict[str, str]]:
        """Where to send a person, and what its browser must bring to `finish`. SignInFailed if the provider is away."""
        described, _ = self._description()
        kept = {name: secrets.token_urlsafe(32) for name in ("state", "nonce")}
        kept["verifier"] = secrets.token_urlsafe(48)
        with self._client(described, back) as client:
            url, _ = client.create_authorization_url(
                described["authorization_endpoint"],
                state=kept["state"],
                nonce=kept["nonce"],
                code_verifier=kept["verifier"],
            )
        return str(url), kept

    def finish(self, code: str, kept: Mapping[str, str], back: str) -> Identity:
        """Whom the provider has sent back with this code. SignInFailed if that cannot be believed."""
        described, keys = self._description()
        try:
            with self._client(described, back) as client:
                token = client.fetch_token(described["token_endpoint"], code=code, code_verifier=kept["verifier"])
            signed = token["id_token"]
        except OAuthError as error:
            raise SignInFailed(f"The provider refused the sign-in ({error.error!s:.80}); sign in again.") from error
        except Exception as error:  # of the HTTP library that Authlib has chosen, and of what is no JSON
            raise SignInFailed("The provider does not answer as it should; try again later.") from error
        claims = read_id_token(
            str(signed),
            keys,
            issuer=self._settings.oidc_issuer,
            client_id=self._settings.oidc_client_id,
            nonce=kept["nonce"],
            algorithms=_ALGORITHMS,
        )
        name = next((claims[key] for key in ("name", "preferred_username", "email") if claims.get(key)), claims["sub"])
        return Identity(str(claims["sub"]), str(name)[:200], groups_of(claims, self._settings.oidc_groups_claim))

    def sign_out_url(self, back: str) -> str | None:
        """Where a person can sign out of the provider too, if it has such a page."""
        try:
            described, _ = self._description()
        except SignInFailed:
            return None
        page = described.get("end_session_endpoint")
        if not isinstance(page, str) or urlsplit(page).scheme not in ("http", "https"):
            return None
        query = urlencode({"client_id": self._settings.oidc_client_id, "post_logout_redirect_uri": back})
        return f"{page}{'&' if '?' in page else '?'}{query}"

    def _client(self, described: Claims, back: str) -> OAuth2Client:
        secret = self._settings.oidc_client_secret
        methods = described.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        method = "client_secret_basic" if "client_secret_basic" in methods else "client_secret_post"
        return OAuth2Client(
            self._settings.oidc_client_id,
            secret or None,
            token_endpoint_auth_method=method if secret else "none",
            scope=self._settings.oidc_scopes,
            redirect_uri=back,
            code_challenge_method="S256",
            timeout=_TIMEOUT_SECONDS,
        )

    def _description(self) -> tuple[Claims, PublishedKeys]:
        """What the provider says of itself, and its keys."""
        return self._described.get()

    def _ask(self) -> tuple[Claims, PublishedKeys]:
        """OpenID Connect Discovery."""
        issuer = self._settings.oidc_issuer
        found = fetch_json(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        if found.get("issuer") != issuer or not all(isinstance(found.get(name), str) for name in needed):
            raise SignInFailed(f"{issuer} describes another provider than LECTURES_OIDC_ISSUER names.")
        return found, published_keys(found["jwks_uri"])


def groups_of(claims: Claims, path: str) -> tuple[str, ...]:
    """The groups in a claim, which is named as it is or by a path with dots; none if it holds something else."""
    found: object = claims.get(path)
    if found is None:
        found = claims
        for name in path.split("."):
            found = found.get(name) if isinstance(found, dict) else None
    if isinstance(found, str):
        found = [found]
    return tuple(str(group) for group in found[:_MAX_GROUPS]) if isinstance(found, list) else ()
