"""What the chart installs: it lints, refuses what is not meant, and what it renders is admitted and understood."""

import json
import re
import subprocess
from typing import Any

import pytest
import yaml

from delivery_api.accelerator import AcceleratorClass
from delivery_api.delivery import DeliverySpec
from delivery_operator.settings import Settings
from tests.chart.kube import CHART, DIGEST, IMAGES, RELEASE, Kube, within

pytestmark = pytest.mark.cluster


NESTED = {"images", "signing", "serviceAccount", "metrics", "policies"}


def render(admin: Kube, *arguments: str) -> list[dict[str, Any]]:
    """All that the chart renders."""
    done = template(admin, *IMAGES, *arguments)
    assert done.returncode == 0, done.stderr
    return [one for one in yaml.safe_load_all(done.stdout) if one]


def template(admin: Kube, *arguments: str) -> subprocess.CompletedProcess[str]:
    """helm template."""
    return admin.helm("template", "ptaas", str(CHART), "--namespace", RELEASE, "--kube-version", "1.36.3", *arguments)


def only(rendered: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    """The one object of a kind."""
    (one,) = [each for each in rendered if each["kind"] == kind]
    return one


def test_the_chart_lints(admin: Kube) -> None:
    done = admin.helm("lint", "--strict", str(CHART), *IMAGES)
    assert done.returncode == 0, done.stdout
    assert "[WARNING]" not in done.stdout and "[ERROR]" not in done.stdout


BAD_VALUES = {
    "an image by tag": (("--set", "images.operator=registry.example/x:latest"), "images/operator"),
    "an unknown value": (("--set", "image.operator=x"), "additional properties 'image' not allowed"),
    "a price as a number": (("--set-json", "acceleratorClasses.cpu.pricePerHour=0.1"), "acceleratorClasses/cpu"),
    "a class without memory": (("--set-json", 'acceleratorClasses.new={"resource":"x"}'), "acceleratorClasses/new"),
    "a person as controller": (("--set", "policies.trustedControllers={eve}"), "trustedControllers/0"),
    "a registry with a scheme": (("--set", "insecureRegistries={http://r}"), "insecureRegistries/0"),
}


@pytest.mark.parametrize("case", BAD_VALUES)
def test_values_that_are_not_meant_are_refused(admin: Kube, case: str) -> None:
    arguments, sentence = BAD_VALUES[case]
    done = template(admin, *IMAGES, *arguments)
    assert done.returncode != 0
    assert sentence in done.stderr


@pytest.mark.parametrize("image", ["operator", "worker", "auditor"])
def test_images_must_be_given(admin: Kube, image: str) -> None:
    done = template(admin, *IMAGES, "--set", f"images.{image}=")
    assert f"images.{image}: give the {image} image by digest (name@sha256:...)" in done.stderr


def test_the_operator_pod_is_restricted(admin: Kube) -> None:
    """Admitted in a namespace that enforces the level, on the real API server."""
    spec = only(render(admin), "Deployment")["spec"]["template"]["spec"]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": spec | {"serviceAccountName": "default"}}
    admin.ok("create", "namespace", "restricted-check")
    try:
        admin.ok("label", "namespace", "restricted-check", "pod-security.kubernetes.io/enforce=restricted")
        within(15, "a service account", lambda: admin.run("get", "sa", "default", "-n", "restricted-check").returncode == 0)
        admin.create(pod, "-n", "restricted-check", "--dry-run=server")
        pod["spec"]["containers"][0].pop("securityContext")
        assert 'violates PodSecurity "restricted:latest"' in admin.cannot_create(
            pod, "-n", "restricted-check", "--dry-run=server"
        )
    finally:
        admin.ok("delete", "namespace", "restricted-check", "--wait=false")


def test_the_operator_knows_each_setting_it_is_given(admin: Kube) -> None:
    """A misspelt variable would be ignored without a word."""
    rendered = render(
        admin, "--set", f"images.workerCuda={DIGEST}", "--set", "insecureRegistries={a:5000,b}", "--set", "signing.secret=key"
    )
    (container,) = only(rendered, "Deployment")["spec"]["template"]["spec"]["containers"]
    env = {one["name"]: one.get("value", "") for one in container["env"]}
    assert {name.removeprefix("DELIVERY_").lower() for name in env} <= set(Settings.model_fields)
    assert (env["DELIVERY_INSECURE_REGISTRIES"], env["DELIVERY_SIGNING_SECRET"]) == ("a:5000,b", "key")
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {
        "metrics": Settings.model_fields["metrics_port"].default,
        "health": Settings.model_fields["health_port"].default,
    }


def test_a_cuda_image_and_a_signing_key_that_are_left_out_are_not_set(admin: Kube) -> None:
    (container,) = only(render(admin), "Deployment")["spec"]["template"]["spec"]["containers"]
    assert not {"DELIVERY_WORKER_IMAGE_CUDA", "DELIVERY_SIGNING_SECRET"} & {one["name"] for one in container["env"]}


def test_metrics_are_reached_through_the_service(admin: Kube) -> None:
    rendered = render(admin)
    service, pod = only(rendered, "Service")["spec"], only(rendered, "Deployment")["spec"]["template"]
    assert service["ports"] == [{"name": "metrics", "port": 8080, "targetPort": "metrics"}]
    assert service["selector"].items() <= pod["metadata"]["labels"].items()


def test_classes_are_what_the_types_say(admin: Kube) -> None:
    classes = {one["metadata"]["name"]: AcceleratorClass.model_validate(one).spec for one in admin_classes(admin)}
    assert set(classes) == {"h200", "a40", "cpu"}
    assert classes["h200"].node_selector == {"nvidia.com/gpu.product": "NVIDIA-H200"}
    assert classes["a40"].node_selector == {"nvidia.com/gpu.product": "NVIDIA-A40"}
    assert (classes["cpu"].image, classes["cpu"].node_selector) == ("cpu", {"ptaas.dev/accelerator": "cpu"})
    assert all("data sheet" in classes[name].source for name in ("h200", "a40"))


def admin_classes(admin: Kube) -> list[dict[str, Any]]:
    """The classes as the API server has them, without what it adds."""
    return [
        {
            "apiVersion": one["apiVersion"],
            "kind": one["kind"],
            "metadata": {"name": one["metadata"]["name"]},
            "spec": one["spec"],
        }
        for one in admin.get("acceleratorclasses")["items"]
    ]


def test_classes_are_changed_added_and_removed_by_values(admin: Kube) -> None:
    new = {
        "resource": "x.example/npu",
        "memoryBytes": 10**11,
        "peakFlops": 10**15,
        "bandwidthBytesPerSecond": 10**12,
        "pricePerHour": "1",
    }
    rendered = render(
        admin, "--set-json", f"acceleratorClasses.npu={json.dumps(new)}", "--set", "acceleratorClasses.a40=null",
        "--set-string", "acceleratorClasses.h200.pricePerHour=2.10",
    )  # fmt: skip
    classes = {one["metadata"]["name"]: one["spec"] for one in rendered if one["kind"] == "AcceleratorClass"}
    assert set(classes) == {"npu", "h200", "cpu"}
    assert (classes["npu"], classes["h200"]["pricePerHour"]) == (new, "2.10")
    assert classes["h200"]["peakFlops"] == 989_500_000_000_000


def test_every_policy_is_understood_and_enforced(admin: Kube) -> None:
    """The API server's type check has nothing to say, and each policy has a binding that denies."""
    policies = admin.get("validatingadmissionpolicies")["items"]
    bindings = {
        one["spec"]["policyName"]: one["spec"]["validationActions"]
        for one in admin.get("validatingadmissionpolicybindings")["items"]
    }
    assert len(policies) >= 11
    for policy in policies:
        name = policy["metadata"]["name"]
        assert not policy.get("status", {}).get("typeChecking", {}).get("expressionWarnings"), name
        assert policy["spec"]["failurePolicy"] == "Fail", name
        assert bindings[name] == ["Deny"], name


def test_the_policies_know_every_field_of_the_driver(admin: Kube) -> None:
    """A field of spec that is neither fixed by the CRD nor counted as driving could be changed by an approver."""
    text = (CHART / "templates/_helpers.tpl").read_text()
    (helper,) = re.findall(r'define "ptaas.sameDrive".*?end }}', text, re.DOTALL)
    counted = set(re.findall(r'"(\w+)"', helper)) | set(re.findall(r"object\.spec\.(\w+)", helper))
    fixed = {"terms", "base", "output"}
    assert set(DeliverySpec.model_json_schema(by_alias=True)["properties"]) == counted | fixed


def test_the_readme_names_every_role_and_policy(admin: Kube) -> None:
    readme = (CHART / "README.md").read_text()
    kinds = ("ClusterRole", "ValidatingAdmissionPolicy", "MutatingAdmissionPolicy")
    named = {one["metadata"]["name"] for one in render(admin) if one["kind"] in kinds}
    assert {name for name in named if f"`{name}`" not in readme} == set()


def test_the_readme_names_every_value() -> None:
    readme = (CHART / "README.md").read_text()
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    paths = {f"{top}.{key}" for top, inner in values.items() if top in NESTED for key in inner} | (set(values) - NESTED)
    assert {path for path in paths if f"`{path}`" not in readme} == set()


def test_notes_say_what_comes_next(admin: Kube) -> None:
    done = admin.helm("get", "notes", "ptaas", "--namespace", RELEASE)
    assert "--clusterrole=ptaas-approver" in done.stdout
    assert "images.workerCuda is empty" in done.stdout


def test_the_operators_pod_is_asked_for_metrics_and_health_only(admin: Kube) -> None:
    """Its token may do much; whoever gets a connection to its pod gets two read-only pages."""
    rendered = render(admin)
    pod = only(rendered, "Deployment")["spec"]["template"]
    policy = only(rendered, "NetworkPolicy")["spec"]
    assert policy["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    ports = {one["port"] for rule in policy["ingress"] for one in rule["ports"]}
    assert ports == {one["name"] for one in pod["spec"]["containers"][0]["ports"]}
    assert set(policy["policyTypes"]) == {"Ingress", "Egress"} and "169.254.169.254/32" in str(policy["egress"])
