"""What can go wrong with the registration of listeners.

NotFound
└── ListenerNotFound  no such listener, or not the caller's
Conflict
├── ListenerExists    the caller has this very listener
└── TooManyListeners  the caller has as many as a client may have
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
