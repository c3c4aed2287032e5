// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// groupName is the group that the two networks are in, or not.
const groupName = "both"

// end is a container.
type end struct {
	host, name, network string
	address             netip.Addr
	space               string // path of its network namespace
}

// furnish makes two networks, their group and three containers: the client on one
// host, those whom it asks on the other.
func (s *stage) furnish(ctx context.Context) error {
	for name, subnet := range map[string]string{"front": "10.211.0.0/24", "back": "10.212.0.0/24"} {
		if _, err := s.stand.Docker(ctx, "h1", "network", "create", "--driver", "linkspan", "--ipam-driver", "linkspan", "--subnet", subnet, name); err != nil {
			return err
		}
	}
	if err := eventually(ctx, func() error { // the fabric hears of a network after Docker made it
		_, err := s.admin.Groups.Create(ctx, connect.NewRequest(&apiv1.GroupServiceCreateRequest{Name: groupName, Networks: []string{"front"}}))
		return api.FromRPC(err)
	}); err != nil {
		return err
	}
	for _, e := range []*end{
		{host: "h1", name: "client", network: "front"}, {host: "h2", name: "server", network: "front"}, {host: "h2", name: "stranger", network: "back"},
	} {
		if err := s.start(ctx, e); err != nil {
			return err
		}
		s.ends[e.name] = e
	}
	for _, host := range s.stand.Hosts() {
		b, err := s.bridgeOf(host)
		if err != nil {
			return err
		}
		s.bridges = append(s.bridges, b)
	}
	return nil
}

// start starts a container and waits until the controller knows its name.
func (s *stage) start(ctx context.Context, e *end) error {
	if err := s.stand.Networked(ctx, e.host, e.network); err != nil {
		return err
	}
	if _, err := s.stand.Docker(ctx, e.host, "run", "--detach", "--name", e.name, "--network", e.network, "busybox", "sleep", "100000"); err != nil {
		return err
	}
	text, _, err := s.stand.Ask(ctx, e.host, "inspect", "--format", fmt.Sprintf("{{.NetworkSettings.Networks.%s.IPAddress}}", e.network), e.name)
	if err != nil {
		return err
	}
	if e.address, err = netip.ParseAddr(text); err != nil {
		return err
	}
	if e.space, err = s.stand.Namespace(ctx, e.host, e.name); err != nil {
		return err
	}
	return eventually(ctx, func() error {
		_, err := s.admin.Endpoints.Get(ctx, connect.NewRequest(&apiv1.EndpointServiceGetRequest{Endpoint: e.name}))
		return api.FromRPC(err)
	})
}

// patience is how long anything may take that is not measured.
const patience = 30 * time.Second

// eventually tries until it works.
func eventually(ctx context.Context, try func() error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// bridgeOf returns the bridge of a host.
func (s *stage) bridgeOf(host string) (bridge, error) {
	dir, err := s.stand.Inside(host, "/run/openvswitch")
	if err != nil {
		return bridge{}, err
	}
	pid, err := os.ReadFile(filepath.Join(dir, "ovs-vswitchd.pid"))
	if err != nil {
		return bridge{}, err
	}
	return bridge{filepath.Join(dir, "ovs-vswitchd."+strings.TrimSpace(string(pid))+".ctl")}, nil
}
