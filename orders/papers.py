from datetime import datetime


def issue_documents(*, at: datetime) -> int:
    """AFTER is writing this."""
    return 0
