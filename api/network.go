// SPDX-License-Identifier: Apache-2.0

package api

import (
	"net/netip"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// NetworkToProto writes n as a message; the endpoint count stays 0.
func NetworkToProto(n *linkspan.Network) *apiv1.Network {
	return &apiv1.Network{
		Id: uint32(n.ID), Name: n.Name, Labels: n.Labels, Internal: n.Internal, Mtu: uint32(n.MTU),
		Subnet: text(n.Subnet), Gateway: text(n.Gateway), Range: text(n.Range),
		Idle: durationpb.New(n.Idle), Created: timestampToProto(n.Created), Creator: n.Creator, Aux: auxToProto(n.Aux),
		Transport: string(n.Transport), Driver: string(n.Driver), Limits: limitsToProto(n.Limits),
		Subnet6: text(n.Subnet6), Gateway6: text(n.Gateway6), Range6: text(n.Range6),
	}
}

func auxToProto(aux map[string]netip.Addr) map[string]string {
	if len(aux) == 0 {
		return nil
	}
	out := make(map[string]string, len(aux))
	for name, a := range aux {
		out[name] = a.String()
	}
	return out
}

func (p *parser) aux(given map[string]string) map[string]netip.Addr {
	if len(given) == 0 {
		return nil
	}
	out := make(map[string]netip.Addr, len(given))
	for name, a := range given {
		out[name] = p.addr("auxiliary address "+name, a)
	}
	return out
}

// NetworkFromProto reads a message; empty fields stay zero. It parses and does
// not judge: call Validate. Errors have code Invalid.
func NetworkFromProto(m *apiv1.Network) (linkspan.Network, error) {
	var p parser
	n := linkspan.Network{
		ID: linkspan.NetworkID(m.GetId()), Name: m.GetName(), Labels: m.GetLabels(), Internal: m.GetInternal(),
		MTU: int(m.GetMtu()), Idle: m.GetIdle().AsDuration(), Creator: m.GetCreator(),
		Subnet: p.prefix("subnet", m.GetSubnet()), Gateway: p.addr("gateway", m.GetGateway()),
		Range: p.prefix("range", m.GetRange()), Aux: p.aux(m.GetAux()), Created: timeFromProto(m.GetCreated()),
		Transport: linkspan.Transport(m.GetTransport()), Driver: linkspan.Driver(m.GetDriver()), Limits: limitsFromProto(m.GetLimits()),
		Subnet6: p.prefix("IPv6 subnet", m.GetSubnet6()), Gateway6: p.addr("IPv6 gateway", m.GetGateway6()), Range6: p.prefix("IPv6 range", m.GetRange6()),
	}
	return n, p.err
}

// text writes a value whose zero value means "not given".
func text[T interface {
	comparable
	String() string
}](v T) string {
	var zero T
	if v == zero {
		return ""
	}
	return v.String()
}

func timestampToProto(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

func timeFromProto(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime()
}

// parser keeps the first error of several fields.
type parser struct{ err error }

func (p *parser) fail(field, value string, want string) {
	if p.err == nil {
		p.err = &linkspan.Error{Code: linkspan.Invalid, Message: field + " \"" + value + "\" is not " + want}
	}
}

func (p *parser) prefix(field, s string) netip.Prefix {
	if s == "" {
		return netip.Prefix{}
	}
	v, err := netip.ParsePrefix(s)
	if err != nil {
		p.fail(field, s, "a subnet like 10.7.0.0/24")
	}
	return v
}

func (p *parser) addr(field, s string) netip.Addr {
	if s == "" {
		return netip.Addr{}
	}
	v, err := netip.ParseAddr(s)
	if err != nil {
		p.fail(field, s, "an address like 10.7.0.1")
	}
	return v
}

func (p *parser) mac(field, s string) linkspan.MAC {
	if s == "" {
		return linkspan.MAC{}
	}
	v, err := linkspan.ParseMAC(s)
	if err != nil {
		p.fail(field, s, "a unicast MAC address like 02:42:0a:07:00:02")
	}
	return v
}
