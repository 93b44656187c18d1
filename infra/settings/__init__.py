"""Settings of all programs: from arguments, the environment (``TEND_…``) and a TOML file, in this order of strength."""

from infra.settings.settings import PREFIX, RENAMED, Settings, load_settings, settings_tables, unknown_variables

__all__ = ["PREFIX", "RENAMED", "Settings", "load_settings", "settings_tables", "unknown_variables"]
