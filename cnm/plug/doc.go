// SPDX-License-Identifier: Apache-2.0

// Package plug finds Docker's plugins and calls them: anybody's network and IPAM
// drivers, by the protocol of package wire/plugin. It is the other side of
// package cnm/docker.
//
// A plugin NAME is the socket NAME.sock or NAME/NAME.sock in /run/docker/plugins,
// else what NAME.spec (a URL) or NAME.json (a URL and keys for TLS) in
// /etc/docker/plugins or /usr/lib/docker/plugins says, in this order.
//
// What it is not: it manages no plugins, and keeps no state but connections.
//
//	p := plug.New(plug.Options{Name: "weave"})
//	defer p.Close()
//	err := p.Call(ctx, plugin.NetworkDriver, "DeleteNetwork", plugin.NetworkRequest{NetworkID: id}, nil)
package plug
