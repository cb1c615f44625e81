"""Addresses of the pages; everything of a workspace lies below `/w/<slug>/`."""

from django.urls import path

from dashboards import actions, doctor, views

app_name = "dashboards"

urlpatterns = [
    path("", views.home, name="home"),
    path("w/<slug:slug>/", views.workspace_home, name="workspace"),
    path("w/<slug:slug>/overview/", views.overview, name="overview"),
    path("w/<slug:slug>/accounts/", views.accounts, name="accounts"),
    path("w/<slug:slug>/accounts/<int:pk>/", views.account, name="account"),
    path("w/<slug:slug>/developers/", views.developers, name="developers"),
    path("w/<slug:slug>/developers/<int:pk>/", views.developer, name="developer"),
    path("w/<slug:slug>/developers/<int:pk>/move/", actions.move, name="move"),
    path("w/<slug:slug>/developers/<int:pk>/merge/", actions.merge, name="merge"),
    path("w/<slug:slug>/identities/<int:pk>/split/", actions.split, name="split"),
    path("w/<slug:slug>/corrections/<int:pk>/undo/", actions.undo, name="undo"),
    path("w/<slug:slug>/signals/", views.signals, name="signals"),
    path("w/<slug:slug>/licences/", views.licences, name="licences"),
    path("w/<slug:slug>/licences/<int:pk>/", views.licence, name="licence"),
    path("w/<slug:slug>/adoption/", views.adoption, name="adoption"),
    path(
        "w/<slug:slug>/adoption/never.csv",
        views.adoption_export,
        name="adoption-export",
    ),
    path("w/<slug:slug>/ingestion/", views.ingestion, name="ingestion"),
    path("w/<slug:slug>/doctor/", doctor.page, name="doctor"),
    path("w/<slug:slug>/ingestion/replay/", actions.replay, name="replay"),
    path("w/<slug:slug>/ingestion/discard/", actions.discard, name="discard"),
]
