"""The demo's users: requests along every Ingress and Service that asks for some, and what pods say.

Once a second requests go where Ingresses, Services and ready pods say; pods behave as the tag of
their image says (`-bad`: a fifth of the answers are errors, `-overload`: so they are under more
than a third of the load, `-uneasy`: a few are, `-slow`: seconds instead of tenths).
Every pod counts what it got, as `http_requests_total` and `http_request_duration_seconds`, and
writes an access log. Left out: retries, connections, users that go away when it gets bad.
"""
