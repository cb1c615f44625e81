"""Addresses of the pages; everything of a workspace lies below `/w/<slug>/`."""

from django.urls import path

from dashboards.views import actions, doctor, pages

app_name = "dashboards"

urlpatterns = [
    path("", pages.home, name="home"),
    path("w/<slug:slug>/", pages.workspace_home, name="workspace"),
    path("w/<slug:slug>/overview/", pages.overview, name="overview"),
    path("w/<slug:slug>/accounts/", pages.accounts, name="accounts"),
    path("w/<slug:slug>/accounts/<int:pk>/", pages.account, name="account"),
    path("w/<slug:slug>/developers/", pages.developers, name="developers"),
    path("w/<slug:slug>/developers/<int:pk>/", pages.developer, name="developer"),
    path("w/<slug:slug>/developers/<int:pk>/move/", actions.move, name="move"),
    path("w/<slug:slug>/developers/<int:pk>/merge/", actions.merge, name="merge"),
    path("w/<slug:slug>/identities/<int:pk>/split/", actions.split, name="split"),
    path("w/<slug:slug>/corrections/<int:pk>/undo/", actions.undo, name="undo"),
    path("w/<slug:slug>/signals/", pages.signals, name="signals"),
    path("w/<slug:slug>/licences/", pages.licences, name="licences"),
    path("w/<slug:slug>/licences/<int:pk>/", pages.licence, name="licence"),
    path("w/<slug:slug>/adoption/", pages.adoption, name="adoption"),
    path(
        "w/<slug:slug>/adoption/never.csv",
        pages.adoption_export,
        name="adoption-export",
    ),
    path("w/<slug:slug>/ingestion/", pages.ingestion, name="ingestion"),
    path("w/<slug:slug>/doctor/", doctor.page, name="doctor"),
    path("w/<slug:slug>/ingestion/replay/", actions.replay, name="replay"),
    path("w/<slug:slug>/ingestion/discard/", actions.discard, name="discard"),
]
