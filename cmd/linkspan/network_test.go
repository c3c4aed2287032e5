// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
)

// houses is a switch's local socket, with networks that do not change.
type houses struct {
	apiv1connect.UnimplementedNetworkServiceHandler
	apiv1connect.UnimplementedHostServiceHandler
	removed *[]string
	away    bool // the controller
}

var born = timestamppb.New(time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC))

func everywhere() *apiv1.Network {
	return &apiv1.Network{Id: 10, Name: "web", Subnet: "10.7.0.0/24", Gateway: "10.7.0.1", Idle: durationpb.New(30 * time.Second), Created: born, Endpoints: 1}
}

func here() []*apiv1.HostNetwork {
	id := strings.Repeat("0123456789abcdef", 4)
	return []*apiv1.HostNetwork{
		{Id: "f" + id[1:], Name: "none", Driver: "null", Scope: "local", Created: born, IpamDriver: "default"},
		{
			Id: id, Name: "back", Driver: "linkspan-bridge", Scope: "local", Ipv4: true, Created: born, IpamDriver: "default",
			Labels: map[string]string{"team": "blue", "a": "b"}, Subnets: []*apiv1.HostSubnet{{Subnet: "172.18.0.0/16", Gateway: "172.18.0.1"}},
		},
	}
}

func (h houses) List(context.Context, *connect.Request[apiv1.NetworkServiceListRequest]) (*connect.Response[apiv1.NetworkServiceListResponse], error) {
	if h.away {
		return nil, api.ToRPC(&linkspan.Error{Code: linkspan.Unavailable, Message: "the controller does not answer"})
	}
	return connect.NewResponse(&apiv1.NetworkServiceListResponse{Networks: []*apiv1.Network{everywhere()}}), nil
}

func (h houses) Get(_ context.Context, req *connect.Request[apiv1.NetworkServiceGetRequest]) (*connect.Response[apiv1.NetworkServiceGetResponse], error) {
	if said := req.Msg.GetNetwork(); said != "web" && said != "00000a" {
		return nil, api.ToRPC(&linkspan.Error{Code: linkspan.NotFound, Message: "network " + said + " not found"})
	}
	return connect.NewResponse(&apiv1.NetworkServiceGetResponse{Network: everywhere()}), nil
}

func (h houses) Remove(_ context.Context, req *connect.Request[apiv1.NetworkServiceRemoveRequest]) (*connect.Response[apiv1.NetworkServiceRemoveResponse], error) {
	if _, err := h.Get(context.Background(), connect.NewRequest(&apiv1.NetworkServiceGetRequest{Network: req.Msg.GetNetwork()})); err != nil {
		return nil, err
	}
	return nil, api.ToRPC(&linkspan.Error{Code: linkspan.InUse, Message: "network web has an endpoint, c1"})
}

func (h houses) ListNetworks(context.Context, *connect.Request[apiv1.HostServiceListNetworksRequest]) (*connect.Response[apiv1.HostServiceListNetworksResponse], error) {
	return connect.NewResponse(&apiv1.HostServiceListNetworksResponse{Networks: here()}), nil
}

func (h houses) GetNetwork(_ context.Context, req *connect.Request[apiv1.HostServiceGetNetworkRequest]) (*connect.Response[apiv1.HostServiceGetNetworkResponse], error) {
	for _, n := range here() {
		if n.GetName() == req.Msg.GetNetwork() || n.GetId() == req.Msg.GetNetwork() {
			return connect.NewResponse(&apiv1.HostServiceGetNetworkResponse{Network: n}), nil
		}
	}
	return nil, api.ToRPC(&linkspan.Error{Code: linkspan.NotFound, Message: "network " + req.Msg.GetNetwork() + " not found"})
}

func (h houses) RemoveNetwork(_ context.Context, req *connect.Request[apiv1.HostServiceRemoveNetworkRequest]) (*connect.Response[apiv1.HostServiceRemoveNetworkResponse], error) {
	*h.removed = append(*h.removed, req.Msg.GetNetwork())
	return connect.NewResponse(&apiv1.HostServiceRemoveNetworkResponse{}), nil
}

// serve opens the socket until the test ends, with more behind it.
func (h houses) serve(t *testing.T, more ...func(*http.ServeMux)) string {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "l.sock")
	l, err := listenLocal(t.Context(), socket)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle(apiv1connect.NewNetworkServiceHandler(h))
	mux.Handle(apiv1connect.NewHostServiceHandler(h))
	for _, add := range more {
		add(mux)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serveHTTP(ctx, slog.New(slog.DiscardHandler), l, mux) }()
	t.Cleanup(func() { cancel(); <-ended })
	return socket
}

// says types a command with answers to what it asks, and returns all it prints,
// without the spaces that end lines.
func says(t *testing.T, socket, answers string, args ...string) (int, string) {
	t.Helper()
	var out bytes.Buffer
	status := run(t.Context(), append(args, "--socket", socket), streams{strings.NewReader(answers), &out, &out})
	return status, regexp.MustCompile(` +\n`).ReplaceAllString(out.String(), "\n")
}

func TestNetworkListing(t *testing.T) {
	socket := houses{}.serve(t)
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"network", "ls"}, 0, `NETWORK ID     NAME   DRIVER            SCOPE    SUBNET
0123456789ab   back   linkspan-bridge   local    172.18.0.0/16
f123456789ab   none   null              local    -
00000a         web    linkspan          global   10.7.0.0/24
`},
		{[]string{"network", "ls", "-q"}, 0, "0123456789ab\nf123456789ab\n00000a\n"},
		{[]string{"network", "ls", "-q", "--no-trunc", "-f", "name=back"}, 0, strings.Repeat("0123456789abcdef", 4) + "\n"},
		{[]string{"network", "ls", "-f", "type=builtin", "--format", "{{.Name}} {{.ID}}"}, 0, "none f123456789ab\n"},
		{[]string{"network", "ls", "-f", "dangling=true", "--format", "{{.Name}}"}, 0, "back\n"},
		{[]string{"network", "ls", "-f", "driver=linkspan", "-f", "driver=null", "--format", "{{.Name}}"}, 0, "none\nweb\n"},
		{[]string{"network", "ls", "-f", "name=back", "--format", "json"}, 0,
			`{"CreatedAt":"2026-11-22 03:00:00 +0000 UTC","Driver":"linkspan-bridge","ID":"0123456789ab","IPv4":"true","IPv6":"false","Internal":"false","Labels":"a=b,team=blue","Name":"back","Scope":"local"}` + "\n"},
		{[]string{"network", "ls", "-f", "label=team=blue", "--format", `table {{.ID}}\t{{.Labels}}\t{{.CreatedAt}}\t{{.Label "team"}}`}, 0,
			"NETWORK ID     LABELS          CREATED AT                      team\n0123456789ab   a=b,team=blue   2026-11-22 03:00:00 +0000 UTC   blue\n"},
		{[]string{"network", "inspect", "-f", "{{.Id}} {{.ID}} {{.Scope}} {{(index .IPAM.Config 0).Subnet}}", "web"}, 0, "00000a 00000a global 10.7.0.0/24\n"},
		{[]string{"network", "inspect", "-f", "{{.Name}}", "back", "nope", "web"}, 1, "linkspan: network nope not found\nback\nweb\n"},
		{[]string{"network", "inspect", "--scope", "local", "web"}, 1, "linkspan: network web not found\n  leave out --scope\n"},
		{[]string{"network", "rm", "web"}, 1, "linkspan: network web has an endpoint, c1\n"},
		{[]string{"network", "rm", "-f", "nope"}, 0, ""},
		{[]string{"sandbox", "ls"}, 1, "linkspan: sandboxes are of one host, and this is a controller\n  type it on the host, where linkspan serve switch runs; in a lab: linkspan lab exec h1 -- linkspan ...\n"},
	} {
		if status, got := says(t, socket, "", c.args...); status != c.status || got != c.want {
			t.Errorf("linkspan %q: status %d\n%s\nwant %d\n%s", c.args, status, got, c.status, c.want)
		}
	}
}

// TestNetworkListingAlone lists what a host knows while the controller is away.
func TestNetworkListingAlone(t *testing.T) {
	status, got := says(t, houses{away: true}.serve(t), "", "network", "ls", "--format", "{{.Name}}")
	if status != exitFailed || got != "back\nnone\nlinkspan: the controller does not answer\n" {
		t.Errorf("status %d\n%s", status, got)
	}
}

func TestPruneAsks(t *testing.T) {
	var removed []string
	socket := houses{removed: &removed}.serve(t)
	const asked = "WARNING! This will remove all networks not used by at least one container on any host.\nAre you sure you want to continue? [y/N] "
	for _, answer := range []string{"", "n\n", "yes\n"} {
		if status, got := says(t, socket, answer, "network", "prune"); status != exitFailed || got != asked+"linkspan: network prune has been cancelled\n" || len(removed) > 0 {
			t.Errorf("answer %q: status %d\n%s\nremoved %v", answer, status, got, removed)
		}
	}
	if status, got := says(t, socket, "y\n", "network", "prune"); status != exitDone || got != asked+"Deleted Networks:\nback\n\n" || len(removed) != 1 {
		t.Errorf("status %d\n%s\nremoved %v", status, got, removed)
	}
	if status, got := says(t, socket, "", "network", "prune", "-f", "--filter", "label!=team"); status != exitDone || got != "" {
		t.Errorf("status %d\n%s", status, got)
	}
}

// TestCreateRefuses types what the driver cannot do, for each option.
func TestCreateRefuses(t *testing.T) {
	socket := houses{}.serve(t)
	for line, want := range map[string]string{
		"--subnet 10.0.0.0/24 --ipv6 x":                             "--ipv6 needs an IPv6 subnet",
		"--subnet 10.0.0.0/24 --subnet fd00::/64 x":                 "subnet fd00::/64 is IPv6, which is not enabled",
		"--subnet fd00::/64 --ipv6 x":                               "a network of driver linkspan needs IPv4, also beside IPv6",
		"-d overlay --subnet 10.0.0.0/24 --ipv6 x":                  "networks of driver overlay have no IPv6",
		"--subnet 10.0.0.0/24 --ipv4=false x":                       "a network of driver linkspan needs IPv4",
		"--subnet 10.0.0.0/24 --subnet 10.1.0.0/24 x":               "a network of driver linkspan has one subnet of each family",
		"--subnet 10.0.0.0/24 --ipam-driver null x":                 "a network of driver linkspan has the ipam driver linkspan, not null",
		"--subnet 10.0.0.0/24 --ipam-opt a=b x":                     "unknown ipam option a=b",
		"--subnet 10.0.0.0/24 --scope local x":                      "networks of driver linkspan have scope global, not local",
		"--subnet 10.0.0.0/24 --attachable=false x":                 "containers can be attached by hand to every network of driver linkspan",
		"--subnet 10.0.0.0/24 --ingress x":                          "--ingress, --config-only and --config-from are for networks of Docker's own drivers",
		"--subnet 10.0.0.0/24 -o a=b x":                             "unknown option a of driver linkspan",
		"--subnet 10.0.0.0/24 -o linkspan.idle=soon x":              `option linkspan.idle: "soon" is not a time like 30s`,
		"--subnet 10.0.0.0/24 -o com.docker.network.driver.mtu=x x": `option com.docker.network.driver.mtu: "x" is not a number of bytes`,
		"--subnet 10.0.0.0/24 -o linkspan.rate.egress=50MB x":       `option linkspan.rate.egress: rate "50MB" is not a whole number of kbit, mbit or gbit a second from 64kbit to 100gbit`,
		"--subnet 10.0.0.0/24 --gateway 10.1.0.1 x":                 "no matching subnet for gateway 10.1.0.1",
		"-d bridge --transport direct x":                            "--transport is for networks of driver linkspan, not of bridge",
		"-d bridge --idle 5s x":                                     "--idle is for networks of driver linkspan, not of bridge",
		"-d bridge --gateway 10.1.0.1 x":                            "every ip-range or gateway must have a corresponding subnet",
	} {
		status, got := says(t, socket, "", append([]string{"network", "create"}, strings.Fields(line)...)...)
		if first, _, _ := strings.Cut(got, "\n"); status != exitFailed || first != "linkspan: "+want {
			t.Errorf("network create %s: status %d\n%s\nwant %s", line, status, got, want)
		}
	}
}
