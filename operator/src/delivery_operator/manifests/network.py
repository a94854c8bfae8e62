"""NetworkPolicies of a work namespace, for every pod there is: who may ask a server, and what no pod may reach.

They hold where the cluster's network plugin enforces them; a plain bridge network does not.
"""

from typing import Any

from delivery_api import names
from delivery_api.stages import Stage

PORT = 8000
SERVERS = {"matchLabels": {"ptaas.dev/serves": "true"}}
METADATA = {"0.0.0.0/0": ["169.254.169.254/32", "169.254.170.0/24"], "::/0": ["fd00:ec2::254/128"]}
"""Everywhere, but where clouds hand out the credentials of the machine: a base model's own code must not take them."""


def policies(tenant: str) -> dict[str, dict[str, Any]]:
    """Name to spec. Nothing comes in but questions to the servers, by tenant and verifier, and what trains together."""
    asked_by = [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": tenant}}},
        {"podSelector": {"matchLabels": {names.STAGE: str(Stage.DEPLOY)}}},
    ]
    questions = {"from": asked_by, "ports": [{"protocol": "TCP", "port": PORT}]}
    outside = [{"ipBlock": {"cidr": cidr, "except": hidden}} for cidr, hidden in METADATA.items()]
    peers = {"matchLabels": {names.STAGE: str(Stage.TRAIN)}}
    return {
        "deny-ingress": {"podSelector": {}, "policyTypes": ["Ingress"]},
        "questions-to-servers": {"podSelector": SERVERS, "policyTypes": ["Ingress"], "ingress": [questions]},
        # Processes of one training run agree on their ports as they start.
        "peers-in-training": {
            "podSelector": peers,
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"podSelector": peers}]}],
        },
        # Some network plugins do not count pods as addresses, so the cluster is named beside them.
        "no-credentials-of-nodes": {
            "podSelector": {},
            "policyTypes": ["Egress"],
            "egress": [{"to": [{"namespaceSelector": {}}, *outside]}],
        },
    }
