"""Why no node takes a pod: which label, taint or resource is missing, said without counters that move."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from delivery_api.accelerator import AcceleratorClassSpec, Toleration
from delivery_operator.manifests.pod import PodPlan, node_selector, resources
from delivery_operator.observed import Node, Observed
from delivery_oracle.configurator.layout import Room

_SUFFIX: dict[str, Decimal] = {
    "m": Decimal("0.001"),
    **{letter: Decimal(1000) ** (place + 1) for place, letter in enumerate("kMGTPE")},
    **{f"{letter}i": Decimal(1024) ** (place + 1) for place, letter in enumerate("KMGTPE")},
}


def amount(quantity: str) -> Decimal:
    """A Kubernetes quantity as a number."""
    for suffix in sorted(_SUFFIX, key=len, reverse=True):
        if quantity.endswith(suffix):
            return Decimal(quantity.removesuffix(suffix)) * _SUFFIX[suffix]
    return Decimal(quantity)


def _tolerated(node: Node, tolerations: Iterable[Toleration]) -> bool:
    def accepts(one: Toleration, key: str, value: str, effect: str) -> bool:
        if one.effect not in (None, effect) or one.key not in (None, key):
            return False
        return one.operator == "Exists" or one.key is None or (one.value or "") == value

    hard = [taint for taint in node.taints if taint[2] != "PreferNoSchedule"]
    given = tuple(tolerations)
    return all(any(accepts(one, *taint) for one in given) for taint in hard)


def what_is_missing(plan: PodPlan, nodes: tuple[Node, ...]) -> str | None:
    """What keeps the pod off every node, in words; None when one could take it once it has room."""
    labelled = list(nodes)
    for key, value in sorted(node_selector(plan.accelerator, plan.region).items()):
        labelled = [node for node in labelled if node.labels.get(key) == value]
        if not labelled:
            return f"no node has the label {key}={value}"
    usable = [node for node in labelled if node.usable]
    if not usable:
        return "no node is ready" if labelled else "the cluster has no node"
    accelerator: AcceleratorClassSpec | None = plan.accelerator
    open_to_us = [node for node in usable if _tolerated(node, accelerator.tolerations if accelerator else ())]
    if not open_to_us:
        taint = next(taint for node in usable for taint in node.taints if taint[2] != "PreferNoSchedule")
        return f"every fitting node has a taint that the accelerator class does not tolerate, such as {taint[0]}:{taint[2]}"
    return _lacking(resources(plan)["requests"], open_to_us)


def rooms(observed: Observed) -> dict[str, Room]:
    """Accelerators that the nodes of each class have, in use or not; nodes are told by the class's labels, such as those that
    NVIDIA's GPU feature discovery writes."""
    region = observed.spec.terms.handling.region
    return {name: _room(spec, region, observed.nodes) for name, spec in observed.classes.items()}


def _room(spec: AcceleratorClassSpec, region: str | None, nodes: tuple[Node, ...]) -> Room:
    wanted = node_selector(spec, region).items()
    open_to_us = [node for node in nodes if node.usable and _tolerated(node, spec.tolerations)]
    fitting = [node for node in open_to_us if all(node.labels.get(key) == value for key, value in wanted)]
    one = amount(spec.resource_quantity) or Decimal(1)
    have = (int(amount(node.allocatable.get(spec.resource, "0")) / one) for node in fitting)
    return Room(tuple(sorted((number for number in have if number), reverse=True)))


def _lacking(requests: Mapping[str, str], nodes: list[Node]) -> str | None:
    for resource, quantity in sorted(requests.items()):
        most = max(amount(node.allocatable.get(resource, "0")) for node in nodes)
        if most < amount(quantity):
            return f"the pod needs {resource}={quantity} and the largest fitting node has {most.normalize():f}"
    return None
