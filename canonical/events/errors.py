"""The errors of the stream.

NotFound
└── EventNotFound  there is no event with this id
"""

from canonical.shared.errors import NotFound


class EventNotFound(NotFound):
    code = "EVENT_NOT_FOUND"
