"""A real Kubernetes on this machine, without Docker, systemd or a network registry.

Everything the project is tried against runs from here: the control plane and node are the
upstream programs, built from the Go modules in `cluster/go` or installed from Debian. Only the
standard library is used, because this package runs before anything else is installed.
"""
