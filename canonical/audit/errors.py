"""What can go wrong with audit records.

NotFound
└── AuditRecordNotFound  no such audit record, or not the caller's
"""

from canonical.shared.errors import NotFound


class AuditRecordNotFound(NotFound):
    code = "AUDIT_RECORD_NOT_FOUND"
