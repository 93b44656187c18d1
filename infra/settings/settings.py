"""Settings from the environment (``TEND_…``) and, below it, from a TOML file: typed, bounded, documented in one table.

Nothing is read at import. Secrets are held as ``SecretStr`` and never printed, in errors neither.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from infra.settings.doors import ConsoleSettings, GatewaySettings
from infra.settings.engine import InstallationSettings, LearningSettings, LogSettings, WorkerSettings
from infra.settings.senders import SenderSettings
from infra.settings.servers import EmbeddedSettings, KafkaSettings, RedisSettings
from infra.settings.text import problem_in_words, table_of, unknown_names
from schemas.errors import TendError

PREFIX = "TEND_"
_CONFIG_VARIABLE = "TEND_CONFIG"
RENAMED: Final = {"TEND_MARKS": "TEND_WATERMARKS"}
"""Variables that have another name now: an old one that is ignored would change what a worker does."""
_DEFAULT_FILE = Path("tend.toml")


class Settings(
    KafkaSettings,
    RedisSettings,
    EmbeddedSettings,
    InstallationSettings,
    LearningSettings,
    WorkerSettings,
    ConsoleSettings,
    GatewaySettings,
    SenderSettings,
    LogSettings,
    BaseSettings,
):
    """What a program of tend can be told. ``load_settings`` makes one; ``settings_tables`` lists the fields."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", validate_default=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, the environment over the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, _settings_file())


def _settings_file() -> Path | None:
    named = os.environ.get(_CONFIG_VARIABLE)
    if named:
        return Path(named)
    return _DEFAULT_FILE if _DEFAULT_FILE.is_file() else None


def load_settings(overrides: Mapping[str, Any] | None = None) -> Settings:
    """The settings from arguments, environment and file, in this order of strength.

    Raises:
        TendError: a value is wrong; the message names the variable, what was expected and what to do.
    """
    for old, new in RENAMED.items():
        if old in os.environ:
            raise TendError(f"{old} is now called {new}. Set {new} to the same value and unset {old}.")
    file = _settings_file()
    if file is not None and not file.is_file():
        raise TendError(f"{_CONFIG_VARIABLE} names {file}, which is no file. Correct the path or unset the variable.")
    try:
        return Settings(**dict(overrides or {}))
    except ValidationError as error:
        raise TendError(_in_words(error)) from None
    except ValueError as error:  # TOML that cannot be parsed
        raise TendError(f"{file}: {error}. Expected TOML such as `partitions = 8`.") from None


def _in_words(error: ValidationError) -> str:
    problems = [problem_in_words(problem, Settings.model_fields, PREFIX) for problem in error.errors()]
    return "Wrong settings:\n" + "\n".join(f"  {problem}" for problem in problems)


def unknown_variables() -> list[str]:
    """Variables of the environment that look like settings and are none, each with the nearest name there is."""
    names = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    return unknown_names([name for name in os.environ if name.startswith(PREFIX)], [*names, _CONFIG_VARIABLE])


def settings_tables() -> str:
    """All settings as Markdown: a heading for each section, and a table of variable, default, allowed and meaning."""
    sections = (one for one in Settings.__bases__ if issubclass(one, BaseModel) and one is not BaseSettings)
    return "\n".join(
        f"## {(section.__doc__ or '').rstrip('.')}\n\n{table_of(section.model_fields, PREFIX)}" for section in sections
    )
