"""The errors of audit records.

NotFound
└── AuditRecordNotFound  the audit record does not exist, or is not the caller's
"""

from canonical.shared.errors import NotFound


class AuditRecordNotFound(NotFound):
    code = "AUDIT_RECORD_NOT_FOUND"
