"""Scripts that run inside an installation under test, in a process of their own."""

import os

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
django.setup()
