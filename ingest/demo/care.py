"""What the demo's people found wrong, and who asked to be left out."""

from accounts import flags, opt_outs
from accounts.models import Developer, FlaggedRecord, OptOut, Workspace
from ingest.demo.members import somebody

Problem = FlaggedRecord.Problem
# Each about another of the developers seen last: what is wrong, and in which words.
FLAGS = (
    (Problem.WRONG_COMPANY, "Works for a contractor of theirs, I think."),
    (Problem.DUPLICATE, "Met them at a fair: this is the same person as the other."),
    (Problem.TEST_DATA, "Our own build server."),
)
SETTLED = "Asked them: it is another person of that name."
# Nobody of the demo, so that nothing that is shown goes missing.
OPTED_OUT = (
    ("email", "leave.me.out@example.com", OptOut.Reason.ASKED, "Ticket 2041"),
    ("github", "orbit-release-bot", OptOut.Reason.STAFF, "Our release robot"),
)


def leave_something_to_mend(workspace: Workspace) -> None:
    """Flag three records, settle one of them, and enter two identities to leave out."""
    actor = somebody(workspace)
    people = Developer.objects.filter(
        workspace=workspace, is_aggregate=False, is_anonymous=False
    ).order_by("-last_seen_at", "pk")
    flagged = [
        flags.flag(
            flags.of_developer(developer), problem=problem, text=text, actor=actor
        )
        for developer, (problem, text) in zip(people[:3], FLAGS, strict=False)
    ]
    for one in flagged[1:2]:
        flags.settle(one, FlaggedRecord.Status.DISMISSED, note=SETTLED, actor=actor)
    for kind, value, reason, label in OPTED_OUT:
        opt_outs.add(
            workspace, [(kind, value)], actor=actor, reason=reason, label=label
        )
