"""Every setting of the server, read from the environment and checked at once."""

import difflib
import os
import pwd
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from annotated_types import Ge, Le
from pydantic import BeforeValidator, Field, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "PARLANCE_"
CHECKOUT = Path(__file__).resolve().parent.parent
# Read elsewhere (tests, benchmarks), so not unknown.
_READ_ELSEWHERE = {
    "PARLANCE_DATASETS",
    "PARLANCE_DEV_API",
    "PARLANCE_KEY",
    "PARLANCE_OTHER_PYTHON",
    "PARLANCE_REFRESH_GOLDENS",
    "PARLANCE_SHOW_MESSAGES",
    "PARLANCE_SHOW_SESSIONS",
    "PARLANCE_TEST_POSTGRES",
}
"""Read by commands, tests and benchmarks; no settings of the server."""


class SettingsFailure(Exception):
    """One readable line for each wrong setting."""

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(problem)
        self.remedy = remedy


def _split(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Megabytes = 1024 * 1024


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True, env_ignore_empty=True)

    host: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 for every network.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    public_url: str = Field(
        "",
        description="Address that people use when a proxy stands before the server; used in links.",
    )
    trusted_proxies: Names = Field(
        ("127.0.0.1",),
        description="Proxies, by commas, whose X-Forwarded-For and X-Forwarded-Proto are believed.",
    )
    cors_origins: Names = Field(
        (), description="Web origins that may call the API from a browser, by commas; none by default."
    )

    database_url: str = Field(
        "",
        validation_alias="DATABASE_URL",
        repr=False,
        description="Your own Postgres (15 to 18), as the role that owns nothing; empty: the embedded one.",
    )
    migrate_url: str = Field(
        "",
        repr=False,
        description="The same database as the role that owns the tables; needed for migrations only.",
    )
    data: Path = Field(
        default_factory=lambda: default_data_folder(),
        description="Folder of the embedded database and of files made by the server (exports).",
    )
    key_file: Path = Field(
        default_factory=lambda: default_key_file(),
        description="File of the master key that encrypts secrets and exports; made at the first start.",
    )
    web_folder: Path = Field(CHECKOUT / "web" / "dist", description="Folder of the built pages of the dashboard.")
    pool_size: int = Field(10, ge=2, le=200, description="Database connections of one server process.")
    statement_timeout_ms: int = Field(
        5_000, ge=100, le=600_000, description="Longest time one statement of a question may take."
    )
    operation_timeout_ms: int = Field(
        10_000, ge=100, le=600_000, description="Longest time one request to /graphql may take."
    )

    columns: bool = Field(True, description="Answer figures from columnar copies in memory where that is quicker.")
    columns_megabytes: int = Field(
        2_048, ge=64, le=1_048_576, description="Memory that the columnar copies of all workspaces may take together."
    )
    columns_threads: int = Field(2, ge=1, le=64, description="Cores that one question to a columnar copy may use.")

    results_megabytes: int = Field(
        64,
        ge=0,
        le=65_536,
        description="Memory for figures that are told again within their second while nothing has changed; 0: none.",
    )

    demo: bool = Field(True, description="Make a demo workspace when the database is empty.")
    demo_key: str = Field(
        "", repr=False, description="Admin key of the demo workspace; empty: a random one, printed once."
    )
    worker_embedded: bool = Field(True, description="Run background jobs in the server process.")

    detect_languages: bool = Field(
        True, description="Tell the language of sessions from what visitors write, where the bot sends none."
    )

    ingest_body_limit_bytes: int = Field(
        16 * Megabytes, ge=1_024, description="Largest body of /v1/events, after decompression."
    )
    graphql_body_limit_bytes: int = Field(262_144, ge=1_024, description="Largest body of /graphql.")
    country_header: str = Field(
        "",
        description="Header in which a proxy names the visitor's country, such as CF-IPCountry.",
    )
    geoip_database: Path | None = Field(
        None,
        description="MaxMind file (mmdb) that finds the country of an address, which is not kept.",
    )

    key_points_per_second: int = Field(
        10_000, ge=1, le=10_000_000, description="Cost points that a key earns each second; ten seconds may be saved."
    )
    workspace_points_per_second: int = Field(
        20_000, ge=1, le=10_000_000, description="The same for all keys of a workspace together."
    )
    trusted_documents: Path | None = Field(
        None,
        description="JSON file of the only GraphQL documents that may run; empty: any document may.",
    )

    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least grave line logged.")
    log_format: Literal["auto", "text", "json"] = Field(
        "auto", description="Form of a log line; auto: text on a terminal, else JSON."
    )

    @field_validator("database_url", "migrate_url")
    @classmethod
    def _is_postgres(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in ("postgres", "postgresql", "postgresql+asyncpg"):
            raise ValueError("must begin with postgresql://")
        return f"postgresql://{value.split('://', 1)[1]}" if value else ""

    @field_validator("public_url")
    @classmethod
    def _is_web_address(cls, value: str) -> str:
        if value and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).netloc):
            raise ValueError("must be an address such as https://parlance.example.org")
        return value.rstrip("/")

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            parts = urlsplit(origin)
            if parts.scheme not in ("http", "https") or not parts.netloc or parts.path or parts.query:
                raise ValueError(f"{origin!r} is not an origin such as https://chat.example.org")
        return value

    @field_validator("geoip_database", "trusted_documents")
    @classmethod
    def _is_there(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError("there is no such file")
        return value

    @field_validator("data", "key_file")
    @classmethod
    def _is_absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @property
    def logs_as_json(self) -> bool:
        return self.log_format == "json" or (self.log_format == "auto" and not sys.stderr.isatty())

    @property
    def uses_embedded_postgres(self) -> bool:
        return not self.database_url and not self.migrate_url


@dataclass(frozen=True)
class SettingLine:
    variable: str
    value: str
    default: str
    description: str


def read_settings(**changes: Any) -> Settings:
    """`changes` stand above the environment. Raises SettingsFailure with every problem at once."""
    try:
        return Settings(**changes)
    except ValidationError as error:
        raise SettingsFailure("\n".join(_problem_lines(error))) from None


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """A misspelt setting would else be passed over in silence."""
    return [_unknown(name, _known_variables()) for name in unknown_names(environment)]


def unknown_names(environment: Mapping[str, str]) -> list[str]:
    return sorted(name for name in environment if name.startswith(PREFIX) and name not in _known_variables())


def _known_variables() -> set[str]:
    return {variable_name(name, field) for name, field in Settings.model_fields.items()} | _READ_ELSEWHERE


def setting_lines(settings: Settings) -> Iterable[SettingLine]:
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        shown = "(set)" if value and not field.repr else _show(value)
        yield SettingLine(variable_name(name, field), shown, _default(name, field), field.description or "")


def variable_name(name: str, field: FieldInfo) -> str:
    return field.validation_alias if isinstance(field.validation_alias, str) else PREFIX + name.upper()


def default_data_folder() -> Path:
    """Root keeps it where services keep theirs; a plain user in the home folder."""
    if os.geteuid() == 0:
        return Path("/var/lib/parlance")
    return _own_folder("XDG_DATA_HOME", ".local/share") / "parlance"


def default_key_file() -> Path:
    """Outside the data folder, so that a copy of the one does not carry the other."""
    if os.geteuid() == 0:
        return Path("/etc/parlance/master.key")
    return _own_folder("XDG_CONFIG_HOME", ".config") / "parlance" / "master.key"


def _own_folder(variable: str, below_home: str) -> Path:
    if os.environ.get(variable):
        return Path(os.environ[variable])
    home = _home()
    if home is not None:
        return home / below_home
    if os.access(CHECKOUT, os.W_OK):
        return CHECKOUT / ".parlance" / below_home.rsplit("/")[-1].lstrip(".")
    raise SettingsFailure(
        "this user has no home folder to keep data and key in",
        "set PARLANCE_DATA to a folder, and PARLANCE_KEY_FILE to a file outside it",
    )


def _home() -> Path | None:
    candidates = [os.environ.get("HOME", "")]
    with suppress(KeyError):  # containers like to run under a number without a name
        candidates.append(pwd.getpwuid(os.geteuid()).pw_dir)
    for candidate in candidates:
        if candidate and Path(candidate).is_dir() and os.access(candidate, os.W_OK):
            return Path(candidate)
    return None


def _problem_lines(error: ValidationError) -> Iterable[str]:
    for problem in error.errors(include_url=False):
        name = _field_name(str(problem["loc"][0])) if problem["loc"] else ""
        field = Settings.model_fields.get(name)
        variable = variable_name(name, field) if field else name
        secret = field is not None and not field.repr
        given = "the value given" if secret else repr(problem["input"])
        yield f"{variable}: {given} is refused: {_reason(problem['msg'], field)}"


def _field_name(location: str) -> str:
    """A field with a name of its own in the environment is reported under that name."""
    names = {field.validation_alias: name for name, field in Settings.model_fields.items()}
    return names.get(location, location)


def _reason(message: str, field: FieldInfo | None) -> str:
    if field is None:
        return message
    if field.annotation is bool:
        return "must be on or off"
    if field.annotation is not int:
        return message.removeprefix("Value error, ").replace("Input should", "must")
    least = next((rule.ge for rule in field.metadata if isinstance(rule, Ge)), None)
    most = next((rule.le for rule in field.metadata if isinstance(rule, Le)), None)
    return f"must be a whole number from {least}" + (f" to {most}" if most is not None else "")


def _unknown(name: str, known: set[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"{name} is no setting of Parlance" + (f"; did you mean {near[0]}?" if near else "")


def _default(name: str, field: FieldInfo) -> str:
    if name == "data":
        return "/var/lib/parlance for root, else ~/.local/share/parlance"
    if name == "web_folder":
        return "web/dist"
    if name == "key_file":
        return "/etc/parlance/master.key for root, else ~/.config/parlance/master.key"
    return _show(field.default)


def _show(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return ",".join(value)
    return "" if value is None else str(value)
