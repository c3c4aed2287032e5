// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	of "github.com/linkspan/linkspan/wire/openflow"
)

// decoder is a message that can be read and written again.
type decoder interface {
	Decode(of.Message) error
	Append([]byte, uint32) []byte
}

// decoders returns one of every message with a Decode.
func decoders() []decoder {
	return []decoder{
		&of.Hello{}, &of.ErrorMessage{}, &of.EchoRequest{}, &of.EchoReply{}, &of.Experimenter{},
		&of.FeaturesReply{}, &of.Config{}, &of.PacketIn{}, &of.FlowRemoved{}, &of.PortStatus{},
		&of.PacketOut{}, &of.FlowMod{}, &of.MeterMod{}, &of.RoleRequest{}, &of.RoleReply{},
		&of.RoleStatus{}, &of.Async{}, &of.SetControllerID{}, &of.BundleControl{}, &of.CTFlush{},
		&requestBody{}, &replyBody{},
	}
}

// requestBody reads the bodies of multipart requests.
type requestBody struct{ of.Multipart }

func (r *requestBody) Decode(m of.Message) error {
	if err := r.DecodeRequest(m); err != nil {
		return err
	}
	var flow of.FlowRequest
	if flow.DecodeBody(r.Body) == nil {
		_ = flow.Match.String()
	}
	var meter of.MeterRequest
	_ = meter.DecodeBody(r.Body)
	return nil
}

// replyBody reads the bodies of multipart replies in every way.
type replyBody struct{ of.Multipart }

func (r *replyBody) Append(b []byte, xid uint32) []byte { return r.AppendReply(b, xid) }

func (r *replyBody) Decode(m of.Message) error {
	if err := r.DecodeReply(m); err != nil {
		return err
	}
	for _, next := range []func([]byte) ([]byte, error){
		nextFlow, new(of.TableStats).Next, new(of.Port).Next, new(of.MeterStats).Next, new(of.MeterConfig).Next,
	} {
		for b := r.Body; len(b) > 0; {
			rest, err := next(b)
			if err != nil {
				break
			}
			if len(rest) >= len(b) {
				panic("an entry took no bytes: endless loop")
			}
			b = rest
		}
	}
	_ = new(of.Desc).DecodeBody(r.Body)
	_ = new(of.AggregateStats).DecodeBody(r.Body)
	return nil
}

func nextFlow(b []byte) ([]byte, error) {
	var f of.FlowStats
	rest, err := f.Next(b)
	if err == nil {
		_ = f.String()
		walkMatch(f.Match)
		walkInstructions(f.Instructions)
	}
	return rest, err
}

// walkMatch reads a match in every way.
func walkMatch(v of.MatchView) {
	_ = v.Check()
	_ = v.InPort()
	for o := range v.All() {
		v.Lookup(o.Field)
		v.Uint(o.Field)
		v.Addr(o.Field)
		v.MAC(o.Field)
		_ = o.String()
	}
	for f := range of.Fields() {
		v.Lookup(f)
	}
}

func walkInstructions(l of.Instructions) {
	_ = l.Check()
	for i := range l.All() {
		i.GotoTable()
		i.Meter()
		i.WriteMetadata()
		walkActions(i.Actions())
	}
}

func walkActions(list of.Actions) {
	_ = list.Check()
	_ = list.String()
	for a := range list.All() {
		a.Output()
		a.SetField()
		a.Uint()
		a.Move()
		a.Load()
		a.LoadMasked()
		a.OutputReg()
		a.Resubmit()
		a.Conjunction()
		a.Learn()
		a.DecTTLIDs()
		a.Note()
		a.NAT()
		a.Controller()
		if ct, ok := a.CT(); ok {
			_ = ct.Actions.Check()
		}
	}
}

// walk reads what a decoded message holds.
func walk(d decoder) {
	switch d := d.(type) {
	case *of.PacketIn:
		walkMatch(d.Match)
	case *of.FlowRemoved:
		walkMatch(d.Match)
	case *of.FlowMod:
		walkMatch(d.Match)
		walkInstructions(d.Instructions)
		_ = d.String()
	case *of.PacketOut:
		walkActions(d.Actions)
	case *of.ErrorMessage:
		_ = d.Error()
	}
}

// FuzzDecode gives a message to every decoder. What one accepts it must write
// such that it reads the same again.
func FuzzDecode(f *testing.F) {
	for _, c := range messageCases() {
		f.Add(c.msg.Append(nil, testXID))
	}
	for _, c := range flowCases() {
		f.Add(c.mod().Append(nil, testXID))
	}
	for _, c := range actionCases() {
		f.Add((&of.FlowMod{Instructions: apply(c.acts)}).Append(nil, testXID))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, _, err := of.SplitMessage(b)
		if err != nil {
			return
		}
		_ = m.String()
		_ = new(of.BundleAdd).Decode(m)
		for _, d := range decoders() {
			if d.Decode(m) != nil {
				continue
			}
			walk(d)
			once := d.Append(nil, m.XID())
			if len(once) == 0 {
				continue // longer than MaxLen with the padding that was missing
			}
			if err := d.Decode(once); err != nil {
				t.Fatalf("%T does not read what it wrote: %v\n%x", d, err, once)
			}
			if twice := d.Append(nil, m.XID()); !bytes.Equal(once, twice) {
				t.Fatalf("%T:\n%x\n%x", d, once, twice)
			}
		}
	})
}

// FuzzReader cuts any stream into messages or says what is wrong.
func FuzzReader(f *testing.F) {
	var all []byte
	for _, c := range messageCases() {
		all = c.msg.Append(all, 1)
	}
	f.Add(all)
	f.Add([]byte{4, 2, 0, 7, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		r := of.NewReader(bytes.NewReader(b))
		read := 0
		for {
			m, err := r.Next()
			if err != nil {
				if errors.Is(err, io.EOF) && read != len(b) {
					t.Fatalf("lost %d bytes", len(b)-read)
				}
				var d of.DecodeError
				if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.As(err, &d) {
					t.Fatal(err)
				}
				return
			}
			if !bytes.Equal(m, b[read:read+m.Len()]) {
				t.Fatal("another message than was written")
			}
			read += m.Len()
		}
	})
}
