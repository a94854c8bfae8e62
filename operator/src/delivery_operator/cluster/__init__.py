"""The only part that talks to the API server, and the only importer of `kubernetes.aio`."""
