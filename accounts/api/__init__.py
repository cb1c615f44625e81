"""The small REST API over what people configure: licences, activations, versions."""
