"""Stands in for glance (one image that is active) and for neutron (nothing anywhere), for computes elsewhere too."""
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
    "size": 512,
    "virtual_size": None,
    "protected": False,
    "tags": [],
    "owner": None,
    "checksum": None,
    "created_at": "2026-01-01T00:00:00Z",
    "updated_at": "2026-01-01T00:00:00Z",
}

# What the image holds: a boot sector that asks the firmware for a PCI device 1234:1111 (PCI BIOS 2.1, FIND_PCI_DEVICE) and says
# on the first serial line what it was told.
#         cld; xor ax, ax; mov ds, ax; mov ax, 0xb102; mov cx, 0x1111; mov dx, 0x1234; xor si, si; int 0x1a
#         mov si, found; jnc say; mov si, absent
#   say:  mov dx, 0x3f8
#   next: lodsb; test al, al; jz end; out dx, al; jmp next
#   end:  hlt; jmp end
PROGRAM = "fc 31c0 8ed8 b802b1 b91111 ba3412 31f6 cd1a be287c 7303 be497c baf803 ac 84c0 7403 ee ebf8 f4 ebfd"
FOUND, ABSENT = b"the guest has the card 1234:1111", b"the guest has no card 1234:1111"
BOOT_SECTOR = (bytes.fromhex(PROGRAM) + FOUND + b"\0" + ABSENT + b"\0").ljust(510, b"\0") + b"\x55\xaa"


class Glance(BaseHTTPRequestHandler):
    def answer(self):
        if self.path.endswith("/file"):
            return BOOT_SECTOR
        if self.path.startswith("/v2/images/"):
            return IMAGE
        if self.path.startswith("/v2/schemas/"):
            return {"name": "image", "properties": {key: {} for key in IMAGE}}
        return {"versions": [{"id": "v2.9", "status": "CURRENT", "links": [{"rel": "self", "href": "http://127.0.0.1:9292/v2/"}]}]}

    def do_GET(self):
        answer = self.answer()
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream" if body is answer else "application/json")
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


threading.Thread(target=ThreadingHTTPServer(("", 9292), Glance).serve_forever, daemon=True).start()
ThreadingHTTPServer(("", 9696), Neutron).serve_forever()
