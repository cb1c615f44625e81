"""Turns accepted requests into events, people and usage, each exactly once."""

from ingest.digest.run import DigestResult, digest_once, digest_until_empty

__all__ = ["DigestResult", "digest_once", "digest_until_empty"]
