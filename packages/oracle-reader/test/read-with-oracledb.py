"""Runs statements through python-oracledb: JSON in on stdin, JSON out. Every value comes as text that says all that the
client knows: numbers in digits, RAW as upper-case hex, times with microseconds, LOBs as what their locators read."""

import datetime
import json
import sys

import oracledb

task = json.load(sys.stdin)
oracledb.defaults.fetch_lobs = task["locators"]
# A number that is more than 15 digits long would otherwise be rounded.
oracledb.defaults.fetch_decimals = True


def text_of(value):
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, oracledb.LOB):
        return value.read()
    if isinstance(value, bytes):
        return value.hex().upper()
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y").zfill(4) + value.strftime("-%m-%d %H:%M:%S.%f")
    return format(value, "f")


answers = []
with oracledb.connect(**task["connection"]) as connection, connection.cursor() as cursor:
    for statement in task["setup"]:
        cursor.execute(statement)
    for statement in task["statements"]:
        cursor.execute(statement["text"], statement.get("binds", {}))
        if cursor.description is None:
            answers.append({"columns": [], "rows": []})
            continue
        columns = [column[0] for column in cursor.description]
        rows = [[text_of(value) for value in row] for row in cursor]
        answers.append({"columns": columns, "rows": rows})
print(json.dumps(answers))
