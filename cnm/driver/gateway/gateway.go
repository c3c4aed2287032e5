// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/filter"
	"github.com/linkspan/linkspan/cnm/driver/kernel"
	"github.com/linkspan/linkspan/cnm/driver/publish"
	"github.com/linkspan/linkspan/ovs/netns"
)

// Gateway is the way in and out of this host. Use [Open]; its methods may be called
// concurrently.
type Gateway struct {
	cfg  Config
	why6 error // why there is no way for IPv6 although there is a range for it; nil: there is, or none is wanted

	mu    sync.Mutex
	six   bool                         // somebody has an address of IPv6
	ports map[string][]publish.Binding // published, by cnm.Endpoint.ID

	table sync.Mutex // held while the table is replaced
}

// Open makes the link and the table, or brings those that are there to what they must
// be; in the network namespace of the process, which has one Gateway. The error has
// code Conflict when the range is the host's already, or that of IPv6 is and was chosen.
func Open(ctx context.Context, cfg Config) (*Gateway, error) {
	g := &Gateway{cfg: cfg.withDefaults(), ports: make(map[string][]publish.Binding)}
	if !has6() {
		g.cfg.Range6 = netip.Prefix{}
	}
	if g.why6 = g.cfg.clash6(ctx); g.why6 != nil {
		if cfg.Chosen6 {
			return nil, g.why6
		}
		g.cfg.Range6 = netip.Prefix{}
	}
	if err := g.cfg.ensureLink(ctx); err != nil {
		return nil, err
	}
	if tableThere() { // the ports that it has come with Restore
		return g, nil
	}
	return g, g.cfg.replace(nil)
}

// Remove removes link and table, where there are any.
func Remove(ctx context.Context) error {
	var errs []error
	if l, err := kernel.Find(Port); err != nil || l != nil {
		errs = append(errs, err, netns.DeleteVeth(ctx, Port))
	}
	if tableThere() {
		errs = append(errs, remove())
	}
	return errors.Join(errs...)
}

// Close lets go of the host's ports that are held; what was made goes on. No other
// method may be called after it.
func (g *Gateway) Close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, bindings := range g.ports {
		publish.LetGo(bindings)
	}
}

// Restore learns what endpoints have published. What of it is no longer on the host,
// as after a boot, [Gateway.Mend] makes again.
func (g *Gateway) Restore(endpoints []cnm.Endpoint) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, e := range endpoints {
		g.six = g.six || e.Address6.IsValid() && e.Leaving == nil
		if len(e.Published) > 0 && e.Removing == nil && e.Leaving == nil {
			g.ports[e.ID] = g.bindings(e, e.Published)
		}
	}
}

// Mend brings link, table and held ports to what they must be.
func (g *Gateway) Mend(ctx context.Context) error {
	err := g.cfg.ensureLink(ctx)
	g.holdAgain()
	return errors.Join(err, g.forward(), g.replace())
}

// Joined has the stack forward what an endpoint sends: of IPv6, which many hosts do not
// forward, from the first on that has an address.
func (g *Gateway) Joined(e cnm.Endpoint) error {
	if !e.Address6.IsValid() {
		return nil
	}
	g.mu.Lock()
	g.six = true
	g.mu.Unlock()
	return g.forward()
}

func (g *Gateway) forward() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.six || !g.cfg.Range6.IsValid() {
		return nil
	}
	return kernel.Forward6()
}

// holdAgain takes the ports that an earlier process had published. One that somebody
// else has taken meanwhile stays translated.
func (g *Gateway) holdAgain() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, bindings := range g.ports {
		for i := range bindings {
			if b := &bindings[i]; !b.Taken() {
				if err := b.Take(); err != nil {
					g.cfg.Log.Warn("published port is not held", "port", b.Host, "error", err)
				}
			}
		}
	}
}

// Publish publishes e.PortMaps: the host's ports are taken, and the table translates
// them. What an earlier call published for the endpoint and this one does not goes.
func (g *Gateway) Publish(e cnm.Endpoint) ([]cnm.PortMap, error) {
	if err := publishable(e.PortMaps); err != nil {
		return nil, err
	}
	before := g.release(e.ID)
	ports, taken, err := publish.Take(e.PortMaps, func(p cnm.PortMap) []publish.Binding { return g.bindings(e, []cnm.PortMap{p}) })
	if err != nil {
		if before {
			err = errors.Join(err, g.replace())
		}
		return nil, err
	}
	g.mu.Lock()
	g.ports[e.ID] = taken
	g.mu.Unlock()
	if err := g.replace(); err != nil {
		g.release(e.ID)
		return nil, errors.Join(err, g.replace())
	}
	return ports, nil
}

// publishable refuses the one address of the host that Linux brings to nobody else: what is
// sent to ::1 never leaves by a link, and no setting opens that, as route_localnet does for
// 127.0.0.1.
func publishable(ports []cnm.PortMap) error {
	for _, p := range ports {
		if at, err := netip.ParseAddr(p.HostIP); err == nil && at == netip.IPv6Loopback() {
			return &linkspan.Error{
				Code: linkspan.Invalid, Message: fmt.Sprintf("port %d cannot be published at ::1", p.Port),
				Hint: "publish it at 127.0.0.1, or at another address of the host",
			}
		}
	}
	return nil
}

// bindings returns what ports of an endpoint are in the families that it, the host and
// the wished address have.
func (g *Gateway) bindings(e cnm.Endpoint, ports []cnm.PortMap) []publish.Binding {
	var all []publish.Binding
	for _, p := range ports {
		for _, here := range g.cfg.standsFor(e) {
			if at, ok := publish.HostAddress(p.HostIP, here); ok {
				all = append(all, publish.Binding{
					Proto: p.Proto, Host: netip.AddrPortFrom(at, p.HostPort), Container: netip.AddrPortFrom(here, p.Port),
				})
			}
		}
	}
	return all
}

// Unpublish takes back what Publish did; there need be nothing.
func (g *Gateway) Unpublish(e cnm.Endpoint) error {
	if !g.release(e.ID) {
		return nil
	}
	g.forget(e, false)
	return g.replace()
}

// Left ends all that an endpoint had here: its ports, and its conversations, so that
// nothing of them comes to whoever has its port's number next.
func (g *Gateway) Left(e cnm.Endpoint) error {
	err := g.Unpublish(e)
	if e.Port != 0 {
		g.forget(e, true)
	}
	return err
}

func (g *Gateway) forget(e cnm.Endpoint, opened bool) {
	for _, here := range g.cfg.standsFor(e) {
		if err := publish.Forget(here, opened); err != nil {
			g.cfg.Log.Debug("conversations are not ended", "endpoint", e.ID, "address", here, "error", err)
		}
	}
}

// release lets go of the endpoint's ports, and says whether it had any.
func (g *Gateway) release(endpoint string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	bindings, ok := g.ports[endpoint]
	delete(g.ports, endpoint)
	publish.LetGo(bindings)
	return ok
}

// replace replaces the table by one that has the ports of now.
func (g *Gateway) replace() error {
	g.table.Lock()
	defer g.table.Unlock()
	return g.cfg.replace(g.all())
}

func (g *Gateway) all() []publish.Binding {
	g.mu.Lock()
	defer g.mu.Unlock()
	var all []publish.Binding
	for _, bindings := range g.ports {
		all = append(all, bindings...)
	}
	return all
}

// State says what there is: the ranges, and how many ports are published, each counted
// once for each family.
func (g *Gateway) State() (own []netip.Prefix, published int) { return g.cfg.ranges(), len(g.all()) }

// Without6 says why there is no way for IPv6 although there is a range for it, which was
// not chosen; nil: there is one, or none is wanted.
func (g *Gateway) Without6() error { return g.why6 }

// tableThere says whether there is a table of ours.
func tableThere() bool { return filter.HasTable(table()) }
