"""The environment (`LECTURES_*`) → Settings. Built at the edges: app, CLI, migrations."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from dotenv import dotenv_values
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from index.errors import InvalidRequest
from index.spread.connecting import read_address

_log = logging.getLogger(__name__)
_PREFIX = "LECTURES_"
# of the client, the compose file, the examples and the tests
_OTHERS = frozenset(
    f"{_PREFIX}{name}"
    for name in (
        "URL KEY COURSE COURSES DIR PORT REPLICAS_PORT DB_PASSWORD EXTRAS TEST_DATABASE TEST_FORBID_SKIPS".split()
    )
)


class Settings(BaseSettings):
    """Every setting, with its default; the README describes each."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, env_file=".env", extra="ignore")

    data_dir: Path = Field(Path("lectures-data"), description="Folder for the database, original files and the index")
    database_url: str = Field("", description="SQLite or PostgreSQL address; empty: SQLite in the data folder")
    storage_url: str = Field(
        "",
        description="Folder or fsspec URL (s3://BUCKET/PREFIX) that machines share; empty: the data folder alone",
    )
    storage_seconds: float = Field(2.0, gt=0, description="How often it is asked what others published")
    storage_cache_gigabytes: float = Field(
        10.0, ge=0, description="What this machine keeps of the originals there; those not asked for longest leave"
    )
    search: str = Field(
        "",
        description="Ray cluster whose nodes hold and search the index (`auto`, HOST:PORT or ray://HOST:PORT); empty: "
        "this process",
    )
    search_copies: int = Field(2, ge=1, description="Nodes there that hold each course, as far as there are so many")
    embedder: str = Field(
        "builtin", description="`builtin`, `none`, or a sentence-transformers model by name or folder"
    )
    encoder: str = Field(
        "builtin",
        description="Second opinion on meaning: `builtin`, `e5`, or a sentence-transformers model by name or folder; "
        "empty: none",
    )
    encoder_deadline_ms: int = Field(200, ge=1, description="A search that it has not helped by then is answered alone")
    reranker: str = Field("", description="A cross-encoder by name or folder that reorders the best hits; empty: none")
    reranker_deadline_ms: int = Field(300, ge=1, description="What the reranker has not judged by then keeps its place")
    packs: str = Field("ml,stats", description="Packs by comma whose concepts a description may mean, or their files")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="What is logged")
    log_queries: bool = Field(False, description="Write full questions into the log")
    max_concurrent_searches: int = Field(
        32, ge=1, description="Searches at once; more are answered 503 with Retry-After"
    )
    max_concurrent_answers: int = Field(8, ge=1, description="Answers at once; more are answered 503 with Retry-After")
    max_connections: int = Field(1000, ge=1, description="Connections to a process; for more, the idlest are closed")
    request_seconds: float = Field(
        20.0, gt=0, description="A request must have arrived whole by then, or the connection ends"
    )
    stop_seconds: int = Field(10, ge=1, description="When told to stop, how long requests that run may go on")
    ingest_roots: str = Field(
        "", description="Folders by comma from which courses may be ordered over HTTP; empty: addresses only"
    )
    offline: bool = Field(False, description="Ingest fetches nothing from elsewhere")
    fetch_private: bool = Field(
        False, description="Ingest may fetch over http and from addresses inside the own network"
    )
    fetch_megabytes: int = Field(4096, ge=1, description="What one course, archive or PDF may hold that is fetched")
    fetch_seconds: float = Field(1800.0, gt=0, description="How long fetching one of them may take")
    youtube_url: str = Field("https://www.youtube.com", description="Where YouTube is asked for captions")
    youtube_proxy: str = Field("", description="Proxy for YouTube, such as http://USER:PASSWORD@HOST:PORT", repr=False)
    youtube_timeout_seconds: float = Field(20.0, gt=0, description="How long YouTube may take for one answer")
    youtube_pause_seconds: float = Field(1.0, ge=0, description="Between two videos; up to as much again is added")
    asr_model: str = Field("", description="Folder of a faster-whisper model that hears recordings without captions")
    count_missed_searches: bool = Field(False, description="Count searches that found nothing, without who asked")
    allow_public: bool = Field(False, description="Serve on a public address although no keys are required")
    api_keys_required: bool = Field(
        False, description="Every request needs a key; else anybody may read public courses"
    )
    private_courses: str = Field("", description="Slugs by comma that only keys may read")
    signin_hours: float = Field(12, gt=0, le=720, description="How long a person stays signed in")
    signin_grants: str = Field(
        "", description="What groups may read: `GROUP -> COURSE …; staff -> * +admin; * -> COURSE`"
    )
    oidc_issuer: str = Field("", description="OpenID provider that people sign in with, by its https address")
    oidc_client_id: str = Field("", description="The name of this service there")
    oidc_client_secret: str = Field("", description="Its secret there", repr=False)
    oidc_scopes: str = Field("openid profile email", description="What the provider is asked for")
    oidc_groups_claim: str = Field("groups", description="Claim with a person's groups; dots lead into it")
    proxy_networks: str = Field("", description="Addresses of proxies by comma whose word on who asks is taken")
    proxy_user_header: str = Field("X-Forwarded-User", description="Header in which they name the person")
    proxy_groups_header: str = Field("X-Forwarded-Groups", description="Header in which they name its groups, by comma")
    lti_file: str = Field("", description="YAML file of the learning platforms that sign people in (LTI 1.3)")
    searches_per_minute: int = Field(6_000, ge=1, description="For each key or address; more are answered 429")
    answers_per_minute: int = Field(600, ge=1, description="For each key or address; more are answered 429")
    frame_ancestors: str = Field("", description="Sites by comma that may show the pages in a frame; empty: none")
    allowed_origins: str = Field("", description="Origins by comma whose pages may ask the API from a browser")
    allowed_hosts: str = Field(
        "127.0.0.1:*,localhost:*,[::1]:*", description="Host headers by comma that are believed and /mcp answers to"
    )
    public_url: str = Field("", description="Where the service is reached; empty: the address that was asked")
    llm_url: str = Field("", description="OpenAI-compatible endpoint that writes answers; empty: quotes only")
    llm_model: str = Field("", description="The model's name there")
    llm_key: str = Field("", description="The key of that endpoint", repr=False)
    llm_deadline_seconds: float = Field(20.0, gt=0, description="After this the quoted answer is given")
    llm_first_token_seconds: float = Field(8.0, gt=0, description="The model must have begun by then")
    llm_concurrent: int = Field(4, ge=1, description="Questions to the model at once; others are answered with quotes")
    llm_per_day: int = Field(1000, ge=0, description="Calls to the model a day (UTC)")
    llm_ingest: bool = Field(
        False, description="The model writes questions that passages answer, to find them by; half of the calls a day"
    )
    llm_drop_uncited: bool = Field(False, description="Leave out sentences of the model that cite nothing")

    @field_validator("data_dir", mode="before")
    @classmethod
    def _names_a_folder(cls, value: object) -> object:
        if isinstance(value, str) and not value.strip():
            raise ValueError("an empty name would be the folder of the day; name the data folder, or leave it out")
        return value

    @model_validator(mode="after")
    def _names_a_whole_model(self) -> Settings:
        if bool(self.llm_url) != bool(self.llm_model):
            given, missing = ("LLM_URL", "LLM_MODEL") if self.llm_url else ("LLM_MODEL", "LLM_URL")
            raise ValueError(f"LECTURES_{given} is set and LECTURES_{missing} is not; a language model needs both")
        if self.llm_ingest and not self.llm_url:
            raise ValueError(
                "LECTURES_LLM_INGEST is set and LECTURES_LLM_URL and LECTURES_LLM_MODEL are not; set them too"
            )
        return self

    @model_validator(mode="after")
    def _has_a_first_opinion(self) -> Settings:
        if not self.encoder:
            return self
        if self.encoder == "builtin" and (self.embedder == "none" or self.search):
            self.encoder = ""  # the one that comes with the program is there where it can be
            return self
        if self.encoder and self.embedder == "none":
            raise ValueError(
                "LECTURES_ENCODER is a second opinion beside an embedder, and LECTURES_EMBEDDER is none; set that to "
                "`builtin`"
            )
        if self.encoder and self.search:
            raise ValueError(
                "LECTURES_ENCODER is set, and LECTURES_SEARCH has nodes search, which have none; leave one of them out"
            )
        return self

    @model_validator(mode="after")
    def _has_what_nodes_need(self) -> Settings:
        if not self.search:
            return self
        try:
            read_address(self.search)
        except InvalidRequest as error:
            raise ValueError(f"LECTURES_SEARCH: {str(error).removesuffix('.')}") from error
        if not self.storage_url:
            raise ValueError(
                "LECTURES_SEARCH is set and LECTURES_STORAGE_URL is not; the nodes fetch the index from a storage"
            )
        return self

    @model_validator(mode="after")
    def _says_what_people_may(self) -> Settings:
        if (self.oidc_issuer or self.proxy_networks) and not self.signin_grants:
            raise ValueError(
                "LECTURES_SIGNIN_GRANTS is empty: nobody who signs in could read anything; set it, for instance to "
                "`students -> SLUG; staff -> *`"
            )
        if bool(self.oidc_issuer) != bool(self.oidc_client_id):
            raise ValueError("LECTURES_OIDC_ISSUER and LECTURES_OIDC_CLIENT_ID are of no use without each other")
        return self

    @property
    def storage_cache_bytes(self) -> int:
        return int(self.storage_cache_gigabytes * (1 << 30))

    @property
    def resolved_database_url(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir.absolute() / 'lectures.db'}"


def listed(value: str) -> list[str]:
    """The items of a setting that holds several by comma."""
    return [item.strip() for item in value.split(",") if item.strip()]


def unknown_variables(environment: Iterable[str]) -> list[str]:
    """Variables that look like settings and are none: most often a slip of one."""
    known = {f"{_PREFIX}{name}".upper() for name in Settings.model_fields} | _OTHERS
    return sorted(name for name in environment if name.upper().startswith(_PREFIX) and name.upper() not in known)


def read_settings(**instead: str) -> Settings:
    """Settings from the environment and `.env`, some `instead` of those; InvalidRequest names the one that is wrong."""
    written = dotenv_values(".env", interpolate=False)
    for name in unknown_variables({*os.environ, *written}):
        near = get_close_matches(name[len(_PREFIX) :].lower(), list(Settings.model_fields), 1, 0.75)
        meant = f" (is {_PREFIX}{near[0].upper()} meant?)" if near else ""
        _log.warning("%s is no setting of this program%s; `lectures` does without it.", name, meant)
    try:
        return Settings(**instead)  # type: ignore[arg-type]  # checked as what the environment says
    except ValidationError as error:
        first = error.errors()[0]
        said = first["msg"].removeprefix("Value error, ")
        if not first["loc"]:
            raise InvalidRequest(f"{said}.") from error
        name = "LECTURES_" + "_".join(str(part) for part in first["loc"]).upper()
        raise InvalidRequest(f"{name} is {first['input']!r:.100}: {said}.") from error
