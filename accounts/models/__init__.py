"""Tables of `accounts`: who is it, and how are they doing?"""

from accounts.models.access_token import AccessToken
from accounts.models.account import Account, AccountDomain, AccountNetwork
from accounts.models.api_key import ApiKey
from accounts.models.app_id import AppId
from accounts.models.application import (
    Application,
    EventDefinition,
    ProvisionedUser,
)
from accounts.models.audit import AuditEntry
from accounts.models.catalogue import Metric, Product
from accounts.models.correction import Correction
from accounts.models.developer import Developer, Identity, WaitingJoin
from accounts.models.license import Activation, License, ProductVersion
from accounts.models.lists import CuratedList, ListEntry, Note, Tag, TagMark
from accounts.models.login import LoginAttempts
from accounts.models.palette import Hue
from accounts.models.score import (
    AccountScore,
    DeveloperScore,
    ScoreModel,
    ScoreSnapshot,
    TouchedDeveloper,
)
from accounts.models.subject import Subject
from accounts.models.usage import DailyUsage, WorkspaceUsage
from accounts.models.workspace import Membership, Role, User, Workspace

__all__ = [
    "AccessToken",
    "Account",
    "AccountDomain",
    "AccountNetwork",
    "AccountScore",
    "Activation",
    "ApiKey",
    "AppId",
    "Application",
    "AuditEntry",
    "Correction",
    "CuratedList",
    "DailyUsage",
    "Developer",
    "DeveloperScore",
    "EventDefinition",
    "Hue",
    "Identity",
    "License",
    "ListEntry",
    "LoginAttempts",
    "Membership",
    "Metric",
    "Note",
    "Product",
    "ProductVersion",
    "ProvisionedUser",
    "Role",
    "ScoreModel",
    "ScoreSnapshot",
    "Subject",
    "Tag",
    "TagMark",
    "TouchedDeveloper",
    "User",
    "WaitingJoin",
    "Workspace",
    "WorkspaceUsage",
]
