// SPDX-License-Identifier: Apache-2.0

package controltest

import (
	"bytes"
	"time"

	"github.com/linkspan/linkspan/wire/openflow"
)

// refuse returns an error message without its data.
func refuse(t openflow.ErrorType, code uint16) *openflow.ErrorMessage {
	return &openflow.ErrorMessage{Type: t, Code: code}
}

func badType() *openflow.ErrorMessage {
	return refuse(openflow.ErrorBadRequest, openflow.CodeBadType)
}

// handle does what a message asks; the caller holds mu.
func (s *Switch) handle(m openflow.Message) *openflow.ErrorMessage {
	if writes(m.Type()) && s.turn != s.master {
		return refuse(openflow.ErrorBadRequest, openflow.CodeIsSlave)
	}
	switch m.Type() {
	case openflow.TypeHello, openflow.TypeEchoReply, openflow.TypeError, openflow.TypeSetConfig:
	case openflow.TypeSetAsync:
		s.turn.async = true
	case openflow.TypeEchoRequest:
		s.reply(&openflow.EchoReply{Data: m.Body()}, m.XID())
	case openflow.TypeFeaturesRequest:
		s.reply(&openflow.FeaturesReply{DatapathID: uint64(s.dpid), Tables: 254}, m.XID())
	case openflow.TypeBarrierRequest:
		s.confirm(s.turn, m.XID())
	case openflow.TypeRoleRequest:
		return s.role(m)
	case openflow.TypeMeterMod:
		return s.meterMod(m)
	case openflow.TypeFlowMod:
		return s.flowMod(m)
	case openflow.TypePacketOut:
		return s.packetOut(m)
	case openflow.TypeMultipartRequest:
		return s.multipart(m)
	case openflow.TypeExperimenter:
		return s.bundleMessage(m)
	default:
		return badType()
	}
	return nil
}

// writes says whether messages of a type are the master's alone.
func writes(t openflow.Type) bool {
	switch t {
	case openflow.TypeFlowMod, openflow.TypeMeterMod, openflow.TypePacketOut, openflow.TypeExperimenter:
		return true
	}
	return false
}

func (s *Switch) role(m openflow.Message) *openflow.ErrorMessage {
	var r openflow.RoleRequest
	if r.Decode(m) != nil {
		return badType()
	}
	if s.hasRole && int64(r.Generation-s.generation) < 0 {
		return refuse(openflow.ErrorRoleRequestFailed, openflow.CodeStale)
	}
	s.generation, s.hasRole = r.Generation, true
	s.master = s.turn
	reply := openflow.RoleReply(r)
	s.reply(&reply, m.XID())
	return nil
}

func (s *Switch) meterMod(m openflow.Message) *openflow.ErrorMessage {
	var mod openflow.MeterMod
	if mod.Decode(m) != nil {
		return badType()
	}
	_, there := s.meters[mod.MeterID]
	switch {
	case mod.Command == openflow.MeterAdd && there:
		return refuse(openflow.ErrorMeterModFailed, openflow.CodeMeterExists)
	case mod.Command == openflow.MeterModify && !there:
		return refuse(openflow.ErrorMeterModFailed, openflow.CodeUnknownMeter)
	case mod.Command == openflow.MeterDelete:
		delete(s.meters, mod.MeterID)
		s.remove(func(f *Flow) (openflow.RemovedReason, bool) {
			return openflow.RemovedMeterDelete, meterOf(f.Instructions) == mod.MeterID
		})
		return nil
	}
	s.meters[mod.MeterID] = openflow.MeterConfig{Flags: mod.Flags, MeterID: mod.MeterID, Bands: mod.Bands}
	return nil
}

// meterOf returns the meter that a flow uses, or 0.
func meterOf(l openflow.Instructions) uint32 {
	for i := range l.All() {
		if id, ok := i.Meter(); ok {
			return id
		}
	}
	return 0
}

func (s *Switch) flowMod(m openflow.Message) *openflow.ErrorMessage {
	var mod openflow.FlowMod
	if mod.Decode(m) != nil || mod.Match.Check() != nil || mod.Instructions.Check() != nil {
		return badType()
	}
	s.mods++
	mod.Match, mod.Instructions = sorted(mod.Match), bytes.Clone(mod.Instructions)
	if mod.Command == openflow.FlowDelete || mod.Command == openflow.FlowDeleteStrict {
		s.remove(func(f *Flow) (openflow.RemovedReason, bool) {
			return openflow.RemovedDelete, f.chosen(&mod)
		})
		return nil
	}
	if id := meterOf(mod.Instructions); id != 0 {
		if _, ok := s.meters[id]; !ok {
			return refuse(openflow.ErrorMeterModFailed, openflow.CodeUnknownMeter)
		}
	}
	s.install(&Flow{FlowMod: mod, Installed: time.Now(), Used: time.Now()})
	return nil
}

// install adds a flow in place of the one with the same match.
func (s *Switch) install(f *Flow) {
	for i, old := range s.flows {
		if old.same(&f.FlowMod) {
			s.trace(f.kind() + "= " + f.String())
			s.flows[i] = f
			return
		}
	}
	s.trace(f.kind() + "+ " + f.String())
	s.flows = append(s.flows, f)
}

func (s *Switch) packetOut(m openflow.Message) *openflow.ErrorMessage {
	var p openflow.PacketOut
	if p.Decode(m) != nil {
		return badType()
	}
	s.trace("packet_out " + p.Actions.String() + ": " + describe(p.Data))
	w := &walk{s: s, port: p.InPort, frame: bytes.Clone(p.Data)}
	w.act(p.Actions)
	return nil
}

func (s *Switch) multipart(m openflow.Message) *openflow.ErrorMessage {
	var mp openflow.Multipart
	if mp.DecodeRequest(m) != nil {
		return badType()
	}
	reply := openflow.Multipart{Type: mp.Type}
	switch mp.Type {
	case openflow.MultipartFlow:
		var r openflow.FlowRequest
		if r.DecodeBody(mp.Body) != nil {
			return badType()
		}
		s.dumpFlows(&r, m.XID())
		return nil
	case openflow.MultipartMeterConfig:
		for id := range s.meters {
			c := s.meters[id]
			reply.Body = c.AppendBody(reply.Body)
		}
	default:
		return badType()
	}
	s.turn.out = reply.AppendReply(s.turn.out, m.XID())
	return nil
}

// dumpFlows answers in messages of at most some flows each.
func (s *Switch) dumpFlows(r *openflow.FlowRequest, xid uint32) {
	const some = 7
	reply := openflow.Multipart{Type: openflow.MultipartFlow, More: true}
	filter := openflow.FlowMod{
		TableID: r.TableID, Cookie: r.Cookie, CookieMask: r.CookieMask, Match: r.Match,
		Command: openflow.FlowDelete,
	}
	n := 0
	for _, f := range s.flows {
		if !f.chosen(&filter) {
			continue
		}
		stats := openflow.FlowStats{
			TableID: f.TableID, Priority: f.Priority, IdleTimeout: f.IdleTimeout, HardTimeout: f.HardTimeout,
			Flags: f.Flags, Cookie: f.Cookie, Packets: f.Packets, Bytes: f.Bytes,
			DurationSec: uint32(time.Since(f.Installed) / time.Second),
			Match:       f.Match, Instructions: f.Instructions,
		}
		reply.Body = stats.AppendBody(reply.Body)
		if n++; n%some == 0 {
			s.turn.out = reply.AppendReply(s.turn.out, xid)
			reply.Body = nil
		}
	}
	reply.More = false
	s.turn.out = reply.AppendReply(s.turn.out, xid)
}

// bundleMessage collects the messages of a bundle and does them at its commit; it
// flushes connections, too.
func (s *Switch) bundleMessage(m openflow.Message) *openflow.ErrorMessage {
	var add openflow.BundleAdd
	if add.Decode(m) == nil {
		s.turn.bundle = append(s.turn.bundle, bytes.Clone(add.Inner))
		return nil
	}
	if s.flushMessage(m) {
		return nil
	}
	var c openflow.BundleControl
	if c.Decode(m) != nil {
		return badType()
	}
	if c.Command == openflow.BundleCommit {
		for _, inner := range s.turn.bundle {
			if e := s.handle(inner); e != nil {
				return e
			}
		}
		s.turn.bundle = nil
	}
	c.Command++
	s.reply(&c, m.XID())
	return nil
}
