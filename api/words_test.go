// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

var (
	text   = rapid.StringMatching(`[a-z]{0,8}`)
	labels = rapid.Custom(func(t *rapid.T) map[string]string {
		m := rapid.MapOfN(rapid.StringMatching(`[a-z]{1,4}`), text, 0, 3).Draw(t, "labels")
		if len(m) == 0 {
			return nil
		}
		return m
	})
	addr = rapid.Custom(func(t *rapid.T) netip.Addr {
		b := rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "address")
		a, _ := netip.AddrFromSlice(b)
		return rapid.SampledFrom([]netip.Addr{{}, a}).Draw(t, "or none")
	})
	prefix = rapid.Custom(func(t *rapid.T) netip.Prefix {
		a := addr.Draw(t, "base")
		if !a.IsValid() {
			return netip.Prefix{}
		}
		return netip.PrefixFrom(a, rapid.IntRange(0, 32).Draw(t, "bits"))
	})
	when = rapid.Custom(func(t *rapid.T) time.Time {
		if rapid.Bool().Draw(t, "never") {
			return time.Time{}
		}
		return time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "seconds"), rapid.Int64Range(0, 1e9-1).Draw(t, "nanoseconds")).UTC()
	})
	driver = rapid.SampledFrom([]linkspan.Driver{"", linkspan.Hotplug, linkspan.Overlay})
	limits = rapid.Custom(func(t *rapid.T) linkspan.Limits {
		rate := rapid.Map(rapid.Uint64Range(0, 1<<40), func(n uint64) linkspan.Rate { return linkspan.Rate(n) })
		return linkspan.Limits{Egress: rate.Draw(t, "egress"), Ingress: rate.Draw(t, "ingress")}
	})
	mac = rapid.Custom(func(t *rapid.T) linkspan.MAC {
		return rapid.SampledFrom([]linkspan.MAC{{}, {2, 0x42, rapid.Byte().Draw(t, "byte"), 0, 0, 1}}).Draw(t, "mac")
	})
)

// sent is what comes out at the other end of the wire.
func sent[M proto.Message](t *rapid.T, m M) M {
	raw, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	out := m.ProtoReflect().New().Interface().(M)
	if err := proto.Unmarshal(raw, out); err != nil {
		t.Fatal(err)
	}
	return out
}

var sameAddresses = cmp.Options{
	cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
	cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
	cmpopts.EquateEmpty(),
}

func TestNetworkCrossesTheWire(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := linkspan.Network{
			ID: linkspan.NetworkID(rapid.Uint32Range(0, uint32(linkspan.MaxNetworkID)).Draw(t, "id")), Name: text.Draw(t, "name"),
			Subnet: prefix.Draw(t, "subnet"), Gateway: addr.Draw(t, "gateway"), Range: prefix.Draw(t, "range"),
			Idle: time.Duration(rapid.Int64Range(0, int64(linkspan.MaxIdle)).Draw(t, "idle")),
			MTU:  rapid.IntRange(0, linkspan.MaxMTU).Draw(t, "mtu"), Internal: rapid.Bool().Draw(t, "internal"),
			Aux:    rapid.MapOfN(rapid.StringMatching(`[a-z]{1,4}`), addr.Filter(netip.Addr.IsValid), 0, 3).Draw(t, "aux"),
			Labels: labels.Draw(t, "labels"), Created: when.Draw(t, "created"), Creator: text.Draw(t, "creator"),
			Driver: driver.Draw(t, "driver"), Limits: limits.Draw(t, "limits"),
		}
		got, err := api.NetworkFromProto(sent(t, api.NetworkToProto(&want)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, sameAddresses); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestEndpointCrossesTheWire(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := linkspan.Endpoint{
			Network: linkspan.NetworkID(rapid.Uint32().Draw(t, "network")), Address: addr.Draw(t, "address"),
			Chassis: 7, ID: text.Draw(t, "id"), MAC: mac.Draw(t, "mac"), Port: rapid.Uint32().Draw(t, "port"),
			Container: text.Draw(t, "container"), Labels: labels.Draw(t, "labels"), Created: when.Draw(t, "created"),
			Driver: driver.Draw(t, "driver"), Limits: limits.Draw(t, "limits"),
		}
		m := sent(t, api.EndpointToProto(&want, "web", "h1"))
		if m.GetNetworkName() != "web" || m.GetChassis() != "h1" {
			t.Fatalf("the names are lost: %v", m)
		}
		got, err := api.EndpointFromProto(m)
		if err != nil {
			t.Fatal(err)
		}
		want.Chassis = 0 // only the server knows it
		if diff := cmp.Diff(want, got, sameAddresses); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestEventCrossesTheWire(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := linkspan.Event{
			Time: when.Draw(t, "time"), Kind: linkspan.EventKind(text.Draw(t, "kind")), Subject: text.Draw(t, "subject"),
			Chassis: text.Draw(t, "chassis"), Actor: text.Draw(t, "actor"), Message: text.Draw(t, "message"),
		}
		got := api.EventFromProto(sent(t, api.EventToProto(&want)))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestBadInputIsInvalid(t *testing.T) {
	network := func(m *apiv1.Network) error { _, err := api.NetworkFromProto(m); return err }
	endpoint := func(m *apiv1.Endpoint) error { _, err := api.EndpointFromProto(m); return err }
	for says, err := range map[string]error{
		`subnet "10.7.0.0" is not a subnet like`:      network(&apiv1.Network{Subnet: "10.7.0.0"}),
		`subnet "10.7.0.0/33" is not a subnet like`:   network(&apiv1.Network{Subnet: "10.7.0.0/33", Gateway: "also wrong"}),
		`gateway "router" is not an address like`:     network(&apiv1.Network{Gateway: "router"}),
		`range "10.7.0.0-9" is not a subnet like`:     network(&apiv1.Network{Range: "10.7.0.0-9"}),
		`auxiliary address nas "x" is not an address`: network(&apiv1.Network{Aux: map[string]string{"nas": "x"}}),
		`address "10.7.0.256" is not an address like`: endpoint(&apiv1.Endpoint{Address: "10.7.0.256"}),
		`mac "ff:ff:ff:ff:ff:ff" is not a unicast`:    endpoint(&apiv1.Endpoint{Mac: "ff:ff:ff:ff:ff:ff"}),
		`mac "02-42" is not a unicast`:                endpoint(&apiv1.Endpoint{Mac: "02-42"}),
	} {
		if linkspan.CodeOf(err) != linkspan.Invalid || err == nil || !strings.HasPrefix(err.Error(), says) {
			t.Errorf("got %v, want invalid: %s", err, says)
		}
	}
}

func TestNothingIsReadAsNothing(t *testing.T) {
	n, err := api.NetworkFromProto(nil)
	if diff := cmp.Diff(linkspan.Network{}, n, sameAddresses); err != nil || diff != "" {
		t.Errorf("network: %v\n%s", err, diff)
	}
	e, err := api.EndpointFromProto(nil)
	if diff := cmp.Diff(linkspan.Endpoint{}, e, sameAddresses); err != nil || diff != "" {
		t.Errorf("endpoint: %v\n%s", err, diff)
	}
	if diff := cmp.Diff(linkspan.Event{}, api.EventFromProto(nil)); diff != "" {
		t.Errorf("event:\n%s", diff)
	}
}

// Whatever anybody sends is read or refused, and what is read can be validated.
func FuzzNetworkFromProto(f *testing.F) {
	for _, m := range []*apiv1.Network{
		{}, {Name: "web", Subnet: "10.7.0.0/24", Gateway: "10.7.0.1", Range: "10.7.0.128/25", Idle: durationpb.New(time.Second)},
		{Mtu: 1 << 31, Idle: &durationpb.Duration{Seconds: 1 << 62, Nanos: -5}, Created: &timestamppb.Timestamp{Seconds: -1 << 62}},
	} {
		raw, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var m apiv1.Network
		if proto.Unmarshal(raw, &m) != nil {
			return
		}
		n, err := api.NetworkFromProto(&m)
		if err == nil {
			n.ApplyDefaults()
			err = n.Validate()
		}
		if err != nil && linkspan.CodeOf(err) != linkspan.Invalid {
			t.Fatalf("%v: %v", &m, err)
		}
	})
}
