// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"log/slog"
	"net/http"
	"path/filepath"
	"testing"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

func TestDockerAddress(t *testing.T) {
	for _, c := range []struct {
		asked     string
		installed bool
		address   string
		has       bool
	}{
		{"auto", true, dockerSocket, true},
		{"auto", false, dockerSocket, false},
		{"none", true, "", false},
		{"unix:///other.sock", false, "unix:///other.sock", true},
	} {
		address, has := dockerAddress(c.asked, func() bool { return c.installed })
		if has != c.has || has && address != c.address {
			t.Errorf("--docker %s, installed %v: %s, %v", c.asked, c.installed, address, has)
		}
	}
}

// TestBesideStarting asks a switch that is not up yet, in the process of another
// role, for what only it knows.
func TestBesideStarting(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "l.sock")
	l, err := listenLocal(t.Context(), socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- serveHTTP(ctx, slog.New(slog.DiscardHandler), l, new(switchRole).beside(http.NotFoundHandler()))
	}()
	t.Cleanup(func() { cancel(); <-ended })
	client := api.Unix(socket)
	defer client.Close()
	_, err = client.Host.ListNetworks(t.Context(), connect.NewRequest(&apiv1.HostServiceListNetworksRequest{}))
	if linkspan.CodeOf(api.FromRPC(err)) != linkspan.Unavailable {
		t.Errorf("a switch that is starting says %v", err)
	}
	if _, err = client.Networks.List(t.Context(), connect.NewRequest(&apiv1.NetworkServiceListRequest{})); connect.CodeOf(err) != connect.CodeUnimplemented {
		t.Errorf("all else goes to the other role, which says %v", err)
	}
}
