// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start runs an inventory until the test or the returned function ends it.
func start(t *testing.T, m *model, r *registry) (stop func()) {
	t.Helper()
	i, err := New(Config{
		Chassis: 3, Model: m, Fabric: r, Registry: r, Of: []string{"linkspan", "overlay"},
		Called: map[string]string{"bridge": "linkspan-bridge"}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- i.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run ended with %v", err)
		}
	}
}

func bridged(id string) cnm.Network {
	return cnm.Network{
		ID: id, Driver: "bridge", Name: "net-" + id, Created: time.Unix(1000, 7).Local(),
		Subnet: netip.MustParsePrefix("172.18.0.0/16"), Gateway: netip.MustParseAddr("172.18.0.1"),
		Subnet6: netip.MustParsePrefix("fd00::/64"), Labels: map[string]string{"team": "blue"},
	}
}

func joined(id, network string) cnm.Endpoint {
	return cnm.Endpoint{
		ID: id, Network: network, State: cnm.Joined, Container: "c-" + id, Address: netip.MustParsePrefix("172.18.0.2/16"),
		Address6: netip.MustParsePrefix("fd00::2/64"), MAC: linkspan.MAC{2, 0, 0, 0, 0, 1}, Aliases: []string{"alias"}, Created: time.Unix(1001, 0),
	}
}

func TestWhatIsToldAndWhatIsNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, r := newModel(), newRegistry()
		for _, n := range []cnm.Network{
			bridged("n1"),
			{ID: "n2", Driver: "bridge", Subnet: netip.MustParsePrefix("172.19.0.0/16")}, // has no name yet
			{ID: "n3", Driver: "linkspan", Name: "web"},
			{ID: "n4", Driver: "other", Name: "bound", Fabric: 7},
			{ID: "n5", Driver: "null", Name: "bare", Own: true},
		} {
			m.networks[n.ID] = n
		}
		big := joined("e6", "n1")
		big.Labels = map[string]string{"x": strings.Repeat("x", linkspan.MaxLabelBytes)}
		big.Aliases = append(big.Aliases, strings.Repeat("a", linkspan.MaxText+1), "")
		leaving := joined("e3", "n1")
		leaving.Leaving = new(cnm.Removal)
		sandbox := cnm.Endpoint{ID: "e7", Network: "n5", State: cnm.Joined, Name: "box"}
		unfit := joined("e8", "n1")
		unfit.Container = "\x1b[2J"
		for _, e := range []cnm.Endpoint{joined("e1", "n1"), {ID: "e2", Network: "n1", State: cnm.Created}, leaving, joined("e4", "n3"), joined("e5", "n2"), big, sandbox, unfit} {
			m.endpoints[e.ID] = e
		}
		defer start(t, m, r)()
		time.Sleep(time.Second)
		r.look(func() {
			if got := slices.Sorted(maps.Keys(r.networks)); !slices.Equal(got, []string{"n1", "n5"}) {
				t.Errorf("networks: %v", got)
			}
			if got := slices.Sorted(maps.Keys(r.endpoints)); !slices.Equal(got, []string{"e1", "e6", "e7"}) {
				t.Errorf("endpoints: %v", got)
			}
			want := linkspan.LocalNetwork{
				Chassis: 3, ID: "n1", Name: "net-n1", Driver: "linkspan-bridge", Created: time.Unix(1000, 7).UTC(), Labels: map[string]string{"team": "blue"},
				Subnets: []linkspan.LocalSubnet{
					{Subnet: netip.MustParsePrefix("172.18.0.0/16"), Gateway: netip.MustParseAddr("172.18.0.1")},
					{Subnet: netip.MustParsePrefix("fd00::/64")},
				},
			}
			if d := cmp.Diff(want, r.networks["n1"], cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); d != "" {
				t.Error(d)
			}
			e := r.endpoints["e1"]
			if e.Container != "c-e1" || e.Address.String() != "172.18.0.2" || e.Address6.String() != "fd00::2" || e.MAC.String() != "02:00:00:00:00:01" {
				t.Errorf("got %+v", e)
			}
			if e := r.endpoints["e6"]; e.Labels != nil || !slices.Equal(e.Aliases, []string{"alias"}) {
				t.Errorf("what is too large is not left out: %v", e)
			}
			if r.endpoints["e7"].Container != "box" {
				t.Error("a sandbox has no name")
			}
		})
		n2 := m.networks["n2"]
		n2.Name = "late"
		m.change(func() { m.networks["n2"] = n2 })
		time.Sleep(time.Second)
		r.look(func() {
			if r.networks["n2"].Name != "late" || r.endpoints["e5"].Network != "n2" {
				t.Error("a network that got its name is not told of")
			}
		})
	})
}

func TestChangesOfOneMomentGoTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, r := newModel(), newRegistry()
		m.networks["n1"] = bridged("n1")
		defer start(t, m, r)()
		time.Sleep(time.Second)
		before := 0
		r.look(func() { before = r.changes })
		for n := range 40 {
			m.change(func() { m.endpoints[fmt.Sprint("e", n)] = joined(fmt.Sprint("e", n), "n1") })
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Second)
		r.look(func() {
			if len(r.endpoints) != 40 || r.changes != before+1 {
				t.Errorf("%d endpoints in %d calls, want 40 in 1", len(r.endpoints), r.changes-before)
			}
		})
		time.Sleep(time.Minute)
		r.look(func() {
			if r.compares != 1 {
				t.Errorf("compared %d times without a reason", r.compares)
			}
		})
		time.Sleep(whole)
		m.ring()
		time.Sleep(time.Second)
		r.look(func() {
			if r.compares != 2 || r.changes != before+1 {
				t.Errorf("compared %d times, %d calls", r.compares, r.changes-before)
			}
		})
	})
}

func TestWhatIsMoreThanIsKeptDoesNotHoldUpTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, r := newModel(), newRegistry()
		r.most = 2 * maxRecords
		m.networks["n1"] = bridged("n1")
		for n := range 3 * maxRecords {
			id := fmt.Sprintf("e%03d", n)
			m.endpoints[id] = joined(id, "n1")
		}
		defer start(t, m, r)()
		time.Sleep(time.Minute)
		m.change(func() { delete(m.endpoints, "e000"); m.networks["n2"] = bridged("n2") })
		time.Sleep(time.Minute)
		r.look(func() {
			if _, ok := r.endpoints["e000"]; ok || r.networks["n2"].Name == "" || len(r.endpoints) < maxRecords {
				t.Errorf("%d endpoints and %d networks are known", len(r.endpoints), len(r.networks))
			}
			if r.compares > 60 {
				t.Errorf("compared %d times in two minutes", r.compares)
			}
		})
		m.change(func() {
			for n := range 2 * maxRecords {
				delete(m.endpoints, fmt.Sprintf("e%03d", n))
			}
		})
		time.Sleep(time.Minute)
		r.look(func() {
			if len(r.endpoints) != maxRecords {
				t.Errorf("%d endpoints are known, there is room for all %d", len(r.endpoints), maxRecords)
			}
		})
	})
}

// TestACallThatComesTooLate delays a call until what it tells of is gone again, and
// everything has been compared: nothing else is left to tell.
func TestACallThatComesTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, r := newModel(), newRegistry()
		m.networks["n1"] = bridged("n1")
		defer start(t, m, r)()
		time.Sleep(time.Second)
		r.with(func() { r.fault = []fault{delayed} })
		m.change(func() { m.endpoints["e1"] = joined("e1", "n1") })
		for underway := false; !underway; r.with(func() { underway = len(r.late) > 0 }) {
			time.Sleep(time.Millisecond)
		}
		m.change(func() { delete(m.endpoints, "e1") })
		time.Sleep(time.Minute)
		r.with(func() { r.late[0]() })
		r.look(func() {
			if len(r.endpoints) > 0 {
				t.Error("a call was believed lost, came late and was done")
			}
		})
	})
}

// TestRecordsAreTrueInTheEnd breaks everything between a host and its
// controller, at random, and lets it be in the end.
func TestRecordsAreTrueInTheEnd(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		script := rapid.SliceOfN(rapid.Byte(), 1, 120).Draw(rt, "script")
		var wrong []string
		synctest.Test(t, func(t *testing.T) {
			s := newStory(t)
			for at := 0; at < len(script); at += 2 {
				s.happens(script[at], script[min(at+1, len(script)-1)])
			}
			wrong = s.ends()
		})
		if len(wrong) > 0 {
			rt.Fatal(strings.Join(wrong, "\n"))
		}
	})
}

// story is a host and its controller in bad times.
type story struct {
	t     *testing.T
	model *model
	reg   *registry
	stop  func()
	past  []func() // brings back what the registry was
}

func newStory(t *testing.T) *story {
	s := &story{t: t, model: newModel(), reg: newRegistry()}
	s.stop = start(t, s.model, s.reg)
	return s
}

// happens does one thing, what to which.
func (s *story) happens(what, which byte) {
	m, r := s.model, s.reg
	network, endpoint := fmt.Sprint("n", which%3), fmt.Sprint("e", which%7)
	switch what % 14 {
	case 0, 1:
		m.change(func() { m.networks[network] = bridged(network) })
	case 2:
		m.change(func() {
			delete(m.networks, network)
			maps.DeleteFunc(m.endpoints, func(_ string, e cnm.Endpoint) bool { return e.Network == network })
		})
	case 3, 4, 5:
		m.change(func() {
			if _, ok := m.networks[network]; ok {
				m.endpoints[endpoint] = joined(endpoint, network)
			}
		})
	case 6:
		m.change(func() { delete(m.endpoints, endpoint) })
	case 7:
		m.change(func() {
			if e, ok := m.endpoints[endpoint]; ok {
				e.Container = fmt.Sprint("renamed-", which)
				m.endpoints[endpoint] = e
			}
		})
	case 8:
		r.with(func() { r.fault = append(r.fault, fault(which%4)) })
	case 9:
		r.with(func() { r.connected = false })
	case 10:
		r.reconnect()
	case 11:
		s.restores(which)
	case 12: // the switch process dies, and comes again
		s.stop()
		s.stop = start(s.t, m, r)
	case 13:
		r.with(func() {
			for _, arrives := range r.late {
				arrives()
			}
			r.late = nil
		})
	}
	time.Sleep(time.Duration(which) * 2 * time.Millisecond)
}

// restores keeps a copy of what the controller has, or brings an earlier one back.
func (s *story) restores(which byte) {
	r := s.reg
	if which%2 == 0 || len(s.past) == 0 {
		r.with(func() {
			revision, networks, endpoints := r.revision, maps.Clone(r.networks), maps.Clone(r.endpoints)
			s.past = append(s.past, func() { // a store that was restored counts on
				r.revision, r.networks, r.endpoints = max(r.revision, revision)+1, maps.Clone(networks), maps.Clone(endpoints)
			})
		})
		return
	}
	r.with(func() { r.connected = false })
	r.with(s.past[int(which/2)%len(s.past)])
	r.reconnect()
}

// ends lets everything be, and tells what is wrong with the records.
func (s *story) ends() (wrong []string) {
	m, r := s.model, s.reg
	r.with(func() { r.fault = nil })
	r.reconnect()
	time.Sleep(2 * lastRest)
	r.with(func() { // what was on its way all the time is too late
		for _, arrives := range r.late {
			arrives()
		}
	})
	time.Sleep(2 * lastRest)
	synctest.Wait()
	s.stop()
	wrong = r.wrong
	if want, got := slices.Sorted(maps.Keys(m.networks)), slices.Sorted(maps.Keys(r.networks)); !slices.Equal(want, got) {
		wrong = append(wrong, fmt.Sprintf("the host has networks %v, the controller %v", want, got))
	}
	want, got := make(map[string]string), make(map[string]string)
	for id, e := range m.endpoints {
		want[id] = e.Network + " " + e.Container
	}
	for id, e := range r.endpoints {
		got[id] = e.Network + " " + e.Container
	}
	if d := cmp.Diff(want, got); d != "" {
		wrong = append(wrong, "the controller has not what the host has: "+d)
	}
	return wrong
}
