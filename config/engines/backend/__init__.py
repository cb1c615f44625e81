"""A Django database backend that starts the embedded server when it is needed."""
