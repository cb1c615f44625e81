"""Addresses of the pages; everything of a workspace lies below `/w/<slug>/`."""

from django.urls import path, register_converter

from dashboards.views import (
    account_fields,
    actions,
    alerts,
    care,
    curated,
    doctor,
    exports,
    fit,
    pages,
    red_flags,
    scoring,
    segments,
    stages,
    today,
    versions,
)

app_name = "dashboards"


class SubjectConverter:
    """`account` or `developer`, in addresses that serve both."""

    regex = "account|developer"

    def to_python(self, value: str) -> str:
        """Take it as it stands."""
        return value

    def to_url(self, value: str) -> str:
        """Write it as it stands."""
        return value


class FollowableConverter(SubjectConverter):
    """What can be followed: an account, a developer or a segment."""

    regex = "account|developer|segment"


register_converter(SubjectConverter, "subject")
register_converter(FollowableConverter, "followable")
SAID = "w/<slug:slug>/<subject:subject>/<int:pk>"

urlpatterns = [
    path("", pages.home, name="home"),
    path("w/<slug:slug>/", pages.workspace_home, name="workspace"),
    path("w/<slug:slug>/today/", today.page, name="today"),
    path("w/<slug:slug>/today/<int:pk>/", today.mark, name="today-mark"),
    path("w/<slug:slug>/overview/", pages.overview, name="overview"),
    path("w/<slug:slug>/accounts/", pages.accounts, name="accounts"),
    path("w/<slug:slug>/accounts/<int:pk>/", pages.account, name="account"),
    path(
        "w/<slug:slug>/accounts/<int:pk>/edit/",
        account_fields.edit,
        name="account-edit",
    ),
    path(
        "w/<slug:slug>/accounts/<int:pk>/stage/",
        stages.set_account,
        name="account-stage",
    ),
    path(
        "w/<slug:slug>/accounts/<int:pk>/stage/release/",
        stages.release_account,
        name="account-stage-release",
    ),
    path(
        "w/<slug:slug>/developers/<int:pk>/stage/",
        stages.set_developer,
        name="developer-stage",
    ),
    path(
        "w/<slug:slug>/developers/<int:pk>/stage/release/",
        stages.release_developer,
        name="developer-stage-release",
    ),
    path("w/<slug:slug>/developers/", pages.developers, name="developers"),
    path("w/<slug:slug>/developers/<int:pk>/", pages.developer, name="developer"),
    path("w/<slug:slug>/developers/<int:pk>/move/", actions.move, name="move"),
    path("w/<slug:slug>/developers/<int:pk>/merge/", actions.merge, name="merge"),
    path("w/<slug:slug>/identities/<int:pk>/split/", actions.split, name="split"),
    path("w/<slug:slug>/corrections/<int:pk>/undo/", actions.undo, name="undo"),
    path("w/<slug:slug>/developers/<int:pk>/erase/", care.erase, name="erase"),
    path(
        "w/<slug:slug>/developers/<int:pk>/export/",
        care.export,
        name="export-developer",
    ),
    path("w/<slug:slug>/flag/", care.flag, name="flag"),
    path("w/<slug:slug>/red-flags/", red_flags.page, name="red-flags"),
    path(
        "w/<slug:slug>/red-flags/<int:pk>/resolve/",
        red_flags.resolve,
        name="red-flag-resolve",
    ),
    path(
        "w/<slug:slug>/red-flags/<int:pk>/reopen/",
        red_flags.reopen,
        name="red-flag-reopen",
    ),
    path("w/<slug:slug>/versions/", versions.radar, name="versions"),
    path("w/<slug:slug>/versions/<int:pk>/", versions.product, name="product-versions"),
    path(
        "w/<slug:slug>/versions/<int:pk>/accounts.csv",
        versions.export,
        name="version-export",
    ),
    path("w/<slug:slug>/signals/", pages.signals, name="signals"),
    path("w/<slug:slug>/licences/", pages.licences, name="licences"),
    path("w/<slug:slug>/licences/<int:pk>/", pages.licence, name="licence"),
    path("w/<slug:slug>/adoption/", pages.adoption, name="adoption"),
    path(
        "w/<slug:slug>/adoption/never.csv",
        pages.adoption_export,
        name="adoption-export",
    ),
    path("w/<slug:slug>/fit/", fit.page, name="fit"),
    path("w/<slug:slug>/funnel/", stages.funnel, name="funnel"),
    path("w/<slug:slug>/scoring/", scoring.page, name="scoring"),
    path("w/<slug:slug>/ingestion/", pages.ingestion, name="ingestion"),
    path("w/<slug:slug>/doctor/", doctor.page, name="doctor"),
    path("w/<slug:slug>/exports/", exports.exports, name="exports"),
    path("w/<slug:slug>/exports/<int:pk>/", exports.job, name="export-job"),
    path("w/<slug:slug>/exports/<int:pk>/file/", exports.file, name="export-file"),
    path(
        "w/<slug:slug>/exports/<int:pk>/remove/", exports.delete, name="export-delete"
    ),
    path("w/<slug:slug>/exports/<slug:source>/", exports.start, name="export"),
    path("w/<slug:slug>/ingestion/replay/", actions.replay, name="replay"),
    path("w/<slug:slug>/ingestion/discard/", actions.discard, name="discard"),
    path("w/<slug:slug>/segments/", segments.segments, name="segments"),
    path("w/<slug:slug>/segments/new/", segments.new_segment, name="segment-new"),
    path(
        "w/<slug:slug>/segments/compare/",
        segments.compare_segments,
        name="segment-compare",
    ),
    path("w/<slug:slug>/segments/<int:pk>/", segments.segment, name="segment"),
    path(
        "w/<slug:slug>/segments/<int:pk>/edit/",
        segments.edit_segment,
        name="segment-edit",
    ),
    path(
        "w/<slug:slug>/segments/<int:pk>/mark/",
        segments.mark_segment,
        name="segment-mark",
    ),
    path("w/<slug:slug>/segments/<int:pk>/copy/", segments.copy, name="segment-copy"),
    path("w/<slug:slug>/segments/<int:pk>/hide/", segments.hide, name="segment-hide"),
    path(
        "w/<slug:slug>/segments/<int:pk>/default/",
        segments.make_default,
        name="segment-default",
    ),
    path(
        "w/<slug:slug>/segments/<int:pk>/delete/",
        segments.drop_segment,
        name="segment-delete",
    ),
    path("w/<slug:slug>/lists/", curated.lists, name="lists"),
    path("w/<slug:slug>/lists/new/", curated.new_list, name="list-new"),
    path("w/<slug:slug>/lists/<int:pk>/", curated.one_list, name="list"),
    path("w/<slug:slug>/lists/<int:pk>/edit/", curated.edit_list, name="list-edit"),
    path("w/<slug:slug>/lists/<int:pk>/delete/", curated.drop_list, name="list-delete"),
    path("w/<slug:slug>/lists/<int:pk>/add/", curated.add_to_list, name="list-add"),
    path(
        "w/<slug:slug>/lists/<int:pk>/remove/",
        curated.remove_from_list,
        name="list-remove",
    ),
    path(
        "w/<slug:slug>/lists/<int:pk>/upload/",
        curated.upload_to_list,
        name="list-upload",
    ),
    path(
        "w/<slug:slug>/lists/<int:pk>/entries.csv",
        curated.export_list,
        name="list-export",
    ),
    path(f"{SAID}/tags/", curated.tag, name="tag"),
    path(f"{SAID}/tags/<int:tag>/remove/", curated.untag, name="untag"),
    path(f"{SAID}/lists/", curated.put_on_list, name="on-list"),
    path(f"{SAID}/lists/<int:entry>/remove/", curated.take_off_list, name="off-list"),
    path(f"{SAID}/notes/", curated.note, name="note"),
    path("w/<slug:slug>/notes/<int:pk>/", curated.edit_note, name="note-edit"),
    path("w/<slug:slug>/alerts/", alerts.inbox, name="alerts"),
    path("w/<slug:slug>/alerts/read/", alerts.read, name="alerts-read"),
    path("w/<slug:slug>/alerts/mail/", alerts.choose_mail, name="alerts-mail"),
    path(
        "w/<slug:slug>/alerts/mail/<str:token>/",
        alerts.confirm_mail,
        name="alerts-confirm",
    ),
    path("alerts/stop/<str:token>/", alerts.stop_mail, name="alerts-stop"),
    path(
        "w/<slug:slug>/follow/<followable:what>/<int:pk>/",
        alerts.follow_one,
        name="follow",
    ),
    path("w/<slug:slug>/follow/", alerts.follow_workspace, name="follow-workspace"),
    path("w/<slug:slug>/follows/<int:pk>/", alerts.drop_follow, name="follow-drop"),
]
