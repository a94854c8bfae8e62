"""Who gives money and who says how it stands; and that deleting what serves says first what it would do."""

from typing import Any

import pytest

from tests.chart.conftest import Tenant
from tests.chart.test_drive import patch

pytestmark = pytest.mark.cluster
SERVES = {"url": "http://router-1.acme-ptaas.svc:8000/v1", "model": "router", "readyReplicas": 2}


def budget(**spec: Any) -> dict[str, Any]:
    made = {"limit": "100", **spec}
    return {"apiVersion": "ptaas.dev/v1alpha1", "kind": "DeliveryBudget", "metadata": {"name": "team"}, "spec": made}


def paid(tenant: Tenant) -> None:
    """Tom pays; ina may change DeliveryBudgets, as a tool that applies manifests may, and gives no money."""
    tenant.admin.ok("create", "rolebinding", "tom", "-n", tenant.namespace, "--clusterrole=ptaas-treasurer", "--user=tom")
    verbs = "--verb=get,create,update,patch"
    tenant.admin.ok("create", "role", "keeper", "-n", tenant.namespace, verbs, "--resource=deliverybudgets.ptaas.dev")
    tenant.admin.ok("create", "rolebinding", "ina", "-n", tenant.namespace, "--role=keeper", "--user=ina")


def lacks(tenant: Tenant) -> str:
    return (
        f"spec.limit: ina lacks the verb fund on deliverybudgets in {tenant.namespace}; "
        "ask who pays for the namespace (ClusterRole ptaas-treasurer)"
    )


def test_only_who_has_the_verb_fund_gives_a_namespace_money(tenant: Tenant) -> None:
    paid(tenant)
    assert tenant("ina").cannot_create(budget(), "-n", tenant.namespace) == lacks(tenant)
    tenant("tom").create(budget(), "-n", tenant.namespace)
    change = ("patch", "deliverybudget", "team", "-n", tenant.namespace, "--type=merge", "-p")
    for limit in ("200", "50"):
        assert tenant("ina").refused(*change, f'{{"spec":{{"limit":"{limit}"}}}}') == lacks(tenant)
        tenant("tom").ok(*change, f'{{"spec":{{"limit":"{limit}"}}}}')
    tenant("ina").ok(*change, '{"spec":{"warnAt":["0.5"]}}')
    assert "currency never changes" in tenant("tom").refused(*change, '{"spec":{"currency":"EUR"}}')
    assert "cannot patch resource" in tenant("ada").refused(*change, '{"spec":{"limit":"9"}}')


def test_nobody_but_the_operator_says_how_the_money_stands(tenant: Tenant) -> None:
    paid(tenant)
    tenant("tom").create(budget(), "-n", tenant.namespace)
    forged = ("team", "-n", tenant.namespace, "--subresource=status", "--type=merge", "-p", '{"status":{"available":"9"}}')
    said = tenant.admin.refused("patch", "deliverybudget", *forged)
    assert said == "status: only the operator writes it, and kubernetes-admin is not the operator"


def test_the_limit_of_serving_is_raised_by_the_verb_fund_and_nothing_else_of_it_changes(tenant: Tenant) -> None:
    tenant.order(spec__terms__serving={"limit": "5", "timeToLive": "720h"})
    said = tenant("bob").refused(*patch(tenant, {"spec": {"terms": {"serving": {"limit": "9"}}}}))
    assert said.startswith(f"spec.terms.serving.limit: bob lacks the verb fund on deliveries in {tenant.namespace}")
    tenant("ada").ok(*patch(tenant, {"spec": {"terms": {"serving": {"limit": "9"}}}}))
    for change in ({"limit": "1"}, {"timeToLive": "900h"}, {"limit": None}, {"timeToLive": None}, None):
        said = tenant("ada").refused(*patch(tenant, {"spec": {"terms": {"serving": change}}}))
        assert "can only be raised" in said or "serving is the customer's and never changes" in said


def test_deleting_what_serves_says_first_that_it_would_stop_production(tenant: Tenant) -> None:
    tenant.order()
    tenant.write_status(serving=SERVES)
    router = ("delivery", "router", "-n", tenant.namespace)
    said = tenant("ada").refused("delete", *router, "--wait=false")
    assert said == (
        f"Delivery router serves: deleting it takes down {SERVES['url']} (2 ready); if that is meant: kubectl annotate "
        f"delivery -n {tenant.namespace} router ptaas.dev/stop-production=yes, and delete it then"
    )
    tenant("ada").ok("annotate", *router, "ptaas.dev/stop-production=yes")
    tenant("ada").ok("delete", *router, "--wait=false")


def test_what_does_not_serve_is_deleted_without_a_question(tenant: Tenant) -> None:
    tenant.order()
    tenant.write_status(serving={**SERVES, "readyReplicas": 0})
    tenant("ada").ok("delete", "delivery", "router", "-n", tenant.namespace)


def test_who_may_not_delete_does_not_say_that_it_may_be_stopped(tenant: Tenant) -> None:
    tenant.order()
    said = tenant("eve").refused(*patch(tenant, {"metadata": {"annotations": {"ptaas.dev/stop-production": "yes"}}}))
    assert said.startswith("spec, labels or annotations: eve lacks the verb update")
