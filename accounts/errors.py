"""The one exception of `accounts`."""


class AccountsError(Exception):
    """What was asked cannot be done; the message is one sentence for people."""
