"""The pages by what they show; each module: form in, one query, a template out."""
