"""The environment (`LECTURES_*`) → Settings. Built at the edges: app, CLI, migrations."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from index.errors import InvalidRequest


class Settings(BaseSettings):
    """Every setting, with its default; the README describes each."""

    model_config = SettingsConfigDict(env_prefix="LECTURES_", env_file=".env", extra="ignore")

    data_dir: Path = Field(Path("lectures-data"), description="Folder for the database, original files and the index")
    database_url: str = Field("", description="SQLite or PostgreSQL address; empty: SQLite in the data folder")
    embedder: str = Field(
        "builtin", description="`builtin`, `none`, or a sentence-transformers model by name or folder"
    )
    reranker: str = Field("", description="A cross-encoder by name or folder that reorders the best hits; empty: none")
    reranker_deadline_ms: int = Field(300, ge=1, description="What the reranker has not judged by then keeps its place")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="What is logged")
    log_queries: bool = Field(False, description="Write full questions into the log")
    max_concurrent_searches: int = Field(
        32, ge=1, description="Searches at once; more are answered 503 with Retry-After"
    )
    allow_public: bool = Field(False, description="Serve on a public address although nothing asks for keys yet")

    @property
    def resolved_database_url(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir.absolute() / 'lectures.db'}"


def read_settings() -> Settings:
    """Settings from the environment and `.env`; InvalidRequest names the one that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "LECTURES_" + "_".join(str(part) for part in first["loc"]).upper()
        raise InvalidRequest(f"{name} is {first['input']!r:.100}: {first['msg']}.") from error
