"""Evidence too large for a ConfigMap is read from the registry, and believed by its digest only."""

import base64
import json

import pytest

from delivery_api.digests import sha256
from delivery_operator.cluster import overflow
from delivery_operator.cluster.login import NOBODY, Login, of_secret
from tests.support.registry import HER, Registry, basic, bearer, running

TEXT = json.dumps({"kind": "Train", "big": "x" * 2_000_000})


@pytest.fixture(autouse=True)
def forgotten():
    overflow._texts.clear()


async def fetched(registry: Registry, login: Login = NOBODY, digest: str = "") -> str | None:
    """What is read of a text that was put there."""
    reference = registry.put(TEXT)

    async def ask(host: str) -> Login:
        assert host == registry.host
        return login

    return await overflow.fetch(reference, digest or sha256(TEXT), registry.repository, (registry.host,), ask)


async def test_the_text_is_fetched_and_kept():
    async with running() as registry:
        assert await fetched(registry) == TEXT
    assert await fetched(registry) == TEXT


async def test_a_text_of_another_digest_is_no_evidence():
    """Whoever holds the registry cannot say what the worker saw."""
    async with running() as registry:
        assert await fetched(registry, digest=sha256("something else")) is None


@pytest.mark.parametrize("guard", [basic, bearer])
async def test_a_private_registry_is_read_with_the_credential_of_the_output(guard):
    """Most output repositories are private."""
    async with running(guard) as registry:
        assert await fetched(registry) is None
        assert await fetched(registry, Login("ada", "wrong")) is None
        assert await fetched(registry, HER) == TEXT


async def test_a_token_is_shown_as_it_is():
    async with running(bearer) as registry:
        assert await fetched(registry, Login(token="t0ken")) == TEXT


@pytest.mark.parametrize(
    "where",
    ["http://x/y", "oci://127.0.0.1:1/acme/models@sha256:" + "a" * 64, "oci://evil.example/acme/models@sha256:" + "a" * 64,
     "oci://127.0.0.1:1/acme/models-evil@sha256:" + "a" * 64],
)  # fmt: skip
async def test_what_cannot_be_had_or_is_elsewhere_is_none(where: str):
    """A worker that was taken over could otherwise have the operator carry a credential to any address."""

    async def ask(host: str) -> Login:
        assert host == "127.0.0.1:1", "a credential for another host"
        return NOBODY

    assert await overflow.fetch(where, sha256(TEXT), "oci://127.0.0.1:1/acme/models", ("127.0.0.1:1",), ask) is None


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("data", "login"),
    [
        pytest.param({"username": "u", "password": "p"}, Login("u", "p"), id="user and password"),
        pytest.param({"token": "t"}, Login(token="t"), id="token"),
        pytest.param({".dockerconfigjson": '{"auths":{"r:5":{"auth":"dTpw"}}}'}, Login("u", "p"), id="docker config"),
        pytest.param(
            {"config.json": '{"auths":{"https://r:5":{"username":"u","password":"p"}}}'}, Login("u", "p"), id="in words"
        ),
        pytest.param({".dockerconfigjson": '{"auths":{"other":{"auth":"dTpw"}}}'}, NOBODY, id="of another host"),
        pytest.param({".dockerconfigjson": "no json"}, NOBODY, id="no docker config"),
        pytest.param({}, NOBODY, id="nothing"),
    ],
)
def test_a_secret_is_read_as_workers_read_it(data: dict[str, str], login: Login):
    assert of_secret({"data": {key: coded(value) for key, value in data.items()}}, "r:5") == login
