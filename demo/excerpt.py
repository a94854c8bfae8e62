"""The part of the transcript that the README quotes: who did what, each stage's verdict, the answers, the end.

Lines are quoted as they are, cut at the width of a page; a test compares the README with the committed transcript.
"""

import re

WIDTH = 148
BEGIN, END = "<!-- transcript -->", "<!-- /transcript -->"
QUOTED = re.compile(
    r"^\[\d+:\d+\] \S+: (apply|approval|serving|questions|to its end)$"
    r"|^    \d+:\d+  \w+ +(pass|FAIL) "
    r"|^    \d+:\d+  deploy +\.\.\.  AwaitingApproval"
    r"|^    \d+:\d+  train +\.\.\. .*step (?P<step>\d+)/\d+ .*at step (?P=step)$"
    r"|^  (requester|approver)\$ "
    r"|^    (refused by|approved|> |  \w+( +\(the desk was \w+\))?$|delivery\.)"
    r"|^    (certificate |  (delivered|artifact|audit|approved|not established|failed) |cost: )"
    r"|^  \S+ +(Delivered|LabelsUnrelated|NotLearning) "
)


def excerpt(transcript: str) -> str:
    """Quoted lines, each at most `WIDTH` characters."""
    lines = [line.rstrip() for line in transcript.splitlines() if QUOTED.match(line)]
    return "\n".join(line if len(line) <= WIDTH else line[: WIDTH - 3] + "..." for line in lines)


def quoted(readme: str, transcript: str) -> str:
    """The README with the excerpt in its place."""
    head, rest = readme.split(BEGIN, 1)
    tail = rest.split(END, 1)[1]
    return f"{head}{BEGIN}\n```\n{excerpt(transcript)}\n```\n{END}{tail}"
