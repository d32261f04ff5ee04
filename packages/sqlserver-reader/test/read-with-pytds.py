"""Runs statements through python3-tds: JSON in on stdin, JSON out. Every value comes as text that says all that the
client knows: numbers in digits, bytes as 0x and hex, times with the microseconds that Python has."""

import codecs
import datetime
import json
import sys
import uuid

import pytds

# The client is strict about UTF-16 and refuses a lone surrogate; told to let it pass, it shows what came over the wire.
lenient = codecs.CodecInfo(
    encode=codecs.utf_16_le_encode,
    decode=lambda data: codecs.utf_16_le_decode(data, "surrogatepass", True),
    incrementaldecoder=lambda: codecs.getincrementaldecoder("utf-16-le")("surrogatepass"),
    name="utf-16-le",
)
for module in (pytds.collate, pytds.tds, pytds.tds_types):
    module.ucs2_codec = lenient


def text_of(value):
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, uuid.UUID):
        return str(value).upper()
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y").zfill(4) + value.strftime("-%m-%d %H:%M:%S.%f")
    return str(value)


task = json.load(sys.stdin)
with pytds.connect(**task["connection"], autocommit=True) as connection:
    answers = []
    for statement in task["statements"]:
        with connection.cursor() as cursor:
            cursor.execute(statement["text"], statement.get("parameters"))
            columns = [column[0] for column in cursor.description]
            rows = [[text_of(value) for value in row] for row in cursor.fetchall()]
            answers.append({"columns": columns, "rows": rows})
print(json.dumps(answers))
