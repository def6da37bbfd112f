"""The errors of listeners.

NotFound
└── ListenerNotFound  the listener does not exist, or is not the caller's
Conflict
├── ListenerExists    the caller has this listener already
└── TooManyListeners  the caller has the most listeners that a client may have
"""

from canonical.shared.errors import Conflict, NotFound


class ListenerNotFound(NotFound):
    code = "LISTENER_NOT_FOUND"


class ListenerExists(Conflict):
    """`details`: listenerId, of the one that is there."""

    code = "LISTENER_EXISTS"


class TooManyListeners(Conflict):
    """`details`: most."""

    code = "TOO_MANY_LISTENERS"
