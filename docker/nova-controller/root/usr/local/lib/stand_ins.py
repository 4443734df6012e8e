"""Stands in for glance (one image that is active) and for neutron (nothing anywhere)."""
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

IMAGE = {
    "id": "5b1e0f2c-6a53-4a38-9a0e-0f7b6d0a2a11",
    "name": "cirros",
    "status": "active",
    "visibility": "public",
    "container_format": "bare",
    "disk_format": "raw",
    "min_disk": 0,
    "min_ram": 0,
    "size": 1,
    "virtual_size": None,
    "protected": False,
    "tags": [],
    "owner": None,
    "checksum": None,
    "created_at": "2026-01-01T00:00:00Z",
    "updated_at": "2026-01-01T00:00:00Z",
}


class Glance(BaseHTTPRequestHandler):
    def answer(self):
        if self.path.startswith("/v2/images/"):
            return IMAGE
        if self.path.startswith("/v2/schemas/"):
            return {"name": "image", "properties": {key: {} for key in IMAGE}}
        return {"versions": [{"id": "v2.9", "status": "CURRENT", "links": [{"rel": "self", "href": "http://127.0.0.1:9292/v2/"}]}]}

    def do_GET(self):
        body = json.dumps(self.answer()).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *rest):
        pass


class Neutron(Glance):
    def answer(self):
        name = self.path.split("?")[0].split("/")[-1].removesuffix(".json").replace("-", "_")
        if name in ("", "v2.0"):
            return {"versions": [{"id": "v2.0", "status": "CURRENT", "links": [{"rel": "self", "href": "http://127.0.0.1:9696/v2.0/"}]}]}
        return {name: []}


threading.Thread(target=ThreadingHTTPServer(("127.0.0.1", 9292), Glance).serve_forever, daemon=True).start()
ThreadingHTTPServer(("127.0.0.1", 9696), Neutron).serve_forever()
