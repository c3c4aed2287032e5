#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A Docker network and IPAM plugin that shares nothing with ours: a network is a
bridge, an endpoint a veth; pools count up. Usage: plugin.py SOCKET"""

import http.server, ipaddress, json, os, socketserver, subprocess, sys

networks, endpoints, pools = {}, {}, {}

class Refused(Exception): pass

def ip(*args):
    done = subprocess.run(["ip", *args], capture_output=True, text=True)
    if done.returncode:
        raise Refused("ip %s: %s" % (" ".join(args), done.stderr.strip()))

def create_network(r):
    if r["NetworkID"] in networks:
        raise Refused("network exists")
    generic = r.get("Options", {}).get("com.docker.network.generic", {})
    if set(generic) - {"py.colour"}:
        raise Refused("unknown option %s" % sorted(generic))
    bridge = "pyb" + r["NetworkID"][:8]
    ip("link", "add", bridge, "type", "bridge")
    ip("link", "set", bridge, "up")
    gateway = r["IPv4Data"][0].get("Gateway", "") if r["IPv4Data"] else ""
    internal = r.get("Options", {}).get("com.docker.network.internal", False)
    if gateway and not internal:
        ip("addr", "add", gateway, "dev", bridge)
    networks[r["NetworkID"]] = {"bridge": bridge, "gateway": "" if internal else gateway.split("/")[0]}

def create_endpoint(r):
    if r["EndpointID"] in endpoints:
        raise Refused("endpoint exists")
    if any(not k.startswith("com.docker.network.") for k in r.get("Options", {})):
        raise Refused("unknown option")
    number = int(r["EndpointID"][-6:], 16)
    mac = r["Interface"].get("MacAddress") or "02:70:79:%02x:%02x:%02x" % (number >> 16, number >> 8 & 255, number & 255)
    endpoints[r["EndpointID"]] = {"net": networks[r["NetworkID"]], "mac": mac, "n": r["EndpointID"][-8:]}
    return {} if r["Interface"].get("MacAddress") else {"Interface": {"MacAddress": mac}}

def join(r):
    e = endpoints[r["EndpointID"]]
    ip("link", "add", "pyh" + e["n"], "type", "veth", "peer", "name", "pyc" + e["n"])
    ip("link", "set", "pyc" + e["n"], "address", e["mac"])
    ip("link", "set", "pyh" + e["n"], "master", e["net"]["bridge"], "up")
    return {"InterfaceName": {"SrcName": "pyc" + e["n"], "DstPrefix": "eth"}, "Gateway": e["net"]["gateway"]}

def request_pool(r):
    pool = r["Pool"] or "10.99.%d.0/24" % len(pools)
    name = "%s/%s#%d" % (r["AddressSpace"], pool, len(pools))
    pools[name] = {"net": ipaddress.ip_network(pool), "used": set()}
    return {"PoolID": name, "Pool": pool, "Data": {}}

def request_address(r):
    p = pools[r["PoolID"]]
    free = [r["Address"]] if r["Address"] else (str(a) for a in p["net"].hosts())
    for a in free:
        if a not in p["used"]:
            p["used"].add(a)
            return {"Address": "%s/%d" % (a, p["net"].prefixlen), "Data": {}}
    raise Refused("no address is free")

CALLS = {
    "Plugin.Activate": lambda r: {"Implements": ["NetworkDriver", "IpamDriver"]},
    "NetworkDriver.GetCapabilities": lambda r: {"Scope": "local"},
    "NetworkDriver.CreateNetwork": create_network, "NetworkDriver.CreateEndpoint": create_endpoint, "NetworkDriver.Join": join,
    "NetworkDriver.DeleteNetwork": lambda r: ip("link", "del", networks.pop(r["NetworkID"])["bridge"]),
    "NetworkDriver.DeleteEndpoint": lambda r: endpoints.pop(r["EndpointID"]) and None,
    "NetworkDriver.Leave": lambda r: ip("link", "del", "pyh" + endpoints[r["EndpointID"]]["n"]),
    "IpamDriver.GetDefaultAddressSpaces": lambda r: {"LocalDefaultAddressSpace": "py", "GlobalDefaultAddressSpace": "pyg"},
    "IpamDriver.RequestPool": request_pool, "IpamDriver.ReleasePool": lambda r: pools.pop(r["PoolID"]) and None,
    "IpamDriver.RequestAddress": request_address,
    "IpamDriver.ReleaseAddress": lambda r: pools[r["PoolID"]]["used"].discard(r["Address"]),
}

class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        call, status = CALLS.get(self.path[1:]), 200
        try:
            answer = call(json.loads(body or "{}")) or {} if call else {"Err": "no such operation"}
            status = 200 if call else 404
        except Exception as e:
            answer, status = {"Err": str(e) or type(e).__name__}, 500
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args): pass

class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

if __name__ == "__main__":
    server = Server(sys.argv[1] + ".new", Handler)
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    server.serve_forever()
