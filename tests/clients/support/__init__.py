"""What the tests stand on: a running server, an HTTPS receiver, the published clients and verifiers."""
