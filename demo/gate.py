"""The gate, as two people meet it: the requester is refused, the approver is let through."""

import re
import shlex

from delivery_api.delivery import Delivery
from delivery_api.stages import CONDITION, Stage

from .cluster import Cluster
from .kubectl import Kubectl
from .narrator import DemoError, Narrator
from .order import NAMESPACE

PRINTED = re.compile(r"kubectl (annotate [^`]*?ptaas\.dev/approve=[0-9a-f]{64})")


def printed_command(delivery: Delivery) -> list[str]:
    """Arguments of the command that the condition's message prints."""
    conditions = delivery.status.conditions if delivery.status else ()
    message = next((c.message for c in conditions if c.type == CONDITION[Stage.DEPLOY]), "")
    found = PRINTED.search(message)
    if found is None:
        raise DemoError(f"The message of {CONDITION[Stage.DEPLOY]} prints no kubectl annotate command: {message}")
    words = shlex.split(found.group(1))
    return words if {"-n", "--namespace"} & set(words) else [*words, "-n", NAMESPACE]


def pass_gate(cluster: Cluster, narrator: Narrator, delivery: Delivery) -> None:
    """Run the printed command twice: as who asked for the delivery, then as who may approve it."""
    arguments = printed_command(delivery)
    refused = _try(cluster.requester, narrator, arguments)
    if refused is None:
        raise DemoError("The requester approved the own delivery; the gate is not in force, check the admission policies")
    narrator.say(f"    refused by the API server: {refused}")
    problem = _try(cluster.approver, narrator, arguments)
    if problem is not None:
        raise DemoError(f"The approver was refused: {problem}")
    narrator.say("    approved")


def _try(person: Kubectl, narrator: Narrator, arguments: list[str]) -> str | None:
    """None when it went through, else the server's words."""
    narrator.say(f"  {person.person}$ kubectl {shlex.join(arguments)}")
    done = person.run(*arguments)
    return None if done.code == 0 else " ".join(done.err.split())
