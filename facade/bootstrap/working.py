"""The application of one work process: it carries out processes, and serves health and metrics only."""

from facade.bootstrap.processes import assembled
from facade.health import Role
from facade.web.correlation import Correlation


def application() -> Correlation:
    """Its settings come from the environment. Raises SettingError."""
    return assembled(Role.WORK).application([])
