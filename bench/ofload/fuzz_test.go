// SPDX-License-Identifier: Apache-2.0

package ofload

import (
	"testing"
	"time"

	"github.com/linkspan/linkspan/wire/openflow"
)

// Whatever a controller sends, a switch neither panics nor takes more answers
// than it has asked questions.
func FuzzAnswers(f *testing.F) {
	a, b := endpoint(1, 1), endpoint(2, 2)
	question := Question{From: a, To: b, Out: 2, Flows: []Flow{{From: a, To: b, Out: 2}, {From: b, To: a, Out: 1}}}
	asked := func() (*Switch, []byte) {
		s := newSwitch(nil, Options{DPID: 1})
		for rest := greeting(); len(rest) > 0; {
			var m openflow.Message
			m, rest, _ = openflow.SplitMessage(rest)
			s.handle(m, time.Now())
		}
		if err := s.Prepare([]Question{question}); err != nil {
			f.Fatal(err)
		}
		s.out = s.out[:0]
		s.ask(time.Now())
		return s, s.out
	}
	_, message := asked()
	var in openflow.PacketIn
	if err := in.Decode(openflow.Message(message)); err != nil {
		f.Fatal(err)
	}
	f.Add(Echo()(nil, &in))
	f.Add(greeting())
	bundle := openflow.BundleControl{BundleID: 1, Command: openflow.BundleOpen}
	f.Add(openflow.AppendBundleAdd(bundle.Append(nil, 1), 2, 1, 0, &openflow.FlowMod{}))
	f.Add((&openflow.FlowRequest{TableID: openflow.TableAll}).Append(nil, 3))
	f.Add((&openflow.RoleRequest{Role: openflow.RoleMaster}).Append(nil, 4))
	f.Fuzz(func(t *testing.T, stream []byte) {
		s, _ := asked()
		for {
			m, rest, err := openflow.SplitMessage(stream)
			if err != nil {
				break
			}
			s.handle(m, time.Now())
			stream = rest
		}
		if s.answered > s.asked || s.open < 0 {
			t.Fatalf("%d answers to %d questions, %d open", s.answered, s.asked, s.open)
		}
	})
}
