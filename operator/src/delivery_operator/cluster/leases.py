"""Leases for the election, by the API server's own optimistic lock."""

from typing import Any

from delivery_operator.cluster import paths
from delivery_operator.cluster.client import Api
from delivery_operator.errors import Conflict


class KubeLeases:
    """The Lease of one namespace."""

    def __init__(self, api: Api, namespace: str) -> None:
        self._api, self._namespace = api, namespace

    async def read_lease(self, name: str) -> dict[str, Any] | None:
        """The Lease, or None."""
        return await self._api.get(paths.LEASES.path(self._namespace, name))

    async def create_lease(self, name: str, spec: dict[str, Any]) -> dict[str, Any]:
        """Make it; Conflict when another replica was first."""
        body = {
            "apiVersion": paths.LEASES.api_version,
            "kind": "Lease",
            "metadata": {"name": name, "namespace": self._namespace},
            "spec": spec,
        }
        made = await self._api.make_lease(paths.LEASES.path(self._namespace), body)
        if made is None:
            raise Conflict("Another replica made the Lease first")
        return made

    async def replace_lease(self, lease: dict[str, Any]) -> dict[str, Any]:
        """Renew, take over or release it."""
        path = paths.LEASES.path(self._namespace, lease["metadata"]["name"])
        return await self._api.replace(path, lease, fenced=False)
