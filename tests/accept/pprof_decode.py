"""Decodes a pprof file with google's protobuf library, and prints its sums: ``python pprof_decode.py FILE``.

Run by an environment that has ``protobuf``. The messages are built from the public field numbers of profile.proto.
"""

import gzip
import json
import sys
from pathlib import Path

from google.protobuf import (  # type: ignore[import-not-found]  # is in an environment of its own
    descriptor_pb2,
    descriptor_pool,
    message_factory,
    unknown_fields,
)

MESSAGES = {
    "ValueType": {"type": (1, "int64"), "unit": (2, "int64")},
    "Label": {"key": (1, "int64"), "str": (2, "int64"), "num": (3, "int64"), "num_unit": (4, "int64")},
    "Sample": {"location_id": (1, "*uint64"), "value": (2, "*int64"), "label": (3, "*Label")},
    "Line": {"function_id": (1, "uint64"), "line": (2, "int64")},
    "Location": {"id": (1, "uint64"), "mapping_id": (2, "uint64"), "address": (3, "uint64"), "line": (4, "*Line")},
    "Function": {"id": (1, "uint64"), "name": (2, "int64"), "system_name": (3, "int64"), "filename": (4, "int64")},
    "Profile": {
        "sample_type": (1, "*ValueType"), "sample": (2, "*Sample"), "location": (4, "*Location"),
        "function": (5, "*Function"), "string_table": (6, "*string"), "time_nanos": (9, "int64"),
        "duration_nanos": (10, "int64"), "period_type": (11, "ValueType"), "period": (12, "int64"),
        "comment": (13, "*int64"), "default_sample_type": (14, "int64"),
    },
}  # fmt: skip


def profile_class():  # type: ignore[no-untyped-def]  # of a library that is not installed here
    """The class of ``perftools.profiles.Profile``."""
    kinds = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="profile.proto", package="perftools.profiles", syntax="proto3")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            label = kinds.LABEL_REPEATED if kind.startswith("*") else kinds.LABEL_OPTIONAL
            kind = kind.lstrip("*")
            added = message.field.add(name=field, number=number, label=label)
            if kind in MESSAGES:
                added.type, added.type_name = kinds.TYPE_MESSAGE, f".perftools.profiles.{kind}"
            else:
                added.type = getattr(kinds, f"TYPE_{kind.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("perftools.profiles.Profile"))


def main() -> None:
    profile = profile_class()()
    profile.ParseFromString(gzip.decompress(Path(sys.argv[1]).read_bytes()))
    text = profile.string_table
    functions = {function.id: text[function.name] for function in profile.function}
    names = {location.id: functions[location.line[0].function_id] for location in profile.location}
    kinds = [f"{text[kind.type]}/{text[kind.unit]}" for kind in profile.sample_type]
    sums = [sum(sample.value[at] for sample in profile.sample) for at in range(len(kinds))]
    leaves = sorted({names[sample.location_id[0]] for sample in profile.sample if sample.location_id})
    threads = {text[label.str] for sample in profile.sample for label in sample.label if text[label.key] == "thread"}
    facts = {
        "sums": dict(zip(kinds, sums, strict=True)),
        "leaves": leaves,
        "threads": sorted(threads),
        "period_ns": profile.period,
        "duration_ns": profile.duration_nanos,
        "time_ns": profile.time_nanos,
        "not_known": len(unknown_fields.UnknownFieldSet(profile)),
    }
    json.dump(facts, sys.stdout)


if __name__ == "__main__":
    main()
