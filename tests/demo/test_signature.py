"""The demo's key goes where workers find it, and what it signs is confirmed by the requester, on a real API server."""

import base64
from pathlib import Path

import pytest

from demo import signature
from demo.cluster import Cluster
from demo.kubectl import Kubectl
from demo.narrator import DemoError, Narrator
from demo.push import Registry
from demo.shell import Processes
from tests.images.conftest import RegistryServer
from tests.operator_.conftest import control_plane, theatre
from tests.signing.delivered import REPOSITORY, about, keypair, push, signing
from tests.support.scenes import at_gate, delivered
from tests.support.stage import Theatre

pytestmark = pytest.mark.cluster
__all__ = ["control_plane", "theatre"]


def people(theatre: Theatre, registry: str) -> Cluster:
    """The demo's people on the theatre's control plane; who ordered has the roles that the demo gives, and no more."""
    from demo.prepare import ROLES

    for role in ROLES["requester"]:
        theatre.admin.ok("create", "rolebinding", role, f"--clusterrole={role}", "--user=requester", "-n", theatre.tenant)
    processes, program, base = Processes(), theatre.admin.programs["kubectl"], ["--kubeconfig", str(theatre.admin.kubeconfig)]
    admin = Kubectl(processes, program, base, "admin")
    person = Kubectl(processes, program, [*base, "--as", "requester"], "requester")
    return Cluster(admin, {"requester": person}, [], Registry(registry), None)


def mounted(theatre: Theatre, folder: Path) -> Path:
    """The Secret as the kubelet mounts it."""
    data = theatre.admin.get("secret", signature.SECRET, "-n", theatre.work)["data"]
    (folder / signature.SECRET).mkdir(parents=True)
    for name, value in data.items():
        (folder / signature.SECRET / name).write_bytes(base64.b64decode(value))
    return folder


async def test_what_the_demos_key_signs_is_confirmed_by_who_ordered(
    theatre: Theatre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(signature, "NAMESPACE", theatre.tenant)
    registry = RegistryServer(tmp_path, private=False)
    registry.start()
    narrator = Narrator(tmp_path / "transcript.txt")
    try:
        cluster = people(theatre, registry.host)
        uri = f"oci://{registry.host}/{REPOSITORY}@{push(registry.host, tmp_path / 'files')}"
        signer = about(uri, signing(lambda: mounted(theatre, tmp_path / "keys"), tmp_path))
        async with theatre.workers(router=signer), theatre.operator(DELIVERY_SIGNING_SECRET=signature.SECRET):
            theatre.order(spec__output={"repository": f"oci://{registry.host}/{REPOSITORY}", "insecure": True})
            public = signature.give_key(cluster, Processes(), narrator, tmp_path)
            theatre.approve(await theatre.reaches("the gate", at_gate))
            await theatre.reaches("delivery", delivered)
        signature.confirm(cluster, Processes(), narrator, "router", public)
        other = keypair(tmp_path / "others", "other") / "other.pub"
        with pytest.raises(DemoError, match="could not be confirmed"):
            signature.confirm(cluster, Processes(), narrator, "router", other)
    finally:
        registry.stop()
    assert "    verified\n" in (tmp_path / "transcript.txt").read_text()
