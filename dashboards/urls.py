"""Addresses of the pages; everything of a workspace lies below `/w/<slug>/`."""

from django.urls import path

from dashboards import views

app_name = "dashboards"

urlpatterns = [
    path("", views.home, name="home"),
    path("w/<slug:slug>/", views.workspace_home, name="workspace"),
    path("w/<slug:slug>/overview/", views.overview, name="overview"),
    path("w/<slug:slug>/accounts/", views.accounts, name="accounts"),
    path("w/<slug:slug>/accounts/<int:pk>/", views.account, name="account"),
    path("w/<slug:slug>/developers/", views.developers, name="developers"),
    path("w/<slug:slug>/developers/<int:pk>/", views.developer, name="developer"),
    path("w/<slug:slug>/ingestion/", views.ingestion, name="ingestion"),
]
