// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"connectrpc.com/connect"
	"golang.org/x/sync/errgroup"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/trust"
)

// FabricConfig says which controller, and how much to make there.
type FabricConfig struct {
	Socket string // the controller's local socket
	API    string // host:port of its API
	Dir    string // for keys, private
	Size   Size
	Labels func(n int) map[string]string // of the nth container, from 0; nil: none has any
}

// Fabric is a Linkspan controller that knows one network with Size.Hosts
// endpoints on each of Size.Switches chassis. For each chassis it does what a
// switch process does about peers, so that tunnels count as ready.
type Fabric struct {
	config  FabricConfig
	network linkspan.NetworkID
	chassis []*chassis
	may     func(from, to netip.Addr) bool // nil: all are asked about
	stop    context.CancelFunc
	streams sync.WaitGroup
}

// chassis is one host's side of the API.
type chassis struct {
	id       linkspan.ChassisID
	underlay string
	tls      trust.TLS
	api      *api.Client
	ends     func()
	trouble  atomic.Pointer[error] // why the stream broke last
}

// mtu is that of the underlay, in bytes.
const mtu = 1500

// atOnce is how many calls are under way at a time, over all chassis.
const atOnce = 64

// NewFabric makes chassis, network and endpoints. The controller must be a new
// one.
func NewFabric(ctx context.Context, c FabricConfig) (f *Fabric, err error) {
	if err := c.Size.Validate(); err != nil {
		return nil, err
	}
	streams, stop := context.WithCancel(context.WithoutCancel(ctx))
	f = &Fabric{config: c, stop: stop, chassis: make([]*chassis, c.Size.Switches)}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	admin := api.Unix(c.Socket)
	defer admin.Close()
	network, err := admin.Networks.Create(ctx, connect.NewRequest(&apiv1.NetworkServiceCreateRequest{
		Network: &apiv1.Network{Name: networkName, Subnet: subnet().String()},
	}))
	if err != nil {
		return f, fmt.Errorf("create the network: %w", api.FromRPC(err))
	}
	f.network = linkspan.NetworkID(network.Msg.GetNetwork().GetId())
	for i := range f.chassis { // one after another, so that numbers follow names
		if f.chassis[i], err = f.join(ctx, admin, i+1); err != nil {
			return f, fmt.Errorf("join chassis %d: %w", i+1, api.FromRPC(err))
		}
		f.streams.Go(func() { f.chassis[i].follow(streams) })
	}
	return f, f.attachAll(ctx)
}

// Close ends the streams. What was made stays with the controller.
func (f *Fabric) Close() {
	f.stop()
	f.streams.Wait()
	for _, c := range f.chassis {
		if c != nil {
			c.ends()
		}
	}
}

// join lets host number s join, with a token of its own.
func (f *Fabric) join(ctx context.Context, admin *api.Client, s int) (*chassis, error) {
	made, err := admin.Switches.CreateToken(ctx, connect.NewRequest(&apiv1.SwitchServiceCreateTokenRequest{}))
	if err != nil {
		return nil, err
	}
	token, err := trust.ParseToken(made.Msg.GetToken())
	if err != nil {
		return nil, err
	}
	request, err := trust.NewRequest()
	if err != nil {
		return nil, err
	}
	underlay := fmt.Sprintf("198.18.%d.%d", s>>8, s&0xff) // RFC 2544: for benchmarks
	stranger, end := f.client(trust.TLS{}, &token)
	defer end()
	answer, err := stranger.Chassis.Join(ctx, connect.NewRequest(&apiv1.ChassisServiceJoinRequest{
		Token: made.Msg.GetToken(), Name: chassisName(s), Csr: request.CSR(),
		Underlay: underlay, Mtu: mtu, Version: "bench",
	}))
	if err != nil {
		return nil, err
	}
	pair, err := request.Complete(answer.Msg.GetCertificate(), token.CA, time.Now())
	if err != nil {
		return nil, err
	}
	keeper, err := trust.OpenKeeper(filepath.Join(f.config.Dir, fmt.Sprintf("h%d.pem", s)))
	if err != nil {
		return nil, err
	}
	c := &chassis{id: linkspan.ChassisID(answer.Msg.GetId()), underlay: underlay, tls: trust.TLS{Keeper: keeper}}
	c.api, c.ends = f.client(c.tls, nil)
	return c, keeper.Replace(pair)
}

// client speaks to the API: as a stranger with a token, else with the keeper's
// certificate.
func (f *Fabric) client(side trust.TLS, token *trust.Token) (*api.Client, func()) {
	transport := &http.Transport{ForceAttemptHTTP2: true}
	if token != nil {
		transport.TLSClientConfig = trust.JoinConfig(token.CA, nil)
	} else {
		transport.TLSClientConfig = side.ClientConfig(trust.KindController, "")
	}
	return api.NewClient(&http.Client{Transport: transport}, "https://"+f.config.API), transport.CloseIdleConnections
}

// attachAll makes every endpoint.
func (f *Fabric) attachAll(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for p := 1; p <= f.config.Size.Hosts; p++ {
		for i, c := range f.chassis {
			group.Go(func() error { return f.attach(ctx, c, i+1, p) })
		}
	}
	return group.Wait()
}

func (f *Fabric) attach(ctx context.Context, c *chassis, s, p int) error {
	h, container := host(s, p), container(s, p)
	_, err := c.api.Chassis.Reserve(ctx, connect.NewRequest(&apiv1.ChassisServiceReserveRequest{
		Network: uint32(f.network), Address: h.Addr.String(), Container: container,
	}))
	if err != nil {
		return fmt.Errorf("reserve %s: %w", h.Addr, api.FromRPC(err))
	}
	_, err = c.api.Chassis.Attach(ctx, connect.NewRequest(&apiv1.ChassisServiceAttachRequest{Endpoint: &apiv1.Endpoint{
		Network: uint32(f.network), Address: h.Addr.String(), Id: container, Container: container,
		Mac: linkspan.MAC(h.MAC).String(), Port: h.Port, Labels: f.labels(s, p),
	}}))
	if err != nil {
		return fmt.Errorf("attach %s: %w", h.Addr, api.FromRPC(err))
	}
	return nil
}
