"""Sets options of an INI file where its section's line stands: `section key = value` lines on standard input."""
import re
import sys

path = sys.argv[1]
lines = open(path).read().split("\n")
for wish in sys.stdin.read().splitlines():
    section, assignment = wish.split(" ", 1)
    key = assignment.split(" = ")[0]
    at = lines.index("[%s]" % section) if "[%s]" % section in lines else None
    if at is None:
        lines += ["[%s]" % section, assignment]
        continue
    end = next((i for i in range(at + 1, len(lines)) if lines[i].startswith("[")), len(lines))
    kept = [line for line in lines[at + 1:end] if not re.match(r"%s\s*=" % re.escape(key), line)]
    lines[at + 1:end] = [assignment] + kept
open(path, "w").write("\n".join(lines))
