"""Tables of `accounts`: who is it, and how are they doing?"""

from accounts.models.account import Account, AccountDomain, AccountNetwork
from accounts.models.api_key import ApiKey
from accounts.models.audit import AuditEntry
from accounts.models.catalogue import Metric, Product
from accounts.models.correction import Correction
from accounts.models.developer import Developer, Identity, WaitingJoin
from accounts.models.login import LoginAttempts
from accounts.models.score import (
    AccountScore,
    DeveloperScore,
    ScoreModel,
    ScoreSnapshot,
    TouchedDeveloper,
)
from accounts.models.usage import DailyUsage, WorkspaceUsage
from accounts.models.workspace import Membership, Role, User, Workspace

__all__ = [
    "Account",
    "AccountDomain",
    "AccountNetwork",
    "AccountScore",
    "ApiKey",
    "AuditEntry",
    "Correction",
    "DailyUsage",
    "Developer",
    "DeveloperScore",
    "Identity",
    "LoginAttempts",
    "Membership",
    "Metric",
    "Product",
    "Role",
    "ScoreModel",
    "ScoreSnapshot",
    "TouchedDeveloper",
    "User",
    "WaitingJoin",
    "Workspace",
    "WorkspaceUsage",
]
