"""Tables of `accounts`: who is it, and how are they doing?"""

from accounts.models.access_token import AccessToken
from accounts.models.account import Account, AccountDomain, AccountNetwork
from accounts.models.account_field import AccountField
from accounts.models.alert import (
    Alert,
    AlertSettings,
    Delivery,
    DeliveryAttempt,
    Follow,
    Happening,
    HappeningKind,
    Watch,
    Webhook,
)
from accounts.models.api_key import ApiKey
from accounts.models.app_id import AppId
from accounts.models.application import (
    Application,
    EventDefinition,
    ProvisionedUser,
)
from accounts.models.audit import AuditEntry
from accounts.models.care import (
    Erasure,
    FlaggedRecord,
    OptOut,
    RemovedWorkspace,
)
from accounts.models.catalogue import Metric, Product
from accounts.models.correction import Correction
from accounts.models.developer import Developer, Identity, WaitingJoin
from accounts.models.enrichment import EnrichedAccount, EnrichmentState
from accounts.models.fit import Fit, FitModel
from accounts.models.license import Activation, License, ProductVersion
from accounts.models.lists import CuratedList, ListEntry, Note, Tag, TagMark
from accounts.models.login import LoginAttempts
from accounts.models.palette import Hue
from accounts.models.red_flag import CompanySign, RedFlag
from accounts.models.score import (
    AccountScore,
    DeveloperScore,
    ScoreModel,
    ScoreRun,
    ScoreSnapshot,
    TouchedDeveloper,
)
from accounts.models.segment import (
    Segment,
    SegmentMark,
    SegmentMember,
    SegmentRule,
    SegmentSize,
)
from accounts.models.stage import (
    Rescored,
    Stage,
    StageDay,
    StageEntry,
    StageRule,
)
from accounts.models.subject import Subject
from accounts.models.today import TodayMark
from accounts.models.usage import DailyUsage, WorkspaceUsage
from accounts.models.version import (
    VersionCount,
    VersionsChanged,
    VersionSeen,
    VersionTotal,
)
from accounts.models.workspace import Membership, Role, User, Workspace

__all__ = [
    "AccessToken",
    "Account",
    "AccountDomain",
    "AccountField",
    "AccountNetwork",
    "AccountScore",
    "Activation",
    "Alert",
    "AlertSettings",
    "ApiKey",
    "AppId",
    "Application",
    "AuditEntry",
    "CompanySign",
    "Correction",
    "CuratedList",
    "DailyUsage",
    "Delivery",
    "DeliveryAttempt",
    "Developer",
    "DeveloperScore",
    "EnrichedAccount",
    "EnrichmentState",
    "Erasure",
    "EventDefinition",
    "Fit",
    "FitModel",
    "FlaggedRecord",
    "Follow",
    "Happening",
    "HappeningKind",
    "Hue",
    "Identity",
    "License",
    "ListEntry",
    "LoginAttempts",
    "Membership",
    "Metric",
    "Note",
    "OptOut",
    "Product",
    "ProductVersion",
    "ProvisionedUser",
    "RedFlag",
    "RemovedWorkspace",
    "Rescored",
    "Role",
    "ScoreModel",
    "ScoreRun",
    "ScoreSnapshot",
    "Segment",
    "SegmentMark",
    "SegmentMember",
    "SegmentRule",
    "SegmentSize",
    "Stage",
    "StageDay",
    "StageEntry",
    "StageRule",
    "Subject",
    "Tag",
    "TagMark",
    "TodayMark",
    "TouchedDeveloper",
    "User",
    "VersionCount",
    "VersionSeen",
    "VersionTotal",
    "VersionsChanged",
    "WaitingJoin",
    "Watch",
    "Webhook",
    "Workspace",
    "WorkspaceUsage",
]
