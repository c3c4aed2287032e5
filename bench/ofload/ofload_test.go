// SPDX-License-Identifier: Apache-2.0

package ofload_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/linkspan/linkspan/bench/ofload"
	"github.com/linkspan/linkspan/wire/openflow"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// host number n of a switch, numbered as Echo wants it.
func host(n int) ofload.Host {
	port := uint32(n + 1)
	return ofload.Host{
		Addr: netip.AddrFrom4([4]byte{10, 0, byte(port >> 8), byte(port)}),
		MAC:  openflow.MAC{2, 0, 0, 0, byte(port >> 8), byte(port)}, Port: port,
	}
}

// questions between neighbours: 0 asks for 1, 2 for 3, ...
func questions(n int) []ofload.Question {
	list := make([]ofload.Question, n)
	for i := range list {
		from, to := host(2*i), host(2*i+1)
		list[i] = ofload.Question{
			From: from, To: to, Out: to.Port,
			Flows: []ofload.Flow{{From: from, To: to, Out: to.Port}, {From: to, To: from, Out: from.Port}},
		}
	}
	return list
}

// controller serves answer on a port of the loopback until the test ends.
func controller(t *testing.T, answer func([]byte, *openflow.PacketIn) []byte) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	r := ofload.Responder{Answer: answer}
	go func() { served <- r.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// dial connects a switch that asks n questions.
func dial(t *testing.T, address string, n int) *ofload.Switch {
	t.Helper()
	s, err := ofload.Dial(t.Context(), ofload.Options{Address: address, DPID: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := s.Ready(ctx, 1); err != nil {
		t.Fatal(err)
	}
	if err := s.Prepare(questions(n)); err != nil {
		t.Fatal(err)
	}
	return s
}

func run(t *testing.T, l ofload.Load, switches ...*ofload.Switch) ofload.Result {
	t.Helper()
	r, err := ofload.Run(t.Context(), switches, l)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEveryAnswerIsCounted(t *testing.T) {
	loads := map[string]ofload.Load{
		"one outstanding": {Window: 1, Duration: 50 * time.Millisecond},
		"window":          {Window: 64, Duration: 50 * time.Millisecond},
		"rate":            {Rate: 2000, Duration: 50 * time.Millisecond},
	}
	address := controller(t, ofload.Echo())
	for name, load := range loads {
		t.Run(name, func(t *testing.T) {
			r := run(t, load, dial(t, address, 100), dial(t, address, 90))
			if err := r.Faults.Err(); err != nil {
				t.Fatal(err)
			}
			if r.Asked == 0 || r.Latency.Count() != r.Asked || r.Answered > r.Asked || r.Unsent != 0 {
				t.Fatalf("%d asked, %d answered in time, %d in all, %d unsent", r.Asked, r.Answered, r.Latency.Count(), r.Unsent)
			}
		})
	}
}

func TestRateIsKept(t *testing.T) {
	s := dial(t, controller(t, ofload.Echo()), 100)
	r := run(t, ofload.Load{Rate: 10000, Duration: 200 * time.Millisecond}, s)
	// What was due by the last tick was asked, however busy the machine is.
	if r.Asked+r.Unsent > 2001+10000*uint64(r.Elapsed-200*time.Millisecond)/uint64(time.Second) {
		t.Fatalf("%d asked in %s at 10000 a second", r.Asked, r.Elapsed)
	}
}

// A controller that lies is found out, whichever way it lies.
func TestLiesAreFound(t *testing.T) {
	lies := map[string]struct {
		lie   func(b []byte, in *openflow.PacketIn, honest []byte) []byte
		fault func(*ofload.Faults) uint64
	}{
		"no answer": {
			func(b []byte, _ *openflow.PacketIn, _ []byte) []byte { return b },
			func(f *ofload.Faults) uint64 { return f.Missing },
		},
		"answered twice": {
			func(b []byte, _ *openflow.PacketIn, honest []byte) []byte {
				return append(append(b, honest...), last(honest)...)
			},
			func(f *ofload.Faults) uint64 { return f.Duplicate },
		},
		"no flow": {
			func(b []byte, _ *openflow.PacketIn, honest []byte) []byte { return append(b, last(honest)...) },
			func(f *ofload.Faults) uint64 { return f.NoFlow },
		},
		"one flow of two": {
			func(b []byte, _ *openflow.PacketIn, honest []byte) []byte {
				return append(b, honest[first(honest):]...)
			},
			func(f *ofload.Faults) uint64 { return f.NoFlow },
		},
		"the same flow twice": {
			func(b []byte, _ *openflow.PacketIn, honest []byte) []byte {
				return append(append(b, honest[:first(honest)]...), honest...)
			},
			func(f *ofload.Faults) uint64 { return f.Duplicate },
		},
		"packet before flows": {
			func(b []byte, _ *openflow.PacketIn, honest []byte) []byte {
				out := last(honest)
				return append(append(b, out...), honest[:len(honest)-len(out)]...)
			},
			func(f *ofload.Faults) uint64 { return min(f.NoFlow, f.Unasked) },
		},
		"flow of another pair": {
			func(b []byte, _ *openflow.PacketIn, honest []byte) []byte {
				return flowOf(b, 0, host(9000), host(9001), 9002, honest)
			},
			func(f *ofload.Faults) uint64 { return f.Unasked },
		},
		"flow of a pair that nobody asks about now": {
			func(b []byte, _ *openflow.PacketIn, honest []byte) []byte {
				return flowOf(b, 0, host(198), host(199), 200, honest)
			},
			func(f *ofload.Faults) uint64 { return f.Unasked },
		},
		"flow out of another port": {
			func(b []byte, in *openflow.PacketIn, honest []byte) []byte {
				return flowOf(b, 0, hostOf(in), peerOf(in), 77, honest)
			},
			func(f *ofload.Faults) uint64 { return f.WrongFlow },
		},
		"flow deleted": {
			func(b []byte, in *openflow.PacketIn, honest []byte) []byte {
				return flowOf(b, openflow.FlowDelete, hostOf(in), peerOf(in), peerOf(in).Port, honest)
			},
			func(f *ofload.Faults) uint64 { return f.WrongFlow },
		},
		"packet changed": {
			func(b []byte, _ *openflow.PacketIn, honest []byte) []byte {
				honest[len(honest)-1] ^= 1
				return append(b, honest...)
			},
			func(f *ofload.Faults) uint64 { return f.WrongPacket },
		},
		"packet out of another port": {
			func(b []byte, in *openflow.PacketIn, honest []byte) []byte {
				out := openflow.PacketOut{InPort: in.Match.InPort(), Actions: openflow.Actions(nil).Output(77, 0), Data: in.Data}
				return out.Append(append(b, honest[:len(honest)-len(last(honest))]...), 0)
			},
			func(f *ofload.Faults) uint64 { return f.WrongPacket },
		},
		"packet from another port": {
			func(b []byte, in *openflow.PacketIn, honest []byte) []byte {
				out := openflow.PacketOut{InPort: 77, Actions: openflow.Actions(nil).Output(peerOf(in).Port, 0), Data: in.Data}
				return out.Append(append(b, honest[:len(honest)-len(last(honest))]...), 0)
			},
			func(f *ofload.Faults) uint64 { return f.WrongPacket },
		},
		"somebody else's packet": {
			func(b []byte, in *openflow.PacketIn, honest []byte) []byte {
				in.Data[46] ^= 1 // the inverted tag of TCP or UDP no longer fits
				in.Data[58] ^= 1
				return ofload.Echo()(b, in)
			},
			func(f *ofload.Faults) uint64 { return f.WrongPacket },
		},
		"an error": {
			func(b []byte, _ *openflow.PacketIn, honest []byte) []byte {
				refusal := openflow.ErrorMessage{Type: openflow.ErrorBadRequest, Code: openflow.CodeBadType}
				return refusal.Append(append(b, honest...), 0)
			},
			func(f *ofload.Faults) uint64 { return f.Refused },
		},
	}
	for name, c := range lies {
		t.Run(name, func(t *testing.T) {
			echo, asked := ofload.Echo(), 0
			s := dial(t, controller(t, func(b []byte, in *openflow.PacketIn) []byte {
				if asked++; asked != 5 { // one lie among honest answers
					return echo(b, in)
				}
				return c.lie(b, in, echo(nil, in))
			}), 100)
			r := run(t, ofload.Load{Window: 4, Duration: 30 * time.Millisecond, Drain: 300 * time.Millisecond}, s)
			if c.fault(&r.Faults) == 0 || r.Faults.Err() == nil {
				t.Fatalf("not found out: %s (%d asked)", &r.Faults, r.Asked)
			}
			if r.Faults.Total() > 3 {
				t.Fatalf("one lie makes more than three faults: %s", &r.Faults)
			}
		})
	}
}

// An answer that comes after its question was given up is late, not right.
func TestLateAnswers(t *testing.T) {
	echo := ofload.Echo()
	var kept []byte
	s := dial(t, controller(t, func(b []byte, in *openflow.PacketIn) []byte {
		if kept == nil {
			kept = echo(nil, in)
			return b
		}
		late := kept
		kept = []byte{}
		return echo(append(b, late...), in)
	}), 100)
	load := ofload.Load{Window: 1, Duration: 10 * time.Millisecond, Drain: 10 * time.Millisecond}
	if r := run(t, load, s); r.Faults.Missing != 1 {
		t.Fatalf("the kept answer: %s", &r.Faults)
	}
	r := run(t, load, s)
	if r.Faults.Late != 1 || r.Faults.Unasked != 2 {
		t.Fatalf("the late answer: %s", &r.Faults)
	}
}

func TestBrokenSession(t *testing.T) {
	s := dial(t, controller(t, func(b []byte, in *openflow.PacketIn) []byte {
		return append(b, openflow.Version, 14, 0, 3, 0, 0, 0, 0) // a message shorter than its header
	}), 10)
	if _, err := ofload.Run(t.Context(), []*ofload.Switch{s}, ofload.Load{Window: 1, Duration: time.Minute}); err == nil {
		t.Fatal("a broken session gives no error")
	}
}

func TestQuestionsThatCannotBeTold(t *testing.T) {
	s := dial(t, controller(t, ofload.Echo()), 10)
	s.Forget()
	q := questions(2)
	if err := s.Prepare(append(q, q[0])); err == nil {
		t.Fatal("the same pair can be asked about twice")
	}
	if err := s.Prepare(nil); err == nil {
		t.Fatal("no questions are no error")
	}
}

// last returns the last message of an answer, first the length of its first.
func last(answer []byte) []byte {
	for rest := answer; ; {
		m, r, err := openflow.SplitMessage(rest)
		if err != nil {
			panic(fmt.Sprintf("answer % x: %v", answer, err))
		}
		if len(r) == 0 {
			return m
		}
		rest = r
	}
}

func first(answer []byte) int {
	m, _, _ := openflow.SplitMessage(answer)
	return len(m)
}

// flowOf replaces the first flow of an honest answer.
func flowOf(b []byte, c openflow.FlowModCommand, from, to ofload.Host, out uint32, honest []byte) []byte {
	var m openflow.Match
	m.EthType(0x0800).IPv4Src(from.Addr).IPv4Dst(to.Addr)
	mod := openflow.FlowMod{
		Command: c, Match: m.View(),
		Instructions: openflow.Instructions(nil).Apply(openflow.Actions(nil).Output(out, 0)),
	}
	return append(mod.Append(b, 0), honest[first(honest):]...)
}

func hostOf(in *openflow.PacketIn) ofload.Host { return host(int(in.Match.InPort()) - 1) }
func peerOf(in *openflow.PacketIn) ofload.Host { return host(int(in.Match.InPort())) }

// BenchmarkEcho is the ceiling of the load generator when both ends share one
// process.
func BenchmarkEcho(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r := ofload.Responder{Answer: ofload.Echo()}
	go func() { _ = r.Serve(ctx, l) }()
	s, err := ofload.Dial(ctx, ofload.Options{Address: l.Addr().String(), DPID: 1})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	if err := s.Ready(ctx, 1); err != nil {
		b.Fatal(err)
	}
	if err := s.Prepare(questions(4096)); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		result, err := ofload.Run(ctx, []*ofload.Switch{s}, ofload.Load{Window: 64, Duration: time.Second})
		if err != nil || result.Faults.Err() != nil {
			b.Fatal(err, result.Faults.Err())
		}
		b.ReportMetric(result.PerSecond(), "answers/s")
		b.ReportMetric(result.Generator.Seconds()*1e9/float64(result.Answered), "cpu-ns/answer")
	}
}
