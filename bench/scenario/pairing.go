// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"context"
	"errors"
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/bench/ofload"
	"github.com/linkspan/linkspan/trust"
	"github.com/linkspan/linkspan/wire/openflow"
)

// Connect connects a simulated switch for each chassis to the controller's
// OpenFlow address, with its certificate if secure.
func (f *Fabric) Connect(ctx context.Context, address string, secure bool) (Switches, error) {
	return dialAll(ctx, len(f.chassis), f.config.Size.Hosts, func(s int) ofload.Options {
		c := f.chassis[s-1]
		o := ofload.Options{Address: address, DPID: uint64(c.id.DPID())}
		if secure {
			o.TLS = c.tls.ClientConfig(trust.KindController, "")
			o.TLS.NextProtos = nil
		}
		return o
	})
}

// router is the address by which an endpoint reaches every other.
func router() openflow.MAC { return openflow.MAC{0x02, 0xff, 0, 0, 0, 1} }

// AskSame prepares questions between endpoints of one chassis, answered with
// both directions and the packet.
func (f *Fabric) AskSame(l Switches) error {
	n := uint32(f.network)
	return l.ask(func(s int) []ofload.Question {
		list := questions(s, f.config.Size.Hosts, func(from, to ofload.Host) []ofload.Flow {
			return []ofload.Flow{
				{From: from, To: to, Out: to.Port, Network: n}, {From: to, To: from, Out: from.Port, Network: n},
			}
		})
		for i := range list {
			list[i].Via = router()
		}
		return slices.DeleteFunc(list, func(q ofload.Question) bool { return !f.asks(q.From.Addr, q.To.Addr) })
	})
}

// AskTwo prepares questions between endpoints of a chassis and the next one:
// both directions on each chassis, and the packet to either.
func (f *Fabric) AskTwo(l Switches) error {
	if len(l) < 2 {
		return errors.New("routes between chassis need two switches or more")
	}
	return l.ask(func(s int) []ofload.Question {
		far := s%len(l) + 1
		var list []ofload.Question
		for _, p := range crossings(f.config.Size.Hosts, s%2) {
			if from, to := host(s, p[0]), host(far, p[1]); f.asks(from.Addr, to.Addr) {
				list = append(list, f.crossing(from, to, l[far-1]))
			}
		}
		return list
	})
}

func (f *Fabric) crossing(from, to ofload.Host, far *ofload.Switch) ofload.Question {
	n := uint32(f.network)
	return ofload.Question{
		From: from, To: to, Via: router(), Out: linkspan.TunnelPort,
		Flows: []ofload.Flow{
			{From: from, To: to, Out: linkspan.TunnelPort, Network: n}, {From: to, To: from, Out: from.Port, Network: n},
		},
		Far: far, FarIn: linkspan.TunnelPort,
		FarFlows: []ofload.Flow{
			{From: from, To: to, Out: to.Port, Network: n}, {From: to, To: from, Out: linkspan.TunnelPort, Network: n},
		},
	}
}
