"""Colours that a workspace can give to what it names: stages, tags.

A fixed set, because pages carry no inline styles and every one of these is legible
in light and dark: the style sheet holds `.hue-<value>` for each.
"""

from django.db import models


class Hue(models.TextChoices):
    """The colours; the values are parts of class names."""

    TEAL = "teal", "Teal"
    BLUE = "blue", "Blue"
    VIOLET = "violet", "Violet"
    PINK = "pink", "Pink"
    RED = "red", "Red"
    ORANGE = "orange", "Orange"
    YELLOW = "yellow", "Yellow"
    GREEN = "green", "Green"
    GREY = "grey", "Grey"
