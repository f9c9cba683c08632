"""Recordings: what came in, kept in a bounded ring, and shown again through the same screens.

Recorded are the decoded records, which hold no Secret, no environment variable and no log line;
the resolved queries of an analysis with a secret argument are left out.
"""
