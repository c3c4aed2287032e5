// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"time"

	"connectrpc.com/connect"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	"github.com/linkspan/linkspan/api/channel"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/docker"
	"github.com/linkspan/linkspan/cnm/driver/across"
	"github.com/linkspan/linkspan/cnm/driver/bridge"
	"github.com/linkspan/linkspan/cnm/driver/gateway"
	hostdriver "github.com/linkspan/linkspan/cnm/driver/host"
	"github.com/linkspan/linkspan/cnm/driver/hotplug"
	"github.com/linkspan/linkspan/cnm/driver/macvlan"
	nulldriver "github.com/linkspan/linkspan/cnm/driver/null"
	"github.com/linkspan/linkspan/cnm/driver/overlay"
	"github.com/linkspan/linkspan/cnm/fabric"
	hostinventory "github.com/linkspan/linkspan/cnm/inventory"
	nullipam "github.com/linkspan/linkspan/cnm/ipam/null"
	"github.com/linkspan/linkspan/cnm/ipam/pool"
	"github.com/linkspan/linkspan/cnm/local"
	"github.com/linkspan/linkspan/cnm/mirror"
	"github.com/linkspan/linkspan/cnm/moving"
	"github.com/linkspan/linkspan/cnm/names"
	"github.com/linkspan/linkspan/cnm/swarm"
	"github.com/linkspan/linkspan/metrics"
	"github.com/linkspan/linkspan/ovs"
	"github.com/linkspan/linkspan/ovs/fastpath"
	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/ovs/restore"
	"github.com/linkspan/linkspan/ovs/shape"
	"github.com/linkspan/linkspan/ovs/storm"
	"github.com/linkspan/linkspan/ovs/tunnel"
	"github.com/linkspan/linkspan/store/kv"
	"github.com/linkspan/linkspan/trust"
)

// driverName is what people type after docker network create -d.
const driverName = mirror.Driver

// host is everything a switch runs, in the order it is made.
type host struct {
	role    *switchRole
	own     trust.TLS
	uplink  *uplink
	place   place
	ovs     *ovs.Switch
	keeper  *restore.Keeper
	fast    fastpath.Choice
	tso     fastpath.State // that the choice was made in
	tunnel  *tunnel.Tunnel
	direct  directPort
	gateway gatewayPort
	swarm   *swarm.Books
	fabric  *fabric.Fabric
	model   *cnm.Controller
	local   *bridge.Driver
	overlay *overlay.Driver
	mirror  *mirror.Mirror
	engine  *mirror.Engine // nil: this host has no Docker
	here    *local.Host
	told    *hostinventory.Inventory
	names   *names.Keeper
	storm   *storm.Watch
	moves   *moving.Host // nil: this host takes no part in moves

	calls    metrics.Calls // of the plugin
	leave    func()        // has no hosts on ports be endpoints any more
	restarts atomic.Uint64 // of the relay
}

// serve joins if this host has not, makes the parts, and runs them.
func (s *switchRole) serve(ctx context.Context, db kv.Store, keeper *trust.Keeper, ready func()) error {
	h := host{role: s, own: trust.TLS{Keeper: keeper, Revocations: new(trust.Revocations)}}
	controllers, err := s.admission(ctx, db, keeper)
	if err != nil {
		return err
	}
	h.uplink = newUplink(controllers, h.own.ClientConfig(trust.KindController, ""))
	defer h.uplink.api.Close()
	if err := h.awaitGround(ctx, controllers); err != nil {
		return err
	}
	defer h.ovs.Close()
	h.leave = func() {}
	defer func() { h.leave() }()
	if err := h.build(ctx, db); err != nil {
		return err
	}
	if err := h.openMoving(ctx, db, controllers); err != nil {
		return err
	}
	defer h.local.Close()
	defer h.gateway.close()
	s.host.Store(&h)
	defer s.host.Store(nil)
	return h.run(ctx, ready)
}

// ground prepares what lies under the containers: the bridge, the tunnel, the
// shield. It waits for Open vSwitch and for a way to the controllers.
func (h *host) ground(ctx context.Context, controllers []string) (err error) {
	s, me := h.role, h.own.Keeper.KeyPair().Identity()
	s.waits(waitsForUnderlay)
	if h.place, err = s.awaitPlace(ctx, controllers); err != nil {
		return err
	}
	s.waits(waitsForOVS)
	if h.ovs, err = s.openOVS(ctx); err != nil {
		return fmt.Errorf("open vswitch: %w", err)
	}
	if err := h.bridge(ctx, me); err != nil {
		h.ovs.Close()
		return err
	}
	return nil
}

// openOVS opens the integration bridge, over the connection that the configuration's bridge has.
func (s *switchRole) openOVS(ctx context.Context) (*ovs.Switch, error) {
	if n := s.nos.Load(); n != nil {
		return ovs.OpenBeside(ctx, n.switching, s.bridge)
	}
	return ovs.Open(ctx, ovs.Config{Bridge: s.bridge, RunDir: s.ovsRunDir, Log: s.log}.Default())
}

func (h *host) bridge(ctx context.Context, me trust.Identity) (err error) {
	if err := h.ovs.EnsureBridge(ctx, ovs.BridgeSpec{DPID: me.DPID}); err != nil {
		return err
	}
	user, err := h.role.ovsUser()
	if err != nil {
		return err
	}
	h.tunnel, err = tunnel.Ensure(ctx, tunnel.Config{Local: h.place.address, MAC: me.Number.TunnelMAC(), User: user}.Default())
	if err != nil {
		return err
	}
	if err := h.ovs.AddPort(ctx, h.tunnelPort()); err != nil {
		return err
	}
	if err := h.chooseFastPath(ctx, me); err != nil {
		return err
	}
	if err := netns.EnsureShield(ctx, shielded(), append(h.role.directLinks(), gateway.Port, across.Port)...); err != nil {
		return err
	}
	if err := h.prepareDirect(ctx, me); err != nil {
		return err
	}
	return h.prepareGateway(ctx)
}

// shielded returns how the names of links begin that the host's stack must not
// take packets from: the ports of containers on Open vSwitch, and the links of
// every driver at which limits stand.
func shielded() []string {
	all := []string{netns.HostPrefix, ovs.ServicePrefix}
	for _, ports := range []string{netns.HostPrefix, bridge.PortPrefix, overlay.PortPrefix} {
		all = append(all, shape.Prefixes(ports)...)
	}
	return all
}

// ovsUser returns the user that ovs-vswitchd runs as, whose sockets are its own.
func (s *switchRole) ovsUser() (uint32, error) {
	var at unix.Stat_t
	if err := unix.Stat(filepath.Join(s.ovsRunDir, s.bridge+".mgmt"), &at); err != nil {
		return 0, fmt.Errorf("whose is the bridge's management socket: %w", err)
	}
	return at.Uid, nil
}

// awaitPlace tries until this host has an address towards a controller, as at a
// boot before the network is up.
func (s *switchRole) awaitPlace(ctx context.Context, controllers []string) (place, error) {
	for {
		p, err := s.place(ctx, controllers)
		if err == nil || linkspan.CodeOf(err) == linkspan.Invalid {
			return p, err
		}
		s.log.Warn("no address in the underlay yet", "error", err)
		select {
		case <-ctx.Done():
			return p, ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

// hotplug makes the driver of the fabric's routed networks.
func (h *host) hotplug() (*hotplug.Driver, error) {
	return hotplug.New(hotplug.Options{
		Ports: h.ovs, Links: hotplug.Kernel{}, Fabric: h.fabric, Offload: h.fast.Offload,
		MTU: h.tunnel.MTU(), DirectMTU: h.direct.mtu(), Gateway: h.gateway.forDriver(), Log: h.role.log,
	})
}

// build makes the container network model on that ground.
func (h *host) build(ctx context.Context, db kv.Store) (err error) {
	s, me := h.role, h.own.Keeper.KeyPair().Identity()
	if h.overlay, err = overlay.New(overlay.Options{
		Local: h.place.address, Numbered: true, Fabric: fabric.OverlayTo(func() *fabric.Fabric { return h.fabric }), Log: s.log,
	}); err != nil {
		return err
	}
	if h.fabric, err = fabric.New(ctx, fabric.Config{
		Chassis: me.Number, Client: h.uplink.api.Chassis, Networks: h.uplink.api.Networks, Peers: h.tunnel, Store: db,
		Version: version, Underlay: h.place.address, MTU: h.place.mtu, Log: s.log,
		Paths: h.direct.paths(), Overlays: h.overlay,
	}); err != nil {
		return err
	}
	driver, err := h.hotplug()
	if err != nil {
		return err
	}
	if h.swarm, err = swarm.New(ctx, swarm.Config{
		Store: db, Fabric: h.fabric, Of: mirror.SwarmID, Check: driver.Check, Lives: h.inSwarm, Avoid: h.avoid, Log: s.log,
	}); err != nil {
		return err
	}
	h.leave = h.joinModes(driver)
	h.local = bridge.New(bridge.Options{Log: s.log})
	if h.model, err = cnm.New(cnm.Options{
		Store: db, Log: s.log,
		Drivers: map[string]cnm.Driver{
			driverName: driver, overlayKey: h.overlay, bridgeKey: h.local, macvlanKey: macvlan.New(), nullKey: nulldriver.New(), hostKey: hostdriver.New(),
		},
		IPAMs: map[string]cnm.IPAM{
			driverName: pool.New(pool.Options{Fabric: h.fabric, Avoid: h.promised}), cnm.DefaultIPAM: pool.New(pool.Options{Avoid: h.avoid}), nullKey: nullipam.New(),
		},
		OtherDriver: h.otherDriver, OtherIPAM: h.otherIPAM,
	}); err != nil {
		return err
	}
	h.openDocker()
	h.mirror, err = mirror.New(ctx, mirror.Config{
		Host: me.Name, Docker: h.dockerd(), Fabric: h.fabric, Model: h.model, Store: db, Others: h.stations, Log: s.log,
	})
	if err != nil {
		return err
	}
	if err := h.openHere(); err != nil {
		return err
	}
	if err := h.openInventory(me); err != nil {
		return err
	}
	h.names, err = names.New(names.Config{
		Model: h.model, Networks: h.fabric, Source: names.NewRemote(h.uplink.api.Names), Log: s.log,
	})
	if err != nil {
		return err
	}
	h.storm, err = h.newStorm()
	return err
}

// run runs all parts until ctx ends or one of them fails.
func (h *host) run(ctx context.Context, ready func()) error {
	s := h.role
	plugins, err := h.plugins()
	if err != nil {
		return err
	}
	h.followOffload(ctx, h.fast.Offload)
	h.keeper = restore.New(restore.Config{Dial: h.ovs.Channel, Log: s.log})
	defer h.observe()()
	parts, ctx := errgroup.WithContext(ctx)
	for _, p := range plugins {
		parts.Go(func() error {
			p.options.Observe = h.calls.Observe
			return docker.New(p.options).Serve(ctx, p.listener)
		})
	}
	parts.Go(func() error { return h.model.Run(ctx) })
	parts.Go(func() error { return h.fabric.Run(ctx) })
	parts.Go(func() error { return h.mirror.Run(ctx) })
	parts.Go(func() error { return h.swarm.Run(ctx) })
	parts.Go(func() error { return h.names.Run(ctx) })
	parts.Go(func() error { return h.here.Run(ctx) })
	parts.Go(func() error { return h.told.Run(ctx) })
	parts.Go(func() error { return h.storm.Run(ctx) })
	parts.Go(func() error { return h.move(ctx) })
	parts.Go(func() error { return h.keeper.Run(ctx) })
	parts.Go(func() error { return h.relay(ctx) })
	parts.Go(func() error { return h.direct.run(ctx) })
	parts.Go(func() error { return h.keepFastPath(ctx) })
	parts.Go(func() error { return h.keepLinksUp(ctx) })
	parts.Go(func() error { return h.across().Run(ctx) })
	parts.Go(func() error { return h.awaitDocker(ctx) })
	parts.Go(func() error { h.own.Keeper.Run(ctx, h.renew, s.log); return nil })
	api := localAPI(h.uplink, hostService{role: "switch", checks: h.checks, settle: h.settle}, h.here)
	s.front.joined.Store(&api)
	defer s.front.joined.Store(nil)
	s.serving.Store(true)
	defer s.serving.Store(false)
	ready()
	err = parts.Wait()
	if h.engine != nil {
		err = firstCause(err, h.engine.Close())
	}
	return err
}

// firstCause keeps the error that ended the parts; what fails while closing
// counts only when nothing else did.
func firstCause(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// relay carries OpenFlow between the bridge and the controller, again and again.
func (h *host) relay(ctx context.Context) error {
	const first, last = 50 * time.Millisecond, 2 * time.Second
	for wait := first; ctx.Err() == nil; wait = min(2*wait, last) {
		start := time.Now()
		err := h.relayOnce(ctx)
		if ctx.Err() != nil {
			break
		}
		if time.Since(start) > last {
			wait = first
		}
		h.restarts.Add(1)
		h.role.log.Warn("openflow channel is closed", "error", err, "hint", hintFor(err))
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
	return ctx.Err()
}

// relayOnce asks no controller before the bridge has the flows that it had.
func (h *host) relayOnce(ctx context.Context) error {
	if err := h.keeper.Wait(ctx); err != nil {
		return err
	}
	far, err := channel.Dial(ctx, h.uplink.http, channel.Base)
	if err != nil {
		return err
	}
	near, err := h.keeper.Channel(ctx)
	if err != nil {
		return firstCause(err, far.Close())
	}
	h.role.log.Info("openflow channel is open")
	return ovs.Relay(ctx, near, far)
}

// renew has the controller certify a new key.
func (h *host) renew(ctx context.Context, csr []byte) ([]byte, error) {
	r, err := h.uplink.api.Chassis.Renew(ctx, connect.NewRequest(&apiv1.ChassisServiceRenewRequest{Csr: csr}))
	if err != nil {
		return nil, api.FromRPC(err)
	}
	return r.Msg.GetCertificate(), nil
}
