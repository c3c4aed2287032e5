// SPDX-License-Identifier: Apache-2.0

package mirror_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/client"
	"github.com/vishvananda/netlink"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/mirror"
	"github.com/linkspan/linkspan/store/kv/memory"
)

// dockerd is a dockerd whose plugin is a real cnm controller. It takes two
// networks of one name, as Docker before API 1.44 does, can be away, and can
// keep a network busy.
type dockerd struct {
	model *cnm.Controller

	mu         sync.Mutex
	networks   []mirror.Network
	others     map[string]string // networks of other drivers: name to driver
	containers []mirror.Container
	busy       bool
	away       bool
	created    func(context.Context) error // before the answer to Create; its error is the answer
	calls      int
	gone       chan struct{} // closed when it goes away
	events     []chan struct{}
	next       int
}

var _ mirror.Docker = (*dockerd)(nil)

func newDockerd(model *cnm.Controller) *dockerd {
	return &dockerd{model: model, gone: make(chan struct{}), others: make(map[string]string)}
}

var errAway = &linkspan.Error{Code: linkspan.Unavailable, Message: "cannot connect to the docker daemon"}

func (d *dockerd) enter() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls++
	if d.away {
		return errAway
	}
	return nil
}

func (d *dockerd) Networks(context.Context) ([]mirror.Network, error) {
	if err := d.enter(); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	all := slices.Clone(d.networks)
	for i := range all {
		all[i].Driver = cmp.Or(all[i].Driver, mirror.Driver)
	}
	return all, nil
}

func (d *dockerd) Named(_ context.Context, name string) (string, bool, error) {
	if err := d.enter(); err != nil {
		return "", false, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if driver, ok := d.others[name]; ok {
		return driver, true, nil
	}
	ours := slices.ContainsFunc(d.networks, func(n mirror.Network) bool { return n.Name == name })
	return mirror.Driver, ours, nil
}

func (d *dockerd) Create(ctx context.Context, n linkspan.Network) (string, error) {
	if err := d.enter(); err != nil {
		return "", err
	}
	id, err := d.create(ctx, n.Name, mirror.CreateOptions(n))
	d.mu.Lock()
	created := d.created
	d.mu.Unlock()
	if err != nil || created == nil {
		return id, err
	}
	if err := created(ctx); err != nil {
		return "", err
	}
	return id, nil
}

// keys are those of the model's drivers.
var keys = map[string]string{mirror.Driver: "hotplug", mirror.OverlayDriver: "overlay", mirror.BridgeDriver: "bridge"}

// create does what dockerd does for a docker network create.
func (d *dockerd) create(ctx context.Context, name string, o client.NetworkCreateOptions) (string, error) {
	d.mu.Lock()
	d.next++
	id := fmt.Sprintf("d%d", d.next)
	d.mu.Unlock()
	pool := o.IPAM.Config[0]
	p, err := d.model.RequestPool(ctx, cnm.PoolRequest{IPAM: "pool", Subnet: pool.Subnet, Range: pool.IPRange, Options: o.IPAM.Options})
	if err != nil {
		return "", err
	}
	err = d.model.CreateNetwork(ctx, cnm.NetworkRequest{
		ID: id, Driver: keys[o.Driver], Subnet: pool.Subnet, Gateway: pool.Gateway, Options: o.Options, Internal: o.Internal,
	})
	if err != nil {
		return "", errors.Join(err, d.model.ReleasePool(ctx, p.ID))
	}
	d.mu.Lock()
	d.networks = append(d.networks, mirror.Network{ID: id, Name: name, Driver: o.Driver, Created: time.Unix(int64(d.next), 0), Labels: o.Labels})
	d.mu.Unlock()
	d.emit()
	return id, nil
}

func (d *dockerd) Remove(ctx context.Context, id string) error {
	if err := d.enter(); err != nil {
		return err
	}
	d.mu.Lock()
	i := slices.IndexFunc(d.networks, func(n mirror.Network) bool { return n.ID == id })
	busy := d.busy
	d.mu.Unlock()
	if i < 0 {
		return &linkspan.Error{Code: linkspan.NotFound, Message: "no such network"}
	}
	if busy {
		return &linkspan.Error{Code: linkspan.InUse, Message: "network has active endpoints"}
	}
	_ = d.model.DeleteNetwork(ctx, id) // dockerd does not look at the error
	d.mu.Lock()
	d.networks = slices.DeleteFunc(d.networks, func(n mirror.Network) bool { return n.ID == id })
	d.mu.Unlock()
	d.emit()
	return nil
}

func (d *dockerd) Containers(context.Context) ([]mirror.Container, error) {
	if err := d.enter(); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.containers), nil
}

func (d *dockerd) Aliases(_ context.Context, container string) (map[string][]string, error) {
	if err := d.enter(); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	aliases := make(map[string][]string)
	for _, c := range d.containers {
		for _, id := range c.Endpoints {
			if c.ID == container {
				aliases[id] = []string{"alias-of-" + c.Name}
			}
		}
	}
	return aliases, nil
}

func (d *dockerd) Events(ctx context.Context, wake func()) error {
	if err := d.enter(); err != nil {
		return err
	}
	events := make(chan struct{}, 100)
	d.mu.Lock()
	d.events = append(d.events, events)
	gone := d.gone
	d.mu.Unlock()
	wake()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-gone:
			return errors.New("unexpected EOF")
		case <-events:
			wake()
		}
	}
}

func (d *dockerd) emit() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, events := range d.events {
		select {
		case events <- struct{}{}:
		default:
		}
	}
}

func (d *dockerd) setAway(away bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.away = away; away {
		close(d.gone)
		d.gone, d.events = make(chan struct{}), nil
	}
}

func (d *dockerd) change(f func()) {
	d.mu.Lock()
	f()
	d.mu.Unlock()
	d.emit()
}

func (d *dockerd) list() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var names []string
	for _, n := range d.networks {
		names = append(names, n.Name)
	}
	slices.Sort(names)
	return fmt.Sprint(names)
}

func (d *dockerd) idOf(name string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, n := range d.networks {
		if n.Name == name {
			return n.ID
		}
	}
	return ""
}

// fabricFake is the fabric: a map of networks, proposals judged by name.
type fabricFake struct {
	mu        sync.Mutex
	connected bool
	networks  []linkspan.Network
	changed   chan struct{}
	events    []string
	looks     int // how often somebody looked
	local     []linkspan.Endpoint
	fault     error // of the next Propose
}

var _ mirror.Fabric = (*fabricFake)(nil)

func newFabric() *fabricFake { return &fabricFake{connected: true, changed: make(chan struct{}, 1)} }

func (f *fabricFake) Ready() (bool, time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.looks++
	return f.connected, time.Time{}
}

func (f *fabricFake) Networks() []linkspan.Network {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.networks)
}

func (f *fabricFake) Changed() (<-chan struct{}, func()) { return f.changed, func() {} }

func (f *fabricFake) Propose(_ context.Context, n linkspan.Network) (linkspan.Network, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.fault; err != nil {
		f.fault = nil
		return linkspan.Network{}, false, err
	}
	for _, have := range f.networks {
		if have.Name == n.Name && have.Subnet == n.Subnet {
			return have, true, nil
		}
		if have.Name == n.Name {
			return linkspan.Network{}, false, &linkspan.Error{Code: linkspan.Exists, Message: "network " + n.Name + " has subnet " + have.Subnet.String()}
		}
	}
	n.ID = linkspan.NetworkID(len(f.networks) + 1)
	f.networks = append(f.networks, n)
	return n, false, nil
}

func (f *fabricFake) Report(e linkspan.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events = append(f.events, fmt.Sprintf("%s %s: %s", e.Kind, e.Subject, e.Message))
}

func (f *fabricFake) Endpoints() []linkspan.Endpoint { return nil }

func (f *fabricFake) Resync(_ context.Context, local []linkspan.Endpoint) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.local = local
	return nil
}

func (f *fabricFake) change(do func()) {
	f.mu.Lock()
	do()
	f.mu.Unlock()
	select {
	case f.changed <- struct{}{}:
	default:
	}
}

func (f *fabricFake) reported() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.events)
}

// driver and ipam are the parts of the cnm controller; they have no data path.
type driver struct {
	links bool // Join makes one, which leads nowhere
	tight bool // no MTU may be asked for
}

var _ cnm.Driver = driver{}

func (d driver) CreateNetwork(_ context.Context, n cnm.Network) error {
	if _, asked := n.Options["com.docker.network.driver.mtu"]; asked && d.tight {
		return &linkspan.Error{Code: linkspan.Invalid, Message: "more than fits between hosts"}
	}
	return nil
}
func (driver) DeleteNetwork(context.Context, cnm.Network) error { return nil }
func (driver) CreateEndpoint(_ context.Context, _ cnm.Network, e cnm.Endpoint) (cnm.Endpoint, error) {
	e.MAC, e.Port = linkspan.MAC{2, 0, 0, 0, 0, 1}, 1
	return e, nil
}
func (driver) DeleteEndpoint(context.Context, cnm.Network, cnm.Endpoint) error { return nil }
func (d driver) Join(_ context.Context, _ cnm.Network, e cnm.Endpoint) (cnm.Attachment, error) {
	if !d.links {
		return cnm.Attachment{}, nil
	}
	name := "t" + e.ID[:10]
	err := netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: name}, PeerName: "p" + name})
	return cnm.Attachment{SrcName: name, DstPrefix: "eth"}, err
}
func (driver) Leave(context.Context, cnm.Network, cnm.Endpoint) error { return nil }

type ipam struct {
	mu   *sync.Mutex
	next *int
}

var (
	_ cnm.IPAM   = ipam{}
	_ cnm.Binder = ipam{}
)

func (i ipam) RequestPool(_ context.Context, req cnm.PoolRequest) (cnm.Pool, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	*i.next++
	return cnm.Pool{ID: fmt.Sprintf("p%d", *i.next), Subnet: req.Subnet, Range: req.Range, Options: req.Options}, nil
}
func (ipam) ReleasePool(context.Context, cnm.Pool) error { return nil }
func (i ipam) RequestAddress(_ context.Context, req cnm.AddressRequest) (netip.Prefix, error) {
	address := req.Want
	switch {
	case address.IsValid():
	case req.Kind == cnm.GatewayAddress:
		address = req.Pool.Subnet.Addr().Next()
	default:
		i.mu.Lock()
		defer i.mu.Unlock()
		*i.next++
		b := req.Pool.Subnet.Addr().As4()
		b[3] = byte(*i.next)
		address = netip.AddrFrom4(b)
	}
	return netip.PrefixFrom(address, req.Pool.Subnet.Bits()), nil
}
func (ipam) NeedsFabric() bool                               { return true }
func (ipam) ReleaseAddress(context.Context, cnm.Lease) error { return nil }

func newModel(t *testing.T, d driver) *cnm.Controller {
	t.Helper()
	store := memory.New()
	t.Cleanup(func() { _ = store.Close() })
	c, err := cnm.New(cnm.Options{
		Store: store, Drivers: map[string]cnm.Driver{"hotplug": d, "overlay": driver{}, "bridge": driver{}},
		IPAMs: map[string]cnm.IPAM{"pool": ipam{new(sync.Mutex), new(10)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
