"""What goes wrong with the warehouse. Each message is for people and says what to do."""


class WarehouseError(Exception):
    """The warehouse cannot do what it was asked for."""


class WarehouseInUse(WarehouseError):
    """Another process owns the file."""


class FeedAway(WarehouseError):
    """The feed gives no usable answer now. It may be asked again."""


class NotAllowed(WarehouseError):
    """The client of the warehouse lacks a scope."""


class QuestionRefused(WarehouseError):
    """A query is wrong, is no query, or takes too much."""
