"""Who may do what: the whole table, and who sees which rows."""

import pytest
from django.contrib.auth.models import AnonymousUser

from accounts.errors import AccountsError
from accounts.models import ApiKey, AuditEntry, Membership, Role, User, Workspace
from accounts.roles import Action, can, can_anywhere, role_of
from accounts.services import create_workspace, remove_member, set_role
from tests.factories import (
    make_key,
    make_member,
    make_operator,
    make_user,
    make_workspace,
)

pytestmark = pytest.mark.django_db

TABLE = {
    "viewer": {"view"},
    "member": {"view", "edit", "correct", "replay", "view_key"},
    "admin": {
        *("view", "edit", "correct", "replay", "view_key", "discard", "configure"),
        *("manage_keys", "manage_members", "care"),
    },
}


@pytest.mark.parametrize("role", TABLE)
def test_the_table_of_roles(role):
    workspace, other = make_workspace("acme"), make_workspace("other")
    user = make_member(workspace, role)
    allowed = {str(action) for action in Action if can(user, action, workspace)}
    assert allowed == TABLE[role]
    assert {str(a) for a in Action if can_anywhere(user, a)} == TABLE[role]
    assert not any(can(user, action, other) for action in Action)


def test_an_operator_is_admin_everywhere():
    operator, workspace = make_operator(), make_workspace()
    assert role_of(operator, workspace) == Role.ADMIN
    assert all(can(operator, action, workspace) for action in Action)


def test_strangers_may_do_nothing():
    workspace = make_workspace()
    stranger, inactive = make_user(), make_member(workspace, "admin")
    inactive.is_active = False
    gone = make_operator()
    gone.is_active = False
    for user in (AnonymousUser(), stranger, inactive, gone):
        assert role_of(user, workspace) is None
        assert not any(can(user, action, workspace) for action in Action)
        assert not any(can_anywhere(user, action) for action in Action)


def test_an_action_that_does_not_exist_is_a_mistake():
    workspace = make_workspace()
    with pytest.raises(ValueError, match="fly"):
        can(make_member(workspace), "fly", workspace)


def test_roles_are_read_once(django_assert_num_queries):
    workspace = make_workspace()
    user = User.objects.get(pk=make_member(workspace).pk)
    with django_assert_num_queries(1):
        for action in Action:
            can(user, action, workspace)
        list(map(str, user.roles))


def test_rows_are_visible_to_members_only():
    acme, other = make_workspace("acme"), make_workspace("other")
    (key, _), (foreign, _) = make_key(acme), make_key(other)
    member = make_member(acme, "viewer")
    assert list(ApiKey.objects.visible_to(member)) == [key]
    assert list(ApiKey.objects.in_workspace(other)) == [foreign]
    assert list(Workspace.objects.visible_to(member)) == [acme]
    assert ApiKey.objects.visible_to(make_operator()).count() == 2
    assert not ApiKey.objects.visible_to(make_user()).exists()
    assert not ApiKey.objects.visible_to(AnonymousUser()).exists()
    member.is_active = False
    assert not ApiKey.objects.visible_to(member).exists()


# ---- Services ----------------------------------------------------------------------


def test_a_new_workspace_has_what_every_workspace_has():
    owner = make_user()
    workspace = create_workspace("acme", "Acme", owner)
    metric = workspace.metrics.get()
    model = workspace.score_models.get()
    assert (metric.key, metric.label) == ("CALL_HOME", "Call home")
    assert model.weights == {str(metric.pk): [metric.weight, None]}
    assert model.version == 1
    assert role_of(owner, workspace) == Role.ADMIN


@pytest.mark.parametrize("slug", ["", "Acme", "a b", "-a", "a" * 64, "acme"])
def test_a_slug_must_be_free_and_well_formed(slug):
    make_workspace("acme")
    with pytest.raises(AccountsError):
        create_workspace(slug)
    assert Workspace.objects.count() == 1


def test_changes_of_members_are_audited():
    workspace = make_workspace()
    admin, user = make_member(workspace, "admin"), make_user("mia@example.com")
    set_role(workspace, user, Role.VIEWER, actor=admin)
    set_role(workspace, user, Role.VIEWER, actor=admin)
    set_role(workspace, user, Role.MEMBER, actor=admin)
    remove_member(Membership.objects.get(user=user), actor=admin)
    entries = AuditEntry.objects.order_by("id")
    assert [(e.subject, e.detail) for e in entries] == [
        ("mia@example.com", {"before": None, "after": "viewer"}),
        ("mia@example.com", {"before": "viewer", "after": "member"}),
        ("mia@example.com", {"before": "member", "after": None}),
    ]
    assert {e.actor for e in entries} == {admin}


def test_a_workspace_keeps_an_admin():
    workspace = make_workspace()
    admin = make_member(workspace, "admin")
    with pytest.raises(AccountsError, match="last admin"):
        set_role(workspace, admin, Role.MEMBER)
    with pytest.raises(AccountsError, match="last admin"):
        remove_member(Membership.objects.get(user=admin))
    make_member(workspace, "admin")
    remove_member(Membership.objects.get(user=admin))
    assert not Membership.objects.filter(user=admin).exists()
