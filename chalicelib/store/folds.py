"""Counts as they are written: rows that are added to, and receipts in the same transaction."""

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from chalicelib.core.counts import RowKey
from chalicelib.core.errors import Unavailable
from chalicelib.service.ports import Receipt
from chalicelib.store.counts import OWN
from chalicelib.store.job_clients import blaming, code_of_cause
from chalicelib.store.keys import LINK_SK, LOGS_PK, counts_pk, counts_sk, link_pk, log_pk
from chalicelib.store.models import LinkItem
from chalicelib.store.raw_tables import TRIES, Json, RawTable, number


# After a file's last request. Logs are kept for 400 days at most: see infra/global/logs.yaml.
RECEIPTS_FOR = 800 * 86400
_WAIT = 0.02  # seconds, and twice as long each time
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
# In 4 KB of expression there is no room for longer placeholders.
_MARKS = [first + last for first in _DIGITS for last in _DIGITS]


class FoldTable:
    """The `FoldStore` over one region's table, for the rows of this region."""

    def __init__(self, model: type[LinkItem], region: str) -> None:
        self._table = RawTable(model)
        self._region = region
        self._seen = 0

    def receipt(self, name: str) -> Receipt:
        """One consistent Query; see FoldStore."""
        found = {item["sk"]["S"]: item for item in self._table.query(log_pk(name))}
        if not found:
            return Receipt()
        chunks = {region: int(item["chunks"]["N"]) for region, item in found.items()}
        last = max(found.values(), key=lambda it: (_mark_of(it), int(it["chunks"]["N"])))
        ended = any("told" in item for item in found.values())
        mine, form = chunks.get(self._region), int(last["form"]["N"])
        return Receipt(max(chunks.values()), mine, form, ended, _mark_of(last))

    def workspaces(self, keys: Sequence[str]) -> dict[str, str]:
        """A BatchGetItem for each 100 links; see FoldStore."""
        pks = {link_pk(key): key for key in keys}
        found = self._table.get_all([(pk, LINK_SK) for pk in pks], only="workspace")
        return {pks[item["pk"]["S"]]: item["workspace"]["S"] for item in found}

    def names(self, rows: Iterable[RowKey]) -> dict[RowKey, frozenset[str]]:
        """A BatchGetItem for each 100 rows; see FoldStore."""
        keys = {(counts_pk(row.subject), counts_sk(row, self._region)): row for row in rows}
        return {
            keys[item["pk"]["S"], item["sk"]["S"]]: frozenset(item.keys() - OWN)
            for item in self._table.get_all([*keys])
        }

    def fold(
        self, receipts: Mapping[str, Receipt], upto: str, rows: Mapping[RowKey, Mapping[str, int]]
    ) -> Mapping[str, Receipt] | None:
        """One TransactWriteItems; see FoldStore."""
        after = {name: receipt.move(upto) for name, receipt in receipts.items()}
        writes = [self._sign(name, receipts[name], after[name]) for name in receipts]
        writes += [self._add(row, counts) for row, counts in rows.items()]
        return after if self._write([{"Update": write} for write in writes]) else None

    def _write(self, items: list[Json]) -> bool:
        """Whether the transaction was done; False when a receipt's condition does not hold."""
        for attempt in range(TRIES):
            try:
                with blaming("The table"):
                    self._table.client.transact_write_items(TransactItems=items)
            except Unavailable as error:
                reasons = _reasons(error)
                if "ConditionalCheckFailed" in reasons:
                    return False
                # Others add to the same rows: whose turn it is, is a matter of a moment.
                if "TransactionConflict" not in reasons:
                    raise
                time.sleep(_WAIT * 2**attempt)
            else:
                return True
        raise Unavailable("Others wrote to the same rows all the time; please try again.")

    def _sign(self, name: str, before: Receipt, after: Receipt) -> Json:
        values = {":n": number(after.chunks), ":f": number(after.form), ":u": {"S": after.upto}}
        condition = "attribute_not_exists(pk)"
        if before.mine is not None:
            values[":m"] = number(before.mine)
            condition = "chunks = :m AND form = :f AND attribute_not_exists(told)"
        changes = "SET chunks = :n, form = :f, upto = :u"
        change = self._table.change(log_pk(name), self._region, changes, values)
        return {**change, "ConditionExpression": condition}

    def _add(self, row: RowKey, counts: Mapping[str, int]) -> Json:
        marks = dict(zip(_MARKS, counts, strict=False))
        changes = "ADD " + ",".join(f"#{mark} :{mark}" for mark in marks)
        names = {f"#{mark}": name for mark, name in marks.items()}
        values = {f":{mark}": number(counts[name]) for mark, name in marks.items()}
        if row.forgotten_at is not None:
            changes += " SET #t = :t"
            names["#t"] = "ttl"
            values[":t"] = number(int(row.forgotten_at.timestamp()))
        pk, sk = counts_pk(row.subject), counts_sk(row, self._region)
        return {
            **self._table.change(pk, sk, changes, values),
            "ExpressionAttributeNames": names,
        }

    def end(self, name: str, receipt: Receipt, told: str, seen_at: datetime | None) -> None:
        """An UpdateItem, and one more when it is later than what was told; see FoldStore."""
        values = {":w": {"S": told}, ":n": number(receipt.chunks), ":f": number(receipt.form)}
        values[":u"] = {"S": receipt.upto}
        changes = "SET told = :w, chunks = :n, form = :f, upto = :u"
        if seen_at is not None:
            changes += ", #t = :t"
            values[":t"] = number(int(seen_at.timestamp()) + RECEIPTS_FOR)
        change = self._table.change(log_pk(name), self._region, changes, values)
        if seen_at is not None:
            change["ExpressionAttributeNames"] = {"#t": "ttl"}
            self._see(int(seen_at.timestamp()))
        # Who has this file at the same time, and is further, ends it.
        condition = "attribute_not_exists(pk)"
        if receipt.mine is not None:
            values[":m"] = number(receipt.mine)
            condition = "chunks = :m"
        self._update(change, condition)

    def _see(self, seen: int) -> None:
        if seen <= self._seen:  # it only grows, and files of one batch are mostly of one time
            return
        change = self._table.change(LOGS_PK, self._region, "SET seen = :s", {":s": number(seen)})
        self._update(change, "attribute_not_exists(seen) OR seen < :s")
        self._seen = seen

    def _update(self, change: Json, condition: str) -> None:
        """Make a change, or none when the condition does not hold."""
        try:
            with blaming("The table"):
                self._table.client.update_item(**change, ConditionExpression=condition)
        except Unavailable as error:
            if code_of_cause(error) != "ConditionalCheckFailedException":
                raise


def _mark_of(item: Json) -> str:
    # A release before this one told no mark, and its receipts say so by their form.
    return str(item["upto"]["S"]) if "upto" in item else ""


def _reasons(error: Unavailable) -> list[str]:
    """Why a transaction was refused, item by item; [] when it was not that."""
    response = getattr(error.__cause__, "response", None) or {}
    return [str(one.get("Code")) for one in response.get("CancellationReasons", ())]
