// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	of "github.com/linkspan/linkspan/wire/openflow"
)

func everything() *of.FlowMonitorRequest {
	return &of.FlowMonitorRequest{TableID: of.TableAll, Flags: of.MonitorInitial | of.MonitorAdd |
		of.MonitorDelete | of.MonitorModify | of.MonitorInstructions | of.MonitorOwn}
}

func sampleUpdates() []of.FlowUpdate {
	return []of.FlowUpdate{
		{Event: of.FlowAdded, TableID: 7, Priority: 5, IdleTimeout: 30, Cookie: 0x21, Match: sampleMatch(),
			Instructions: of.Instructions(nil).Meter(11).Apply(acts().Output(12, 0)).GotoTable(9)},
		{Event: of.FlowModified, TableID: 7, Priority: 5, Cookie: 0x21, Match: sampleMatch()},
		{Event: of.FlowDeleted, Reason: of.RemovedDelete, TableID: 254, HardTimeout: 9},
		{Event: of.FlowAbbreviated, XID: 77},
	}
}

func updatesReply(list []of.FlowUpdate) *of.Multipart {
	body := of.AppendFlowUpdates(nil)
	for i := range list {
		body = list[i].AppendBody(body)
	}
	return &of.Multipart{Type: of.MultipartExperimenter, Body: body}
}

func TestFlowMonitorAsOpenVSwitchReadsIt(t *testing.T) {
	var some of.Match
	some.EthType(0x0800)
	for _, c := range []struct {
		name, want string
		msg        of.Encoder
	}{
		{"request", "ONFST_FLOW_MONITOR request (OF1.3) (xid=0x1234):\n" +
			" id=0 flags=initial,add,delete,modify,actions,own", everything()},
		{"request for some", "ONFST_FLOW_MONITOR request (OF1.3) (xid=0x1234):\n id=3 flags=add out_port=5 table=7 ip",
			&of.FlowMonitorRequest{ID: 3, Flags: of.MonitorAdd, TableID: 7, OutPort: 5, Match: some.View()}},
		{"updates", strings.Join([]string{"ONFST_FLOW_MONITOR reply (OF1.3) (xid=0x1234):",
			" event=ADDED table=7 idle_timeout=30 cookie=0x21 reg0=0xa,reg1=0xb,in_port=11 actions=meter:11,output:12,goto_table:9",
			" event=MODIFIED table=7 cookie=0x21 reg0=0xa,reg1=0xb,in_port=11",
			" event=DELETED reason=delete table=254 hard_timeout=9 cookie=0",
			" event=ABBREV xid=0x4d"}, "\n"), appendFunc(updatesReply(sampleUpdates()).AppendReply)},
	} {
		if diff := cmp.Diff(c.want, ofPrint(t, c.msg.Append(nil, testXID))); diff != "" {
			t.Errorf("%s: -want +got:\n%s", c.name, diff)
		}
	}
}

func TestFlowMonitorThereAndBack(t *testing.T) {
	var mp of.Multipart
	var request of.FlowMonitorRequest
	want := of.FlowMonitorRequest{ID: 3, Flags: of.MonitorAdd, TableID: 7, OutPort: 5, Match: sampleMatch()}
	if err := mp.DecodeRequest(want.Append(nil, 1)); err != nil {
		t.Fatal(err)
	}
	if err := request.DecodeBody(mp.Body); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, request); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	body, err := of.FlowUpdates(updatesReply(sampleUpdates()).Body)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range sampleUpdates() {
		var got of.FlowUpdate
		if body, err = got.Next(body); err != nil {
			t.Fatal(err)
		}
		if got.String() != want.String() || !bytes.Equal(got.AppendBody(nil), want.AppendBody(nil)) {
			t.Errorf("update %d is %v, want %v", i, got, want)
		}
	}
	if len(body) > 0 {
		t.Errorf("%d bytes are left", len(body))
	}
}

func TestFlowUpdatesRefused(t *testing.T) {
	good := updatesReply(sampleUpdates()[:1]).Body
	for name, spoil := range map[string]func(b []byte){
		"another experimenter": func(b []byte) { b[0] = 1 },
		"another extension":    func(b []byte) { b[7] = 1 },
		"an unknown event":     func(b []byte) { b[11] = 4 },
		"short":                func(b []byte) { b[9] = 16 },
		"too long":             func(b []byte) { b[8] = 1 },
		"match longer":         func(b []byte) { b[21]++ },
	} {
		b := bytes.Clone(good)
		spoil(b)
		rest, err := of.FlowUpdates(b)
		if err == nil {
			_, err = new(of.FlowUpdate).Next(rest)
		}
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// FuzzFlowUpdates reads any body as updates, and reads again what it writes.
func FuzzFlowUpdates(f *testing.F) {
	f.Add(updatesReply(sampleUpdates()).Body)
	f.Add((&of.Multipart{Body: everything().Append(nil, 1)[16:]}).Body)
	f.Fuzz(func(t *testing.T, b []byte) {
		_ = new(of.FlowMonitorRequest).DecodeBody(b)
		rest, err := of.FlowUpdates(b)
		if err != nil {
			return
		}
		for len(rest) > 0 {
			var u, again of.FlowUpdate
			n := len(rest)
			if rest, err = u.Next(rest); err != nil {
				return
			}
			if len(rest) >= n {
				t.Fatal("an update took no bytes")
			}
			walkMatch(u.Match)
			walkInstructions(u.Instructions)
			once := u.AppendBody(nil)
			if left, err := again.Next(once); err != nil || len(left) > 0 {
				t.Fatalf("it does not read what it wrote: %v\n%x", err, once)
			}
			if twice := again.AppendBody(nil); !bytes.Equal(once, twice) {
				t.Fatalf("\n%x\n%x", once, twice)
			}
		}
	})
}

// TestFlowMonitorLive follows the flows of a real switch.
func TestFlowMonitorLive(t *testing.T) {
	v := newVswitch(t)
	w, c := v.dial(t), v.dial(t)
	addMeter(c)
	flow := of.FlowMod{TableID: 7, Priority: 5, IdleTimeout: 1, Cookie: 0x21, Match: sampleMatch(),
		Instructions: of.Instructions(nil).Meter(11).Apply(acts().Output(12, 0)).GotoTable(9)}
	c.send(&flow)
	c.barrier()
	var mp of.Multipart
	if err := mp.DecodeReply(w.ask(everything())); err != nil || mp.More {
		t.Fatalf("more %v, %v", mp.More, err)
	}
	check := func(what string, event of.FlowEvent, is func(*of.FlowUpdate) bool) {
		t.Helper()
		body, err := of.FlowUpdates(mp.Body)
		var u of.FlowUpdate
		if err == nil {
			body, err = u.Next(body)
		}
		if err != nil || len(body) > 0 || u.Event != event || u.TableID != 7 || u.Match.String() != flow.Match.String() || !is(&u) {
			t.Fatalf("%s: %v, %d more bytes, %v", what, &u, len(body), err)
		}
	}
	follow := func() {
		t.Helper()
		w.await("an update", func(m of.Message) bool { return m.XID() == 0 && mp.DecodeReply(bytes.Clone(m)) == nil })
	}
	same := func(u *of.FlowUpdate) bool {
		return u.Instructions.String() == flow.Instructions.String() && u.IdleTimeout == 1 && u.Cookie == 0x21 && u.Priority == 5
	}
	check("what was there", of.FlowAdded, same)
	follow()
	check("idle for a second", of.FlowDeleted, func(u *of.FlowUpdate) bool { return u.Reason == of.RemovedIdleTimeout })
	flow.IdleTimeout = 0
	c.send(&flow)
	follow()
	check("installed", of.FlowAdded, func(u *of.FlowUpdate) bool { return u.IdleTimeout == 0 })
	flow.Command, flow.Instructions = of.FlowModify, nil
	c.send(&flow)
	follow()
	check("modified", of.FlowModified, func(u *of.FlowUpdate) bool { return len(u.Instructions) == 0 })
	flow.Command = of.FlowDelete
	c.send(&flow)
	follow()
	check("deleted", of.FlowDeleted, func(u *of.FlowUpdate) bool { return u.Reason == of.RemovedDelete })
}
