"""CRDs from the types, with CEL rules and printer columns.

The API server refuses what it can. Rules that compare with the old object sit on the parent, so
that an optional field cannot be dropped and added again with another value.
"""

from pydantic import BaseModel

from delivery_api.accelerator import AcceleratorClass
from delivery_api.budget import DeliveryBudget
from delivery_api.certificate import DeliveryCertificate
from delivery_api.delivery import Delivery
from delivery_api.model import GROUP, VERSION
from delivery_api.modelversion import ModelVersion
from delivery_api.sources import PINNED_MESSAGE, PINNED_RULE
from delivery_api.structural import Schema, schema_of


def _rule(rule: str, message: str) -> Schema:
    return {"rule": rule, "message": message}


def _same(path: str, what: str) -> Schema:
    return _rule(f"self.{path} == oldSelf.{path}", f"{path} is the customer's and never changes: {what}")


Column = tuple[str, str, str, int, str]
"""Name, type, path, priority, description."""

TERMS_RULES = [
    _same("ticket", "create another Delivery"),
    _same("data", "create another Delivery"),
    _same("acceptance", "create another Delivery"),
    _same("handling", "create another Delivery"),
    _same("budget.currency", "create another Delivery"),
    _rule(
        "quantity(self.budget.limit).compareTo(quantity(oldSelf.budget.limit)) >= 0",
        "budget.limit can only be raised, by who has the verb fund",
    ),
    _rule(
        "has(self.serving) == has(oldSelf.serving) && (!has(self.serving) || ("
        "has(self.serving.limit) == has(oldSelf.serving.limit) && "
        "has(self.serving.timeToLive) == has(oldSelf.serving.timeToLive) && "
        "(!has(self.serving.timeToLive) || self.serving.timeToLive == oldSelf.serving.timeToLive)))",
        "serving is the customer's and never changes, but for a limit that is raised: create another Delivery",
    ),
    _rule(
        "!has(self.serving) || !has(self.serving.limit) || !has(oldSelf.serving) || !has(oldSelf.serving.limit) || "
        "quantity(self.serving.limit).compareTo(quantity(oldSelf.serving.limit)) >= 0",
        "serving.limit can only be raised, by who has the verb fund",
    ),
]
SPEC_RULES = [
    _same("base", "create another Delivery"),
    _same("output", "create another Delivery"),
    _rule(
        "self.approval.required >= oldSelf.approval.required",
        "approval.required can only be raised: who drives does not loosen the gate",
    ),
    _rule(
        "has(self.approval.groups) == has(oldSelf.approval.groups) && "
        "(!has(self.approval.groups) || self.approval.groups == oldSelf.approval.groups)",
        "approval.groups never changes: who drives does not choose who approves",
    ),
]
COLUMNS: list[Column] = [
    ("Stage", "string", ".status.stage", 0, "First stage that has not passed"),
    ("State", "string", ".status.state", 0, "Reason of that stage"),
    ("Gain", "string", ".status.gain", 0, "Gain over the base"),
    ("Cost", "string", ".status.cost.amount", 0, "Spent"),
    ("Budget", "string", ".spec.terms.budget.limit", 0, "Limit"),
    ("Age", "date", ".metadata.creationTimestamp", 0, "Age"),
    ("Step", "integer", ".status.progress.step", 1, "Optimizer steps done"),
    ("Message", "string", ".status.message", 1, "One sentence"),
]


def _crd(kind: type[BaseModel], plural: str, scope: str, short: str, schema: Schema, columns: list[Column]) -> Schema:
    name = kind.__name__
    printed = [
        {"name": title, "type": of, "jsonPath": path, "priority": priority, "description": about}
        for title, of, path, priority, about in columns
    ]
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "names": {
                "kind": name,
                "listKind": f"{name}List",
                "plural": plural,
                "singular": name.lower(),
                "categories": ["ptaas"],
                "shortNames": [short],
            },
            "scope": scope,
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": schema},
                    **_with_status(schema),
                    "additionalPrinterColumns": printed,
                }
            ],
        },
    }


def _with_status(schema: Schema) -> Schema:
    """A kind with a status has it as a subresource, and its conditions merge by type under server-side apply."""
    if "status" not in schema["properties"]:
        return {}
    conditions = schema["properties"]["status"]["properties"]["conditions"]
    conditions |= {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}
    return {"subresources": {"status": {}}}


def delivery_crd() -> Schema:
    """CRD of `Delivery`."""
    schema = schema_of(Delivery)
    schema["x-kubernetes-validations"] = [
        _rule("size(self.metadata.name) <= 200", "metadata.name: at most 200 characters"),
    ]
    spec = schema["properties"]["spec"]
    spec["x-kubernetes-validations"] = SPEC_RULES
    terms = spec["properties"]["terms"]
    terms["x-kubernetes-validations"] = TERMS_RULES
    for source in (*terms["properties"]["data"]["properties"].values(), spec["properties"]["base"]):
        source["x-kubernetes-validations"] = [_rule(PINNED_RULE, PINNED_MESSAGE)]
    return _crd(Delivery, "deliveries", "Namespaced", "dlv", schema, COLUMNS)


def accelerator_class_crd() -> Schema:
    """CRD of `AcceleratorClass`."""
    rows: list[Column] = [
        ("Resource", "string", ".spec.resource", 0, "Resource a pod asks for"),
        ("Memory", "integer", ".spec.memoryBytes", 0, "Bytes"),
        ("Price", "string", ".spec.pricePerHour", 0, "Per hour"),
        ("Currency", "string", ".spec.currency", 0, "Currency"),
    ]
    return _crd(AcceleratorClass, "acceleratorclasses", "Cluster", "acc", schema_of(AcceleratorClass), rows)


def model_version_crd() -> Schema:
    """CRD of `ModelVersion`."""
    schema = schema_of(ModelVersion)
    schema["x-kubernetes-validations"] = [_rule("self.spec == oldSelf.spec", "a ModelVersion never changes")]
    rows: list[Column] = [
        ("Delivery", "string", ".spec.delivery", 0, "Where it came from"),
        ("Base", "string", ".spec.evaluation.base", 0, "Score of the base"),
        ("Candidate", "string", ".spec.evaluation.candidate", 0, "Score of this"),
        ("Artifact", "string", ".spec.artifact", 1, "Digest"),
        ("Age", "date", ".metadata.creationTimestamp", 0, "Age"),
    ]
    return _crd(ModelVersion, "modelversions", "Namespaced", "mv", schema, rows)


def delivery_budget_crd() -> Schema:
    """CRD of `DeliveryBudget`."""
    schema = schema_of(DeliveryBudget)
    schema["properties"]["spec"]["x-kubernetes-validations"] = [
        _rule("self.currency == oldSelf.currency", "currency never changes: create another DeliveryBudget"),
    ]
    rows: list[Column] = [
        ("Limit", "string", ".spec.limit", 0, "Most that may be spent"),
        ("Spent", "string", ".status.spent", 0, "Spent by all Deliveries"),
        ("Reserved", "string", ".status.reserved", 0, "Set aside and not spent"),
        ("Available", "string", ".status.available", 0, "Left for new Deliveries"),
        ("Burn", "string", ".status.burn", 0, "Per hour, now"),
        ("Currency", "string", ".spec.currency", 1, "Currency"),
        ("Age", "date", ".metadata.creationTimestamp", 0, "Age"),
    ]
    return _crd(DeliveryBudget, "deliverybudgets", "Namespaced", "dlvb", schema, rows)


def certificate_crd() -> Schema:
    """CRD of `DeliveryCertificate`."""
    rows: list[Column] = [
        ("Delivery", "string", ".spec.delivery", 0, "What it is about"),
        ("Key", "string", ".spec.keyId", 0, "Key that it was signed with"),
        ("Artifact", "string", ".spec.artifact", 1, "What was signed"),
        ("Age", "date", ".metadata.creationTimestamp", 0, "Age"),
    ]
    return _crd(DeliveryCertificate, "deliverycertificates", "Namespaced", "dcert", schema_of(DeliveryCertificate), rows)


def all_crds() -> dict[str, Schema]:
    """File name to CRD."""
    made = (delivery_crd(), accelerator_class_crd(), model_version_crd(), delivery_budget_crd(), certificate_crd())
    return {f"{one['metadata']['name'].split('.')[0]}.yaml": one for one in made}
