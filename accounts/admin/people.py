"""People who log in, for operators. Admins of a workspace see its members instead."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as StockUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.models import Group
from django.http import HttpRequest

from accounts.admin.base import person
from accounts.alert_mail import forget_address
from accounts.models import User

if TYPE_CHECKING:
    BaseUserAdmin = StockUserAdmin[User]
    BaseNewUserForm = AdminUserCreationForm[User]
else:
    BaseUserAdmin = StockUserAdmin
    BaseNewUserForm = AdminUserCreationForm

# Rights come from roles; Django's groups would be a second answer to the question.
if admin.site.is_registered(Group):
    admin.site.unregister(Group)


class NewUserForm(BaseNewUserForm):
    """A log-in, with an address that browsers take for the name of one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shown = self.fields["email"].widget.attrs
        # The admin sends the keyboard there by itself.
        shown.pop("autofocus", None)
        shown["autocomplete"] = "username"


@admin.register(User)
class UserAdmin(BaseUserAdmin):
    """Log-ins of the whole installation. Deactivated, never deleted: logs name them."""

    list_display = ("email", "name", "is_active", "is_superuser", "last_login")
    list_filter = ("is_active", "is_superuser")
    search_fields = ("email", "name")
    ordering = ("email",)
    filter_horizontal = ()
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    fieldsets = (
        (None, {"fields": ("email", "password", "name")}),
        ("Access", {"fields": ("is_active", "is_superuser")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")
    add_form = NewUserForm
    add_fieldsets = (
        (
            None,
            {"fields": ("email", "name", "usable_password", "password1", "password2")},
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep operators from locking themselves out."""
        fields = tuple(super().get_readonly_fields(request, obj))
        if obj is not None and obj == person(request):
            return (*fields, "is_active", "is_superuser")
        return fields

    def save_model(
        self, request: HttpRequest, obj: User, form: Any, change: Any
    ) -> None:
        """Mail nothing to a new address before it was confirmed."""
        super().save_model(request, obj, form, change)
        if change and "email" in form.changed_data:
            forget_address(obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Operators only."""
        return self._is_operator(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Operators only."""
        del obj
        return self._is_operator(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Operators only."""
        return self._is_operator(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Operators only."""
        del obj
        return self._is_operator(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: a deleted person leaves nameless lines behind."""
        del request, obj
        return False

    @staticmethod
    def _is_operator(request: HttpRequest) -> bool:
        return person(request).is_active and person(request).is_superuser
