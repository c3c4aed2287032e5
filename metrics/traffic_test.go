// SPDX-License-Identifier: Apache-2.0

package metrics_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/metrics"
	"github.com/linkspan/linkspan/ovs"
	"github.com/linkspan/linkspan/ovs/storm"
	"github.com/linkspan/linkspan/wire/openflow"
)

// ports answers with those of its flows that a request's table and cookie let
// through.
type ports struct {
	bridge
	flows []openflow.FlowStats
}

func (b ports) Ask(_ context.Context, questions ...ovs.Question) error {
	for _, q := range questions {
		r, body := q.Request.(*openflow.FlowRequest), []byte(nil)
		for i := range b.flows {
			if f := &b.flows[i]; f.TableID == r.TableID && f.Cookie&r.CookieMask == r.Cookie && sameNetwork(r.Match, f.Match) {
				body = f.AppendBody(body)
			}
		}
		if err := q.Each(body); err != nil {
			return err
		}
	}
	return b.err
}

// sameNetwork says whether a flow is of the network that is asked for.
func sameNetwork(asked, flow openflow.MatchView) bool {
	want, named := asked.Uint(openflow.Reg(0))
	have, has := flow.Uint(openflow.Reg(0))
	return !named || !has || want == have
}

func TestTrafficIsReadByPort(t *testing.T) {
	to := netip.MustParseAddr("10.7.0.9")
	towards := new(openflow.Match).Reg(0, 7).EthType(0x0800).IPv4Dst(to).View()
	elsewhere := new(openflow.Match).EthType(0x0800).IPv4Dst(to.Next()).View()
	flow := func(table uint8, k pipeline.Kind, object, packets uint64, m openflow.MatchView) openflow.FlowStats {
		return openflow.FlowStats{TableID: table, Priority: 200, Cookie: uint64(pipeline.NewCookie(k, 4, object)), Packets: packets, Match: m}
	}
	b := ports{flows: []openflow.FlowStats{
		flow(0, pipeline.KindEndpoint, 7<<16|100, 40, nil),
		flow(0, pipeline.KindEndpoint, 7<<16|101, 50, nil),
		flow(30, pipeline.KindRoute, 1, 10, towards),
		flow(30, pipeline.KindRoute, 2, 20, elsewhere),
		flow(30, pipeline.KindDeny, 7, 6, towards),
		flow(30, pipeline.KindDeny, 8, 7, new(openflow.Match).Reg(0, 8).EthType(0x0800).IPv4Dst(to).View()),
	}}
	got, err := metrics.Traffic{Bridge: b}.Read(t.Context(), []storm.Port{
		{Number: 100, Network: 7, Address: to}, {Number: 101, Network: 7, Address: to},
	})
	if err != nil || len(got) != 2 {
		t.Fatal(got, err)
	}
	if got[0].Arrived != 40 || got[1].Arrived != 50 {
		t.Errorf("arrived %d and %d", got[0].Arrived, got[1].Arrived)
	}
	sum := uint64(0)
	for _, n := range got[0].Routes {
		sum += n
	}
	if len(got[0].Routes) != 2 || sum != 30 {
		t.Errorf("routes %v", got[0].Routes)
	}
	if diff := cmp.Diff(map[netip.Addr]uint64{to: 6}, got[1].Denied, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Errorf("denied (-want +got)\n%s", diff)
	}
	b.err = errors.New("away")
	if _, err := (metrics.Traffic{Bridge: b}).Read(t.Context(), []storm.Port{{Number: 100}}); err == nil {
		t.Error("no error without an answer")
	}
}
