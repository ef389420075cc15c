"""A launch by a learning platform (LTI 1.3) → who comes from where, and what for.

The platform opens our login address, is asked who the person is, and posts a signed token back (1EdTech Security
Framework 1.0, 5.1). What the browser must bring back is in a cookie for each launch: a page may have several.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from index.addresses import is_web_address
from index.errors import InvalidRequest
from service.refusals import SignInFailed
from service.signin.grants import Grant
from service.signin.platforms import Platform, Platforms
from service.signin.tokens import Claims, read_id_token

_CLAIM = "https://purl.imsglobal.org/spec/lti/claim"
_DEEP = "https://purl.imsglobal.org/spec/lti-dl/claim"
_RESOURCE, _PICK = "LtiResourceLinkRequest", "LtiDeepLinkingRequest"
_TEACHING = frozenset({"Instructor", "ContentDeveloper", "Administrator"})
_MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"
_ALGORITHMS = ("RS256",)  # the one that the framework allows to everybody
_ITEM_TYPES = ("ltiResourceLink", "link")


@dataclass(frozen=True, slots=True)
class Picking:
    """A lecturer wants to insert something: where it is to be sent, and what goes back with it unchanged."""

    return_url: str
    data: str
    deployment: str
    item_type: str


@dataclass(frozen=True, slots=True)
class Launch:
    """Who comes, with what they may read, and where they want to go; `nonce` may be used once."""

    platform: Platform
    name: str
    grant: Grant
    target: str
    nonce: str
    picking: Picking | None


def asked_platform(platforms: Platforms, issuer: str, client_id: str) -> Platform:
    """The platform that begins a launch. SignInFailed if it is not registered here."""
    found = platforms.find(issuer, client_id)
    if found is None:
        raise SignInFailed(
            f"The platform {issuer!r:.100} with client {client_id!r:.60} is not registered here; the operator adds "
            "it to LECTURES_LTI_FILE."
        )
    return found


def new_launch(platform: Platform) -> dict[str, str]:
    """What the browser must bring back from the platform."""
    return {
        "state": f"{secrets.token_hex(4)}.{secrets.token_urlsafe(24)}",
        "nonce": secrets.token_urlsafe(24),
        "issuer": platform.issuer,
        "client_id": platform.client_id,
    }


def login_url(platform: Platform, kept: Mapping[str, str], back: str, hints: Mapping[str, str]) -> str:
    """Where the platform is asked who the person is."""
    query = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": platform.client_id,
        "redirect_uri": back,
        "state": kept["state"],
        "nonce": kept["nonce"],
        **hints,
    }
    return f"{platform.login_url}{'&' if '?' in platform.login_url else '?'}{urlencode(query)}"


def read_launch(token: str, platforms: Platforms, kept: Mapping[str, str], own: str) -> Launch:
    """What a platform says of a launch. SignInFailed if it cannot be believed."""
    platform = asked_platform(platforms, kept["issuer"], kept["client_id"])
    claims = read_id_token(
        token,
        platforms.keys(platform),
        issuer=platform.issuer,
        client_id=platform.client_id,
        nonce=kept["nonce"],
        algorithms=_ALGORITHMS,
    )
    deployment = _text(claims.get(f"{_CLAIM}/deployment_id"))
    if deployment not in platform.deployments:
        raise SignInFailed(f"The deployment {deployment!r:.60} of this platform is not registered here.")
    kind = claims.get(f"{_CLAIM}/message_type")
    if claims.get(f"{_CLAIM}/version") != "1.3.0" or kind not in (_RESOURCE, _PICK):
        raise SignInFailed("This is no launch of LTI 1.3.")
    teacher = _is_teacher(claims.get(f"{_CLAIM}/roles"))
    context = claims.get(f"{_CLAIM}/context")
    grant = platform.grant(_text(context.get("id")) if isinstance(context, dict) else "", teacher=teacher)
    if grant.courses is not None and not grant.courses:
        raise SignInFailed(
            "No course is open to this course of the platform; the operator adds it to LECTURES_LTI_FILE."
        )
    if kind == _PICK and not teacher:
        raise SignInFailed("Only teachers insert places into a course.")
    name = _text(claims.get("name")) or ("Teacher" if teacher else "Student")
    target = _target(_text(claims.get(f"{_CLAIM}/target_link_uri")), own)
    picking = _read_picking(claims, deployment) if kind == _PICK else None
    return Launch(platform, name[:200], grant, target, f"{platform.issuer} {kept['nonce']}", picking)


def response_claims(platform: Platform, picking: Picking, title: str, url: str) -> Claims:
    """What goes back to the platform when a place was picked (LTI Deep Linking 2.0)."""
    return {
        "iss": platform.client_id,
        "aud": platform.issuer,
        "nonce": secrets.token_urlsafe(24),
        f"{_CLAIM}/deployment_id": picking.deployment,
        f"{_CLAIM}/message_type": "LtiDeepLinkingResponse",
        f"{_CLAIM}/version": "1.3.0",
        f"{_DEEP}/content_items": [{"type": picking.item_type, "title": title, "url": url}],
        **({f"{_DEEP}/data": picking.data} if picking.data else {}),
    }


def _read_picking(claims: Claims, deployment: str) -> Picking:
    settings = claims.get(f"{_DEEP}/deep_linking_settings")
    if not isinstance(settings, dict):
        raise SignInFailed("The platform does not say where a picked place is to be sent.")
    accepted = settings.get("accept_types")
    item_type = next((kind for kind in _ITEM_TYPES if isinstance(accepted, list) and kind in accepted), None)
    return_url = _text(settings.get("deep_link_return_url"))
    if item_type is None or not is_web_address(return_url):
        raise SignInFailed("The platform takes neither links nor places of tools here.")
    return Picking(return_url, _text(settings.get("data")), deployment, item_type)


def _is_teacher(roles: object) -> bool:
    """Whether one of the roles is to teach in this context; roles at the institution do not count."""
    names = [str(role).removeprefix(_MEMBERSHIP) for role in roles] if isinstance(roles, list) else []
    # membership#Instructor, membership/Instructor#TeachingAssistant, or the short form Instructor
    return any(name.split("#")[0].strip("/") in _TEACHING or name.lstrip("#") in _TEACHING for name in names)


def _target(url: str, own: str) -> str:
    """The part of an address after the site, if it is one of ours."""
    try:
        parts, base = urlsplit(url), urlsplit(own)
    except ValueError as error:
        raise InvalidRequest(f"target_link_uri: {url!r:.80} is no address.") from error
    if (parts.scheme, parts.netloc) != (base.scheme, base.netloc):
        return ""
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
