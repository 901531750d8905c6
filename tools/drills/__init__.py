"""Drills: a real stack is broken while an open-loop load uses it, and every answer is judged."""
