"""What runs inside the jail: ``python -m backoffice.inspection.sandbox.inside ARCHIVE NAME FOLDER``. The plan is printed as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from backoffice.inspection.sandbox import found, policy
from backoffice.inspection.sandbox.plan import Plan, Refused
from backoffice.inspection.sandbox.unpack import ARCHIVES, unpack


def read(archive: Path, name: str, folder: Path) -> Plan:
    """Unpack and read; what cannot be unpacked is a plan with that one finding."""
    if not name.lower().endswith(ARCHIVES):
        return Plan(reason="not_an_archive")
    try:
        out = unpack(archive, name, folder, policy.limits())
        plan = found.plan_of(folder, policy.limits())
    except Refused as refused:
        return Plan("archive", seen=[refused.seen])
    plan.facts |= {"members": out.members, "bytes": out.bytes}
    if out.links and plan.kind:
        plan.see("config.link", file=out.links[0][:200], count=len(out.links), path=out.links[0][:200])
    return plan


if __name__ == "__main__":
    sys.stdout.write(json.dumps(read(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])).as_dict()))
