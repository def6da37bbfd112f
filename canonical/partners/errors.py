"""The errors of partner profiles.

NotFound
└── ProfileNotFound      the client has no such version, or no profile
Conflict
├── ActivationPending    another version of the client becomes active at a later time
└── ProfilesChanged      the versions of the client are not those that the caller saw
"""

from canonical.shared.errors import Conflict, NotFound


class ProfileNotFound(NotFound):
    """`details`: client or id."""

    code = "PROFILE_NOT_FOUND"


class ActivationPending(Conflict):
    """`details`: number, effectiveAt."""

    code = "PROFILE_ACTIVATION_PENDING"


class ProfilesChanged(Conflict):
    code = "PROFILES_CHANGED"
