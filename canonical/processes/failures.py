"""What ended a process without success, as its subject keeps it."""

from canonical.processes.progress import Progress
from canonical.shared.errors import CanonicalError
from canonical.shared.failure import Failure


def failure_of(progress: Progress, error: CanonicalError) -> Failure:
    return Failure(
        code=error.code,
        message=error.message,
        step=(progress.refusal or {})["step"],
        details=dict(error.details),
        undone=progress.undone,
        not_undone=progress.not_undone,
    )
