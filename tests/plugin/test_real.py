"""`kubectl delivery` as kubectl finds it, on a real API server, each person with a client certificate of their own."""

import asyncio
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.images.conftest import RegistryServer
from tests.signing.delivered import REPOSITORY, about, keypair, push, signing
from tests.support.scenes import delivered
from tests.support.stage import Theatre, eventually, reason, state

pytestmark = pytest.mark.cluster


@dataclass(frozen=True)
class Person:
    """Somebody with a kubeconfig, kubectl, and the plugin on PATH."""

    kubectl: str
    kubeconfig: Path
    namespace: str

    def environment(self) -> dict[str, str]:
        path = f"{Path(sys.executable).parent}:{Path(self.kubectl).parent}:{os.environ['PATH']}"
        return os.environ | {"PATH": path, "KUBECONFIG": str(self.kubeconfig)}

    def command(self, *arguments: str) -> list[str]:
        return [self.kubectl, "delivery", *arguments, "-n", self.namespace]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """kubectl delivery, whatever it says."""
        command = self.command(*arguments)
        return subprocess.run(command, env=self.environment(), capture_output=True, text=True, timeout=60)

    def in_terminal(self, *arguments: str, typed: str = "") -> tuple[int, str]:
        """Exit status and screen of a command on a terminal, where something is typed."""
        here, there = pty.openpty()
        environment = self.environment() | {"TERM": "xterm", "COLUMNS": "200", "LINES": "60"}
        command = self.command(*arguments)
        with subprocess.Popen(command, env=environment, stdin=there, stdout=there, stderr=there) as process:
            os.close(there)
            os.write(here, typed.encode())
            shown = b""
            # A terminal whose other side is closed is an error, not an end.
            with suppress(OSError):
                while part := os.read(here, 65536):
                    shown += part
            os.close(here)
            return process.wait(60), shown.decode()

    def says(self, *arguments: str) -> str:
        """What it prints; it must succeed."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def tells(self, *arguments: str) -> dict:
        """What it prints as JSON."""
        told: dict = json.loads(self.says(*arguments, "-o", "json"))
        return told


@pytest.fixture
def people(theatre: Theatre) -> Callable[[str], Person]:
    """requester, approver and driver by their certificates; each bound to one role of the chart."""
    configs = Path(theatre.admin.kubeconfig).parent
    for user, role in {"requester": "customer", "approver": "approver", "driver": "driver"}.items():
        binding = f"--clusterrole=ptaas-{role}"
        theatre.admin.ok("create", "rolebinding", user, binding, f"--user={user}", "-n", theatre.tenant)

    def person(name: str) -> Person:
        (config,) = configs.glob(f"{name}*")
        return Person(theatre.admin.programs["kubectl"], config, theatre.tenant)

    return person


def at_the_gate(seen) -> bool:
    return state(seen) == "deploy/AwaitingApproval"


async def order(theatre: Theatre, people: Callable[[str], Person], name: str = "router") -> None:
    """The requester creates it with their own certificate."""
    customer = people("requester")
    theatre.order(name)
    owner = theatre.admin.get("delivery", name, "-n", theatre.tenant)["metadata"]["annotations"]["ptaas.dev/created-by"]
    assert owner == "ada" and customer.tells("explain", name)["next"] in ("Operator", "Cluster")


async def test_from_order_to_delivery_with_the_plugin_alone(theatre: Theatre, people: Callable[[str], Person], tmp_path: Path):
    """Watch it train, see why it waits, be refused as a requester, approve as another, and read the bill."""
    requester, approver = people("requester"), people("approver")
    async with theatre.operator(), theatre.workers() as workers:
        workers.runs.add("train")
        await order(theatre, people)
        await theatre.reaches("progress", lambda seen: seen.status.progress is not None)
        going = requester.tells("watch", "router", "--once")
        assert going["training"]["steps"] == 100 and going["money"]["hourly"] == "0.1" and going["over"] is False
        assert "step " in requester.says("watch", "router", "--once")
        workers.runs.clear()
        await theatre.reaches("the gate", at_the_gate)
        why = requester.tells("explain", "router")
        assert (why["stage"], why["reason"], why["next"]) == ("deploy", "AwaitingApproval", "Approver")
        await the_gate(theatre, requester, approver)
        done = await theatre.reaches("delivery", delivered)
    the_page(theatre, requester, tmp_path)
    bill = requester.tells("cost", "router")
    assert (bill["billed"], bill["spent"]) == ("0.0075", "0.0075") and len(bill["lines"]) == 2
    assert requester.tells("explain", "router")["next"] == "Nobody"
    assert "0.0075 USD" in requester.says("cost", "router") and done.status.approval.approved_by == "approver"


def the_page(theatre: Theatre, requester: Person, folder: Path) -> None:
    """Whole for who may read the papers; for who may not, all but the papers and the curves among them."""
    file = folder / "router.html"
    only = ("--verb=get,list,watch", "--resource=deliveries.ptaas.dev", "-n", theatre.tenant)
    theatre.admin.ok("create", "role", "looks", *only)
    theatre.admin.ok("create", "rolebinding", "looks", "--role=looks", "--user=clerk", "-n", theatre.tenant)
    clerk = Person(requester.kubectl, Path(theatre.admin.kubeconfig), theatre.tenant)
    bare = clerk.run("report", "router", "-f", str(file), "--as", "clerk")
    assert bare.returncode == 0 and "Without card, certificate and bill: " in bare.stderr and "forbidden" in bare.stderr
    assert 'id="verdicts"' in file.read_text() and 'id="papers"' not in file.read_text()
    assert requester.says("report", "router", "-f", str(file)) == f"{file}\n"
    page = file.read_text()
    assert 'id="papers"' in page and page.count('class="probe"') == 6 and "billed 0.0075" in page
    assert len(requester.tells("report", "router")["curves"]["loss"]) == 100


async def the_gate(theatre: Theatre, requester: Person, approver: Person) -> None:
    """Shown first; refused to the one by the API server's own sentence, done by the other."""
    seen = await theatre.delivery()
    asked = approver.tells("approve", "router", "--show")
    assert asked["digest"] == seen.status.approval.digest and asked["cost"] == "0.0075"
    assert "nobody is there to ask" in approver.run("approve", "router").stderr
    status, screen = approver.in_terminal("approve", "router", typed="n\n")
    assert status == 1 and asked["digest"] in screen and "Approve exactly this? [y/N]" in screen
    refused = requester.run("approve", "router", "--yes")
    assert refused.returncode == 1 and "requester lacks the verb approve on deliveries" in refused.stderr
    assert refused.stderr.count("\n") == 1 and "Traceback" not in refused.stderr
    assert "ptaas.dev/approve" not in theatre.admin.get("delivery", "router", "-n", theatre.tenant)["metadata"]["annotations"]
    assert approver.tells("approve", "router", "--yes", "--reason", "read the audit")["approved"] is True
    again = approver.run("approve", "router", "--yes")
    assert again.returncode == 1, "one person is one approval"


async def test_a_watch_ends_with_the_delivery(theatre: Theatre, people: Callable[[str], Person]):
    """Status 0 when it was delivered; a screen on a terminal, a line a change in a pipe, and JSON a line."""
    requester = people("requester")
    async with theatre.operator(), theatre.workers():
        await order(theatre, people)
        command = requester.command("watch", "router")
        text = await piped(requester, command)
        machine = await piped(requester, [*command, "-o", "json"])
        screen = asyncio.create_task(asyncio.to_thread(requester.in_terminal, "watch", "router"))
        theatre.approve(await theatre.reaches("the gate", at_the_gate))
        (out, _), (objects, _) = await asyncio.gather(text.communicate(), machine.communicate())
        status, shown = await screen
    assert text.returncode == machine.returncode == status == 0
    assert "CardIssued" in shown and "of 40 USD" in shown
    lines = out.decode().splitlines()
    assert [line.split()[0] for line in lines if " pass " in line] == [
        "intake", "plan", "config", "schedule", "train", "eval", "register", "cost", "deploy", "card"
    ]  # fmt: skip
    last = json.loads(objects.decode().splitlines()[-1])
    assert last["delivered"] is True and last["stages"][-1]["reason"] == "CardIssued"


async def piped(person: Person, command: list[str]) -> asyncio.subprocess.Process:
    """A watch into a pipe."""
    return await asyncio.create_subprocess_exec(
        *command, env=person.environment(), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )


async def test_a_rejection_needs_the_verb_and_says_why(theatre: Theatre, people: Callable[[str], Person]):
    """Recorded with the reason, and the delivery waits for its driver."""
    requester, approver = people("requester"), people("approver")
    async with theatre.operator(), theatre.workers():
        await order(theatre, people)
        await theatre.reaches("the gate", at_the_gate)
        assert requester.run("reject", "router", "--yes", "--reason", "no").returncode == 1
        done = approver.tells("reject", "router", "--yes", "--reason", "the desk closes")
        assert done["rejected"] is True
        seen = await theatre.reaches("rejection", lambda seen: reason(seen, "Deployed") == "ApprovalRejected")
        assert seen.status.approval.closed.by == "approver"
        why = requester.tells("explain", "router")
    assert (why["reason"], why["next"]) == ("ApprovalRejected", "Driver") and "the desk closes" in why["message"]
    assert why["command"].startswith("kubectl annotate delivery router")


async def test_completion_and_errors_come_from_the_cluster(theatre: Theatre, people: Callable[[str], Person]):
    """kubectl's own completion asks the plugin; what is not there is said in one line."""
    requester = people("requester")
    theatre.order("router")
    theatre.order("second")
    program = str(Path(sys.executable).parent / "kubectl_complete-delivery")

    async def names() -> str | None:
        done = subprocess.run(
            [program, "explain", "-n", theatre.tenant, ""], env=requester.environment(), capture_output=True, text=True
        )
        return done.stdout if "router" in done.stdout else None

    assert (await eventually(names, "names", 10)).splitlines() == ["router", "second", ":4"]
    absent = requester.run("explain", "absent")
    assert absent.returncode == 1 and 'deliveries.ptaas.dev "absent" not found' in absent.stderr
    early = requester.run("approve", "router")
    assert "router asks for no approval: it stands at intake; see explain" in early.stderr
    assert "has no certificate yet; see explain" in requester.run("verify", "router", "--key", "x").stderr


async def test_a_signed_delivery_is_verified_against_its_registry(
    theatre: Theatre, people: Callable[[str], Person], tmp_path: Path
):
    """By who ordered it, with no right to any ConfigMap; another key is a failure, and a key that is none bad input."""
    requester, registry = people("requester"), RegistryServer(tmp_path, private=False)
    keys, others = keypair(tmp_path / "keys", "signing"), keypair(tmp_path / "others", "signing")
    registry.start()
    try:
        uri = f"oci://{registry.host}/{REPOSITORY}@{push(registry.host, tmp_path / 'files')}"
        signer = about(uri, signing(lambda: keys, tmp_path))
        async with theatre.workers(router=signer), theatre.operator(DELIVERY_SIGNING_SECRET="signing"):
            theatre.order(spec__output={"repository": f"oci://{registry.host}/{REPOSITORY}", "insecure": True})
            theatre.approve(await theatre.reaches("the gate", at_the_gate))
            await theatre.reaches("delivery", delivered)
        verify = ("verify", "router", "--insecure", "--key")
        assert requester.tells(*verify, str(keys / "signing.pub"))["verdict"] == "Pass"
        assert requester.run(*verify, str(others / "signing.pub")).returncode == 1
        assert requester.run(*verify, str(tmp_path / "absent.pub")).returncode == 64
        await outlived(theatre, requester, keys / "signing.pub")
    finally:
        registry.stop()


async def outlived(theatre: Theatre, requester: Person, key: Path) -> None:
    """A delivery that was deleted is verified by its ModelVersion; its certificate is found from there."""
    (version,) = theatre.admin.get("modelversions", "-n", theatre.tenant)["items"]
    theatre.admin.ok("annotate", "delivery", "router", "-n", theatre.tenant, "ptaas.dev/stop-production=yes")
    theatre.admin.ok("delete", "delivery", "router", "-n", theatre.tenant)
    told = requester.tells("verify", f"modelversion/{version['metadata']['name']}", "--insecure", "--key", str(key))
    (record,) = (one for one in told["checks"] if one["name"] == "record")
    assert told["verdict"] == "Pass" and record["message"].count("DeliveryCertificate") == 1
