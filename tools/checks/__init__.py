"""The doctor's checks: pure functions from what was asked to findings, a file a subject."""
