// SPDX-License-Identifier: Apache-2.0

package ofload

import (
	"time"

	"github.com/linkspan/linkspan/wire/openflow"
)

// tablesOfSwitch is how many tables a switch says it has, as Open vSwitch does.
const tablesOfSwitch = 254

// control answers what a controller says besides its decisions.
func (s *Switch) control(m openflow.Message) {
	xid := m.XID()
	switch m.Type() {
	case openflow.TypeEchoRequest:
		s.out = (&openflow.EchoReply{Data: m.Body()}).Append(s.out, xid)
	case openflow.TypeFeaturesRequest:
		features := openflow.FeaturesReply{DatapathID: s.options.DPID, Tables: tablesOfSwitch, Capabilities: 0x4f}
		s.out = features.Append(s.out, xid)
	case openflow.TypeGetConfigRequest:
		s.out = (&openflow.Config{MissSendLen: openflow.MaxLenNoBuffer}).AppendReply(s.out, xid)
	case openflow.TypeGetAsyncRequest:
		s.out = (&openflow.Async{PacketIn: [2]uint32{7}, PortStatus: [2]uint32{7}, FlowRemoved: [2]uint32{15}}).AppendReply(s.out, xid)
	case openflow.TypeRoleRequest:
		var role openflow.RoleRequest
		if s.understood(m, role.Decode(m)) {
			s.out = (&openflow.RoleReply{Role: role.Role, Generation: role.Generation}).Append(s.out, xid)
		}
	case openflow.TypeMultipartRequest:
		s.multipart(m)
	case openflow.TypeExperimenter:
		s.experimenter(m)
	case openflow.TypeError:
		var refusal openflow.ErrorMessage
		_ = refusal.Decode(m) // it is a refusal, readable or not
		s.faults.note(&s.faults.Refused, "the controller says %s", refusal.Error())
	case openflow.TypeHello, openflow.TypeEchoReply, openflow.TypeSetConfig, openflow.TypeSetAsync, openflow.TypeMeterMod:
	default:
		s.faults.note(&s.faults.Refused, "unexpected %s", m)
	}
}

// understood notes a message that could not be decoded.
func (s *Switch) understood(m openflow.Message, err error) bool {
	if err != nil {
		s.faults.note(&s.faults.Refused, "%s: %v", m, err)
	}
	return err == nil
}

// multipart answers dumps: the switch is fresh, it has no flows and no meters.
func (s *Switch) multipart(m openflow.Message) {
	var request openflow.Multipart
	if !s.understood(m, request.DecodeRequest(m)) {
		return
	}
	reply := openflow.Multipart{Type: request.Type}
	switch request.Type {
	case openflow.MultipartDesc:
		reply.Body = (&openflow.Desc{Manufacturer: "Linkspan", Software: "ofload"}).AppendBody(nil)
	case openflow.MultipartAggregate:
		reply.Body = new(openflow.AggregateStats).AppendBody(nil)
	case openflow.MultipartPortDesc:
		for _, h := range s.options.Ports {
			port := openflow.Port{Number: h.Port, HWAddr: h.MAC}
			reply.Body = port.Append(reply.Body)
		}
	}
	s.out = reply.AppendReply(s.out, m.XID())
}

// experimenter accepts bundles; of what is in them, flows matter.
func (s *Switch) experimenter(m openflow.Message) {
	var add openflow.BundleAdd
	if add.Decode(m) == nil {
		if add.Inner.Type() == openflow.TypeFlowMod {
			s.flowMod(add.Inner, time.Time{})
		}
		return
	}
	var bundle openflow.BundleControl
	if bundle.Decode(m) == nil {
		bundle.Command++ // a request's reply has the next number
		s.out = bundle.Append(s.out, m.XID())
	}
}
