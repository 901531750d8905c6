"""Counts for tests, written as folding a log writes them: an hour, its day and its month."""

from collections.abc import Mapping
from datetime import datetime
from itertools import count as numbers

from chalicelib.core.counts import SPANS, RowKey, begin_of
from chalicelib.service.ports import FoldStore, Receipt


_NAMES = map("file-{}".format, numbers())


def count(store: FoldStore, subject: str, at: datetime, counts: Mapping[str, int]) -> None:
    """Count all of these at this moment."""
    rows = {RowKey(subject, span, begin_of(span, at)): counts for span in SPANS}
    assert store.fold({next(_NAMES): Receipt()}, "", rows)
