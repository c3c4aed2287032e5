// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/control/rpc"
	"github.com/linkspan/linkspan/ovs/shape"
	"github.com/linkspan/linkspan/trust"
)

// check makes one line of a doctor's report.
func check(name string, state apiv1.Check_State, found, hint string) *apiv1.Check {
	return &apiv1.Check{Name: name, State: state, Found: found, Hint: hint}
}

// verdict is OK without an error, else failed with the error as what was found.
func verdict(name string, err error, found, hint string) *apiv1.Check {
	if err != nil {
		return check(name, apiv1.Check_STATE_FAILED, err.Error(), hint)
	}
	return check(name, apiv1.Check_STATE_OK, found, "")
}

// checks looks at the switch that runs in this process.
func (s *switchRole) checks(ctx context.Context) []*apiv1.Check {
	if h := s.host.Load(); h != nil {
		return h.checks(ctx)
	}
	_, status := s.status()
	return []*apiv1.Check{check("switch", apiv1.Check_STATE_WARNING, status, "")}
}

// checks looks at this switch: its controller, its Open vSwitch, its dockerd.
func (h *host) checks(ctx context.Context) []*apiv1.Check {
	return append([]*apiv1.Check{
		h.checkController(), h.checkCertificate(), h.checkDocker(ctx), h.checkPlugin(ctx), h.checkTunnel(ctx), h.checkDirect(), h.checkGateway(), h.checkOverlay(),
		h.checkSite(ctx), h.checkNames(), h.checkStorm(), h.checkLimits(), h.checkDrops(ctx),
	}, h.checkOVS(ctx)...)
}

func (h *host) checkController() *apiv1.Check {
	connected, since := h.fabric.Ready()
	if connected {
		return check("controller", apiv1.Check_STATE_OK, "connected since "+since.Local().Format("2006-01-02 15:04:05"), "")
	}
	return check("controller", apiv1.Check_STATE_FAILED, "away; running routes go on, new ones wait",
		"is linkspan serve controller up, and is its port open to this host?")
}

func (h *host) checkOverlay() *apiv1.Check {
	networks, peers := h.overlay.Count()
	if err := h.overlay.Supported(); err != nil {
		if networks > 0 {
			return verdict("overlay", err, "", linkspan.HintOf(err))
		}
		return check("overlay", apiv1.Check_STATE_OK, "no networks, and none are possible here: "+err.Error(), "")
	}
	return check("overlay", apiv1.Check_STATE_OK, fmt.Sprintf("%d networks, %d endpoints of them on other hosts", networks, peers), "")
}

// checkLimits counts who is held to a bandwidth, and says whether the kernel can.
func (h *host) checkLimits() *apiv1.Check {
	limited := 0
	for _, e := range h.model.Endpoints() {
		if e.Limits.Any() {
			limited++
		}
	}
	return limitCheck(limited, shape.Supported())
}

// limitCheck fails where there are limits that cannot be held.
func limitCheck(limited int, lacks error) *apiv1.Check {
	switch {
	case lacks == nil:
		return check("limits", apiv1.Check_STATE_OK, fmt.Sprintf("%d endpoints are held to a bandwidth", limited), "")
	case limited > 0:
		return verdict("limits", lacks, "", linkspan.HintOf(lacks))
	}
	return check("limits", apiv1.Check_STATE_OK, "no endpoints are held to a bandwidth, and none can be here: "+lacks.Error(), "")
}

func (h *host) checkCertificate() *apiv1.Check {
	pair := h.own.Keeper.KeyPair()
	found := fmt.Sprintf("%s, until %s", pair.Identity().Label(), pair.Certificate().NotAfter.Local().Format("2006-01-02"))
	switch now := time.Now(); {
	case now.After(pair.Certificate().NotAfter):
		return check("certificate", apiv1.Check_STATE_FAILED, found+", expired", "remove this switch and join again: linkspan switch token")
	case trust.NeedsRenewal(pair.Certificate(), now):
		return check("certificate", apiv1.Check_STATE_WARNING, found+", due for renewal", "it is renewed when the controller answers")
	}
	return check("certificate", apiv1.Check_STATE_OK, found, "")
}

func (h *host) checkDocker(ctx context.Context) *apiv1.Check {
	if h.engine == nil {
		return check("docker", apiv1.Check_STATE_OK, "none on this host; linkspan sandbox has what containers would be", "")
	}
	networks, err := h.engine.Networks(ctx)
	return verdict("docker", err, fmt.Sprintf("answers; %d networks of ours", len(networks)),
		"is dockerd running? linkspan serve switch --docker names its socket")
}

func (h *host) checkNames() *apiv1.Check {
	s := h.names.State()
	found := fmt.Sprintf("answered in %d containers", s.Served)
	if s.Trouble == "" {
		return check("names", apiv1.Check_STATE_OK, found, "")
	}
	return check("names", apiv1.Check_STATE_WARNING, found+"; not in another: "+s.Trouble, "containers there ask Docker's resolver alone")
}

func (h *host) checkTunnel(ctx context.Context) *apiv1.Check {
	peers, err := h.tunnel.Peers(ctx)
	if err != nil {
		return verdict("tunnel", err, "", "the next start of linkspan serve switch makes the device anew")
	}
	dropped, err := h.tunnel.Dropped(ctx)
	found := fmt.Sprintf("%s from %s, mtu %d, %d peers, %d packets from strangers dropped",
		h.tunnel.Device(), h.place.address, h.tunnel.MTU(), len(peers), dropped)
	return verdict("tunnel", err, found, "is another program changing the nftables table linkspan?")
}

func (h *host) checkDirect() *apiv1.Check {
	switch {
	case h.direct.port != nil:
		return check("direct", apiv1.Check_STATE_OK, h.direct.found(), "")
	case h.direct.why != nil:
		return check("direct", apiv1.Check_STATE_WARNING, "not on this host: "+h.direct.why.Error(), linkspan.HintOf(h.direct.why))
	}
	return check("direct", apiv1.Check_STATE_OK, "off, as --direct says", "")
}

// checkSite tells of the sites whose traffic with this host's is refused.
func (h *host) checkSite(ctx context.Context) *apiv1.Check {
	ctx, cancel := context.WithTimeout(ctx, siteLimit)
	defer cancel()
	r, err := h.uplink.api.Sites.List(ctx, connect.NewRequest(&apiv1.SiteServiceListRequest{}))
	if err != nil {
		return check("site", apiv1.Check_STATE_WARNING, "not known: "+api.FromRPC(err).Error(), "")
	}
	me, own := h.own.Keeper.KeyPair().Identity().Name, linkspan.DefaultSite
	for _, site := range r.Msg.GetSites() {
		if slices.Contains(site.GetSwitches(), me) {
			own = site.GetName()
		}
	}
	var refused []*apiv1.SitePair
	for _, p := range r.Msg.GetPairs() {
		if !p.GetClear() && (p.GetA() == own || p.GetB() == own) {
			refused = append(refused, p)
		}
	}
	return siteCheck("in "+own, refused)
}

// siteLimit is how long the doctor waits for the controller's word on sites.
const siteLimit = 3 * time.Second

// siteCheck is fine when no sites that share a network refuse each other.
func siteCheck(fine string, refused []*apiv1.SitePair) *apiv1.Check {
	if len(refused) == 0 {
		return check("site", apiv1.Check_STATE_OK, fine, "")
	}
	var texts, hints []string
	for _, p := range refused {
		texts = append(texts, refusedText(p))
		hints = append(hints, "linkspan site allow-clear "+p.GetA()+" "+p.GetB())
	}
	return check("site", apiv1.Check_STATE_WARNING, strings.Join(texts, "; "), "to allow it in clear text: "+strings.Join(hints, "; "))
}

// refusedText says which traffic two sites refuse.
func refusedText(p *apiv1.SitePair) string {
	return fmt.Sprintf("traffic between the sites %s and %s is refused (network %s)", p.GetA(), p.GetB(), strings.Join(p.GetNetworks(), ", "))
}

func (h *host) checkOVS(ctx context.Context) []*apiv1.Check {
	can, err := h.ovs.Capabilities(ctx)
	if err != nil {
		return []*apiv1.Check{verdict("open vswitch", err, "", "are ovsdb-server and ovs-vswitchd running?")}
	}
	checks := []*apiv1.Check{check("open vswitch", apiv1.Check_STATE_OK, can.Version+", bridge "+h.role.bridge, ""), h.checkFastPath(ctx)}
	for _, note := range can.Notes() {
		checks = append(checks, check("open vswitch", apiv1.Check_STATE_WARNING, note, ""))
	}
	return checks
}

func counted(here, total int) string { return fmt.Sprintf("%d of %d connected", here, total) }

// checks looks at this controller.
func (b *brain) checks(ctx context.Context) []*apiv1.Check {
	_, err := b.store.Events(ctx, 1)
	if err == nil {
		err = b.store.Writable()
	}
	v, total, here := b.hub.View(), 0, 0
	for c := range v.AllChassis() {
		total++
		if _, ok := b.hub.Connected(c.ID); ok {
			here++
		}
	}
	state, hint := apiv1.Check_STATE_OK, ""
	if here < total {
		state, hint = apiv1.Check_STATE_WARNING, "linkspan switch ls shows which are away"
	}
	checks := []*apiv1.Check{
		verdict("store", err, "answers, embedded etcd", "free space on its disk; what runs goes on, but nothing new is stored"),
		check("switches", state, counted(here, total), hint),
		siteCheck("no site refuses another", rpc.RefusedSites(v)),
	}
	if b.role.more != nil {
		checks = append(checks, b.role.more(ctx)...)
	}
	return checks
}
