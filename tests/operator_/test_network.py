"""NetworkPolicies as rendered, against every pod that a delivery makes. Whether a network enforces them is its own affair."""

from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from delivery_operator.manifests import namespace, network
from tests.support.fake import FakeCluster

POLICIES = {
    one["metadata"]["name"]: one["spec"] for one in namespace.furniture("acme-ptaas", "acme") if one["kind"] == "NetworkPolicy"
}
Labels = dict[str, str]


def selects(selector: dict[str, Any], labels: Labels) -> bool:
    """As Kubernetes does, for matchLabels."""
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())


def rules(labels: Labels, direction: str) -> list[dict[str, Any]] | None:
    """What is let through; None where no policy is about this pod, and so everything is."""
    about = [spec for spec in POLICIES.values() if direction in spec["policyTypes"] and selects(spec["podSelector"], labels)]
    return [rule for spec in about for rule in spec.get(direction.lower(), ())] if about else None


def may_ask(labels: Labels, port: int, tenant: str = "", pod: Labels | None = None) -> bool:
    """Whether somebody of another namespace, or a pod of the same, reaches a port."""
    for rule in rules(labels, "Ingress") or ():
        if "ports" in rule and not any(one["port"] == port for one in rule["ports"]):
            continue
        for peer in rule["from"]:
            if (
                "namespaceSelector" in peer
                and tenant
                and selects(peer["namespaceSelector"], {"kubernetes.io/metadata.name": tenant})
            ):
                return True
            if "podSelector" in peer and pod is not None and selects(peer["podSelector"], pod):
                return True
    return False


def may_reach(labels: Labels, address: str) -> bool:
    """Whether a pod reaches an address outside the cluster."""
    where = ip_address(address)
    blocks = [peer["ipBlock"] for rule in rules(labels, "Egress") or () for peer in rule["to"] if "ipBlock" in peer]
    return any(
        where in ip_network(block["cidr"]) and not any(where in ip_network(hidden) for hidden in block["except"])
        for block in blocks
    )


@pytest.fixture
async def pods() -> dict[str, Labels]:
    """Labels of every pod of a delivery, by Deployment or Job and its stage."""
    done = await FakeCluster().go_on()
    kserve = await FakeCluster(apis=frozenset({"serving.kserve.io"})).go_on(approve=False)
    kserve.approve()
    await kserve.settle()
    found = {
        name: raw["spec"]["template"]["metadata"]["labels"]
        for name, raw in done.objects.items()
        if "template" in raw.get("spec", {})
    }
    predictors = {
        name: raw["spec"]["predictor"]["labels"] for name, raw in kserve.objects.items() if raw["kind"] == "InferenceService"
    }
    assert len(found) == 5 and len(predictors) == 1
    return found | predictors


def is_server(name: str) -> bool:
    return not name.startswith("Job/")


async def test_every_pod_has_a_policy_in_both_directions(pods: dict[str, Labels]):
    for name, labels in pods.items():
        assert rules(labels, "Ingress") is not None and rules(labels, "Egress") is not None, name


async def test_only_servers_are_asked_and_only_by_their_tenant_and_the_verifier(pods: dict[str, Labels]):
    """Another tenant's model answers nobody else; a worker, which holds the data, answers nobody."""
    (verifier,) = [labels for name, labels in pods.items() if name.startswith("Job/router-deploy")]
    (trainer,) = [labels for name, labels in pods.items() if name.startswith("Job/router-train")]
    for name, labels in pods.items():
        assert may_ask(labels, network.PORT, tenant="acme") == is_server(name), name
        assert may_ask(labels, network.PORT, pod=verifier) == is_server(name), name
        assert not may_ask(labels, network.PORT, tenant="globex"), name
        assert may_ask(labels, network.PORT, pod=trainer) == name.startswith("Job/router-train"), "its own processes"
        assert not may_ask(labels, 22, tenant="acme"), name


@pytest.mark.parametrize("address", ["169.254.169.254", "169.254.170.23", "fd00:ec2::254"])
async def test_no_pod_reaches_the_credentials_of_its_machine(pods: dict[str, Labels], address: str):
    """A base model can bring code of its own; the machine's role in a cloud is not for it."""
    assert not [name for name, labels in pods.items() if may_reach(labels, address)]


@pytest.mark.parametrize("address", ["140.82.121.3", "10.96.0.1", "169.254.20.10", "2606:4700::1"])
async def test_every_pod_reaches_registries_the_api_server_and_names(pods: dict[str, Labels], address: str):
    """169.254.20.10 is where many clusters answer for names on the node."""
    assert all(may_reach(labels, address) for labels in pods.values())
