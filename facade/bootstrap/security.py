"""Whose tokens count, by the settings."""

from facade.security.development_server import DevelopmentServer
from facade.security.settings import SecuritySettings
from facade.settings import Settings


def security_settings(settings: Settings) -> SecuritySettings:
    return SecuritySettings(
        mode=settings.mode,
        issuer=settings.token_issuer,
        audience=settings.token_audience,
        jwks_url=settings.jwks_url or None,
        state_dir=settings.state_dir,
    )


def development_token(settings: Settings, client: str, scope: str | None) -> str:
    """A token of a development client. Raises ValueError for an unknown one, ConfigurationError in production."""
    return DevelopmentServer(security_settings(settings)).issue_token(client, scope)
