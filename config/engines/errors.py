"""The one exception of this package."""


class EngineError(RuntimeError):
    """An embedded server cannot run; the message is one line for the operator."""
