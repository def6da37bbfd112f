"""What DBOS keeps of workflows that have ended. DBOS 3.4 keeps it for ever; it deletes those it is told to."""

from datetime import datetime, timedelta

from dbos import DBOS

AFTER_SECONDS = 60.0
"""A continuation that has done its part is of no use any more: what it came to is on record with the process. It stays
so long for whoever is about to begin it once more; who does so later begins a run without a turn.
"""

OVER = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]


class FinishedWorkflows:
    """Forgets continuations on `queue` soon, as a process that waits makes one for each try, and everything else after
    `keep_seconds`.
    """

    def __init__(self, queue: str, keep_seconds: float) -> None:
        self._queue = queue
        self._keep = timedelta(seconds=keep_seconds)
        self._done_until: str | None = None

    def forget(self, now: datetime, limit: int = 500) -> None:
        """Delete at most `limit` of both kinds, which keeps the time short that others wait for the database."""
        border = (now - timedelta(seconds=AFTER_SECONDS)).isoformat()
        done = DBOS.list_workflows(
            status="SUCCESS",
            queue_name=self._queue,
            completed_after=self._done_until,
            completed_before=border,
            limit=limit,
            load_input=False,
            load_output=False,
        )
        if len(done) < limit:
            self._done_until = border
        long_ago = (now - self._keep).isoformat()
        # What was over by then had begun by then, which DBOS has in the order of its list: it reads no others.
        old = DBOS.list_workflows(
            status=OVER,
            completed_before=long_ago,
            end_time=long_ago,
            limit=limit,
            load_input=False,
            load_output=False,
        )
        found = {workflow.workflow_id for workflow in (*done, *old)}
        if found:
            DBOS.delete_workflows(sorted(found))
