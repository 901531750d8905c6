"""The file of a region's tables: what is in it, and how a former version is brought to that."""

import json
import sqlite3
from datetime import datetime
from pathlib import Path


_VERSION = 1
_ITEMS = """
create table if not exists items (
  table_name text not null, key text not null, item text not null,
  stamp integer not null default 0, origin text not null default '',
  primary key (table_name, key)
) without rowid
"""
_REST = (
    # What was deleted and when: a write of before, that comes late, must not bring it back.
    """create table if not exists graves (
      table_name text not null, key text not null, stamp integer not null, origin text not null,
      at integer not null, primary key (table_name, key)
    ) without rowid""",
    # autoincrement: a sequence is never given twice, also after all was trimmed.
    """create table if not exists changes (
      sequence integer primary key autoincrement, table_name text not null, key text not null,
      old text, new text, stamp integer not null, origin text not null, at integer not null,
      by_ttl integer not null
    )""",
    "create table if not exists facts (name text primary key, fact text not null) without rowid",
    """create table if not exists dead_letters (
      sequence integer primary key, at integer not null, reason text not null,
      record text not null
    )""",
    """create index if not exists items_by_ttl
      on items (table_name, cast(json_extract(item, '$.ttl.N') as integer))
      where json_extract(item, '$.ttl.N') is not null""",
)


def open_file(file: Path, region: str) -> sqlite3.Connection:
    """The region's file, made or brought to this version; sqlite3.Error when it can't be."""
    database = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
    database.execute("pragma journal_mode=wal")
    # full: what was acknowledged is on the disk itself, also when the power goes.
    database.execute("pragma synchronous=full")
    (version,) = database.execute("pragma user_version").fetchone()
    if version > _VERSION:
        raise sqlite3.DatabaseError("it was written by a newer Everhop")
    if version < _VERSION:
        _bring_up(database, region)
    return database


def _bring_up(database: sqlite3.Connection, region: str) -> None:
    with database:
        database.execute("begin immediate")
        former = {row[1] for row in database.execute("pragma table_info(items)")}
        database.execute(_ITEMS)
        if former and "stamp" not in former:
            _stamp_items(database, region)
        for statement in _REST:
            database.execute(statement)
        database.execute(f"pragma user_version={_VERSION}")


def _stamp_items(database: sqlite3.Connection, region: str) -> None:
    """Give each item of a file without stamps the one of its last update, where it has one."""
    database.execute("alter table items add column stamp integer not null default 0")
    database.execute("alter table items add column origin text not null default ''")
    rows = database.execute("select table_name, key, item from items").fetchall()
    for table, key, text in rows:
        item = json.loads(text)
        database.execute(
            "update items set item = ?, stamp = ?, origin = ? where table_name = ? and key = ?",
            (json.dumps(item, sort_keys=True), _updated_at(item), region, table, key),
        )


def _updated_at(item: dict[str, dict[str, str]]) -> int:
    try:
        return int(datetime.fromisoformat(item["updated_at"]["S"]).timestamp() * 1000)
    except (KeyError, ValueError):
        return 0
