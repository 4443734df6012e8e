"""Registers the services, their endpoints and their users, by keystone's own API, without a server in between."""
import json

from keystone.server import wsgi
from werkzeug.test import Client

client = Client(wsgi.initialize_public_application())


def ask(method, path, body, token=None):
    headers = {"X-Auth-Token": token} if token else {}
    answer = client.open("/v3" + path, method=method, json=body, headers=headers)
    if answer.status_code >= 300:
        raise SystemExit("%s %s: %s %s" % (method, path, answer.status, answer.text))
    return answer


def token():
    user = {"name": "admin", "domain": {"id": "default"}, "password": "secret"}
    scope = {"project": {"name": "admin", "domain": {"id": "default"}}}
    identity = {"methods": ["password"], "password": {"user": user}}
    return ask("POST", "/auth/tokens", {"auth": {"identity": identity, "scope": scope}}).headers["X-Subject-Token"]


admin = token()


def make(kind, plural, **fields):
    return json.loads(ask("POST", "/" + plural, {kind: fields}, admin).text)[kind]["id"]


SERVICES = [
    ("compute", "nova", "http://127.0.0.1:8774/v2.1"),
    ("placement", "placement", "http://127.0.0.1:8778"),
    ("image", "glance", "http://127.0.0.1:9292"),
    ("network", "neutron", "http://127.0.0.1:9696"),
]
for kind, name, url in SERVICES:
    service = make("service", "services", type=kind, name=name)
    for side in ["public", "internal", "admin"]:
        make("endpoint", "endpoints", service_id=service, interface=side, region_id="RegionOne", url=url)

project = make("project", "projects", name="service", domain_id="default")
roles = json.loads(ask("GET", "/roles", None, admin).text)["roles"]
role = next(one["id"] for one in roles if one["name"] == "admin")
for name in ["nova", "placement"]:
    user = make("user", "users", name=name, password="secret", domain_id="default")
    ask("PUT", "/projects/%s/users/%s/roles/%s" % (project, user, role), None, admin)
