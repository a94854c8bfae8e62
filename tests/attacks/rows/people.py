"""Being somebody else, and taking the gate away."""

from tests.attacks.attack import REQUEST, Attack, asks, made, rbac
from tests.chart.objects import model_version

POLICIES = "admissionregistration.k8s.io"


def cluster(user: str, verb: str, resource: str, group: str) -> str:
    """What RBAC says of what lies in no namespace."""
    return f'User "{user}" cannot {verb} resource "{resource}" in API group "{group}" at the cluster scope'


def grants(user: str, groups: str, verbs: str) -> str:
    """What RBAC says to who gives away more than they hold."""
    return (
        f'user "{user}" (groups=[{groups}]) is attempting to grant RBAC permissions not currently held:\n'
        f'{{APIGroups:["ptaas.dev"], Resources:["deliveries"], Verbs:[{verbs}]}}'
    )


OPERATOR = "system:serviceaccount:delivery-system:delivery-operator"
APPROVE = f"annotate delivery router -n $tenant ptaas.dev/approve={REQUEST}"
MARK = (
    "metadata.labels[ptaas.dev/work-namespace]: only the operator marks "
    "its namespaces, and kubernetes-admin is not the operator"
)
ROWS: tuple[Attack, ...] = (
    asks(
        "the driver impersonates an approver",
        "driver",
        APPROVE,
        "--as=eve",
        refused=(
            'User "driver" cannot impersonate-on:user-info:get resource '
            '"deliveries" in API group "ptaas.dev" in the namespace "$tenant"'
        ),
        by="RBAC",
    ),
    asks(
        "the driver impersonates the operator",
        "driver",
        APPROVE,
        f"--as={OPERATOR}",
        refused=(
            'User "driver" cannot impersonate-on:serviceaccount:get resource '
            '"deliveries" in API group "ptaas.dev" in the namespace "$tenant"'
        ),
        by="RBAC",
    ),
    asks(
        "the driver impersonates a kubelet",
        "driver",
        "get pods -n $work --as=system:node:node-1 --as-group=system:nodes",
        refused=cluster("driver", "impersonate", "users", ""),
        by="RBAC",
    ),
    asks(
        "the tenant's admin binds the approver's role to a friend",
        "tad",
        "create rolebinding friend -n $tenant --clusterrole=ptaas-approver --user=mallory",
        refused=grants("tad", '"system:authenticated"', '"get" "list" "watch" "patch" "approve" "reject" "expire" "revoke"')
        + '\n{APIGroups:["ptaas.dev"], Resources:["deliverycertificates"], Verbs:["get" "list" "watch"]}'
        + '\n{APIGroups:["ptaas.dev"], Resources:["modelversions"], Verbs:["get" "list" "watch"]}',
        by="RBAC",
    ),
    asks(
        "the tenant's admin makes a role with the verb approve",
        "tad",
        "create role mine -n $tenant --verb=approve,patch --resource=deliveries.ptaas.dev",
        refused=grants("tad", '"system:authenticated"', '"approve" "patch"'),
        by="RBAC",
    ),
    asks(
        "the tenant's admin binds a role in the work namespace",
        "tad",
        "create rolebinding friend -n $work --clusterrole=view --user=mallory",
        refused=rbac("tad", "create", "rolebindings", "$work", "rbac.authorization.k8s.io"),
        by="RBAC",
    ),
    asks(
        "the operator hands out the approver's role",
        "operator",
        "create rolebinding friend -n $work --clusterrole=ptaas-approver --user=mallory",
        refused=grants(
            OPERATOR,
            '"system:serviceaccounts" "system:serviceaccounts:delivery-system" "system:authenticated"',
            '"approve" "reject" "expire" "revoke"',
        ),
        by="RBAC",
    ),
    asks(
        "the tenant's admin deletes a policy",
        "tad",
        "delete validatingadmissionpolicy ptaas-approve",
        refused=cluster("tad", "delete", "validatingadmissionpolicies", POLICIES),
        by="RBAC",
    ),
    asks(
        "the tenant's admin deletes a binding",
        "tad",
        "delete validatingadmissionpolicybinding ptaas-approve",
        refused=cluster("tad", "delete", "validatingadmissionpolicybindings", POLICIES),
        by="RBAC",
    ),
    asks(
        "the operator has a policy only warn",
        "operator",
        'patch validatingadmissionpolicybinding ptaas-approve --type=merge -p \'{"spec":{"validationActions":["Warn"]}}\'',
        refused=cluster(OPERATOR, "get", "validatingadmissionpolicybindings", POLICIES),
        by="RBAC",
    ),
    asks(
        "the tenant's admin unmarks the work namespace",
        "tad",
        "label namespace $work ptaas.dev/work-namespace-",
        refused='User "tad" cannot get resource "namespaces" in API group "" in the namespace "$work"',
        by="RBAC",
    ),
    asks(
        "a cluster admin unmarks the work namespace",
        "root",
        "label namespace $work ptaas.dev/work-namespace-",
        refused=MARK,
        by="ptaas-work-namespaces",
    ),
    asks(
        "a cluster admin marks another namespace, to judge there",
        "root",
        "label namespace $tenant ptaas.dev/work-namespace=true",
        refused=MARK,
        by="ptaas-work-namespaces",
    ),
    made(
        "a record of a model that never passed",
        "root",
        model_version(),
        "ModelVersion: only the operator writes it, and kubernetes-admin is not the operator",
        "ptaas-status",
        "$tenant",
    ),
    made(
        "a record of a model that never passed, by the tenant's admin",
        "tad",
        model_version(),
        rbac("tad", "create", "modelversions", "$tenant", "ptaas.dev"),
        "RBAC",
        "$tenant",
    ),
    made(
        "a record of a model, by a second operator",
        "second",
        model_version(),
        "ModelVersion: only the operator writes it, and system:serviceaccount:$tenant:delivery-operator is not the operator",
        "ptaas-status",
        "$tenant",
    ),
    asks(
        "a second operator creates work",
        "second",
        "create service clusterip x --tcp=80 -n $work",
        refused="services: only the operator decides what runs in the work namespace $work, and "
        "system:serviceaccount:$tenant:delivery-operator is not the operator; change the Delivery instead",
        by="ptaas-children",
    ),
    asks(
        "the operator works in a tenant's namespace",
        "operator",
        "create service clusterip x --tcp=80 -n $tenant",
        refused="services: the operator writes in its work namespaces only, and $tenant is none of them",
        by="ptaas-operator",
    ),
)
