"""Rules that select accounts or developers: read, compiled to SQL, put into words.

Segments, stages and tags speak this one language; docs/segments.md describes its JSON.
"""
