"""The key that signs what is delivered, and the requester who confirms with its public half what came of the order."""

import shlex
import sys
from pathlib import Path

from delivery_api import names

from .cluster import Cluster
from .kubectl import Object
from .narrator import DemoError, Narrator
from .order import NAMESPACE
from .shell import Processes, last_words

SECRET = "delivery-signing"
PUBLIC = "delivery.pub"
MADE_SECONDS = 60


def give_key(cluster: Cluster, processes: Processes, narrator: Narrator, folder: Path) -> Path:
    """A new key: its private half goes into the work namespace, once there is one; returns the file of the public half."""
    work = names.work_namespace(NAMESPACE)
    private = processes.check(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"])
    public = folder / PUBLIC
    public.write_text(processes.check(["openssl", "pkey", "-pubout"], stdin=private))
    cluster.admin.text("wait", "--for=create", f"namespace/{work}", f"--timeout={MADE_SECONDS}s")
    cluster.admin.apply(_secret(work, private))
    narrator.say(f"    Secret {SECRET} in {work}; {public.name} is for everybody")
    return public


def _secret(namespace: str, private: str) -> Object:
    metadata = {"name": SECRET, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"key.pem": private}}


def confirm(cluster: Cluster, processes: Processes, narrator: Narrator, name: str, public: Path) -> None:
    """`kubectl delivery verify` as the requester: what was promised, measured, approved and paid."""
    kubectl, *options = cluster.requester.command()
    arguments = ["verify", name, "-n", NAMESPACE, "--key", str(public)]
    arguments += ["--insecure"] if cluster.registry.insecure else []
    narrator.say(f"  requester$ kubectl delivery {shlex.join([*arguments[:5], public.name, *arguments[6:]])}")
    # kubectl finds a plugin on PATH, which need not have this environment.
    plugin = Path(sys.executable).with_name("kubectl-delivery")
    command = ["env", f"KUBECTL={kubectl}", str(plugin), *arguments, *options]
    done = processes.run(command)
    for line in done.out.splitlines():
        narrator.say(f"    {line}")
    if done.code != 0:
        raise DemoError(f"{name} could not be confirmed (exit code {done.code}): {last_words(done.err or done.out)}")
