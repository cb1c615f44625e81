"""Demo data that looks like life; see `ingest.demo.seed`."""
