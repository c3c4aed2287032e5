// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net"
	"net/http"
	"path/filepath"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	"github.com/linkspan/linkspan/nos/https"
)

// serveHTTPS serves the services about the configuration while it has users.
func (n *nos) serveHTTPS(ctx context.Context) error {
	mux := http.NewServeMux()
	mux.HandleFunc("/", notRemote)
	for _, name := range nosServices() {
		mux.Handle("/"+name+"/", n.forKnown)
	}
	return n.whileUsers(ctx, remoteWay{
		what: "the api by https", address: n.role.settings.api, keyName: "api_key",
		make: func() (string, func(context.Context, net.Listener) error, error) {
			key, err := https.Key(filepath.Join(n.role.stateDir, "api.pem"))
			if err != nil {
				return "", nil, err
			}
			s := https.New(https.Options{Key: key, Guard: n.guard, Fabric: n.role.own.Load, Handler: mux, Audit: n.audit, Log: n.role.log})
			return https.Fingerprint(key).String(), s.Serve, nil
		},
	})
}

// notRemote refuses what a switch does not serve on the network.
func notRemote(w http.ResponseWriter, r *http.Request) {
	refusals := connect.NewErrorWriter()
	err := &linkspan.Error{Code: linkspan.NotFound, Message: "a switch serves its own configuration and operation alone here", Hint: "ask a controller for all else"}
	if refusals.IsSupported(r) {
		_ = refusals.Write(w, r, api.ToRPC(err)) // nobody is left to be told
		return
	}
	http.Error(w, err.Error(), http.StatusNotFound)
}
