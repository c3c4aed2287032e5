// SPDX-License-Identifier: Apache-2.0

package names_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm/names"
)

// book is a Source that knows what is written in it.
type book map[names.Question][]names.Bearer

func (b book) Ask(_ context.Context, questions []names.Question) ([][]names.Bearer, error) {
	answers := make([][]names.Bearer, len(questions))
	for i, q := range questions {
		answers[i] = b[q]
	}
	return answers, nil
}

func bear(b book, network linkspan.NetworkID, address, container string, more ...string) {
	bearer := names.Bearer{Address: netip.MustParseAddr(address), Container: container}
	for _, name := range append(more, container) {
		q := names.Question{Network: network, Name: strings.ToLower(name)}
		b[q] = append(b[q], bearer)
	}
	b[names.Question{Network: network, Address: bearer.Address}] = []names.Bearer{bearer}
}

var (
	web  = names.Scope{Network: 1, Name: "web", Subnet: netip.MustParsePrefix("10.7.0.0/24")}
	back = names.Scope{Network: 2, Name: "Back.End", Subnet: netip.MustParsePrefix("10.8.0.0/24")}
	twin = names.Scope{Network: 3, Name: "twin", Subnet: netip.MustParsePrefix("10.7.0.0/24")} // of web's addresses
)

// town is a fabric of three networks, two of which overlap.
func town() book {
	b := make(book)
	bear(b, 1, "10.7.0.2", "c1", "db", "0123456789ab")
	bear(b, 1, "10.7.0.3", "c2", "db")
	bear(b, 1, "10.7.0.4", "dotted.name", "api.example.com")
	bear(b, 1, "10.7.0.5", "Upper_Case")
	bear(b, 2, "10.8.0.2", "c1")
	bear(b, 2, "10.8.0.3", "only-back")
	bear(b, 2, "fd00::3", "only-back")
	bear(b, 3, "10.7.0.2", "twin1")
	bear(b, 1, "10.7.0.6", "localhost")
	bear(b, 1, "10.7.0.7", strings.Repeat("x", 64))
	return b
}

// ask builds a query; alter changes it before it is packed.
func ask(t testing.TB, name string, kind dnsmessage.Type, alter ...func(*dnsmessage.Message)) []byte {
	t.Helper()
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: 4711, RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName(name + "."), Type: kind, Class: dnsmessage.ClassINET}},
	}
	for _, f := range alter {
		f(&m)
	}
	packed, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return packed
}

// edns adds an EDNS record to a query.
func edns(size int, version uint32) func(*dnsmessage.Message) {
	return func(m *dnsmessage.Message) {
		var h dnsmessage.ResourceHeader
		if err := h.SetEDNS0(size, dnsmessage.RCodeSuccess, false); err != nil {
			panic(err)
		}
		h.TTL |= version << 16
		m.Additionals = append(m.Additionals, dnsmessage.Resource{Header: h, Body: &dnsmessage.OPTResource{}})
	}
}

func read(t testing.TB, reply []byte) dnsmessage.Message {
	t.Helper()
	var m dnsmessage.Message
	if err := m.Unpack(reply); err != nil {
		t.Fatal(err)
	}
	return m
}

// told is a reply's records as text, sorted; "not ours" when there is none.
func told(t testing.TB, reply []byte) []string {
	t.Helper()
	if reply == nil {
		return []string{"not ours"}
	}
	m := read(t, reply)
	out := []string{}
	for _, r := range m.Answers {
		if r.Header.TTL != 0 {
			t.Errorf("time to live is %d", r.Header.TTL)
		}
		switch body := r.Body.(type) {
		case *dnsmessage.AResource:
			out = append(out, netip.AddrFrom4(body.A).String())
		case *dnsmessage.AAAAResource:
			out = append(out, netip.AddrFrom16(body.AAAA).String())
		case *dnsmessage.PTRResource:
			out = append(out, body.PTR.String())
		}
	}
	slices.Sort(out)
	return out
}

func TestWhatIsOurs(t *testing.T) {
	const a, aaaa, ptr, any = dnsmessage.TypeA, dnsmessage.TypeAAAA, dnsmessage.TypePTR, dnsmessage.TypeALL
	here := []names.Scope{web}
	both := []names.Scope{web, back}
	foreign, nodata := []string{"not ours"}, []string{}
	for _, c := range []struct {
		what   string
		scopes []names.Scope
		name   string
		kind   dnsmessage.Type
		want   []string
	}{
		{"a container", here, "c1", a, []string{"10.7.0.2"}},
		{"an alias of two", here, "db", a, []string{"10.7.0.2", "10.7.0.3"}},
		{"the short id", here, "0123456789ab", a, []string{"10.7.0.2"}},
		{"with the network", here, "c1.web", a, []string{"10.7.0.2"}},
		{"in any case", here, "C1.WEB", a, []string{"10.7.0.2"}},
		{"a name in capitals", here, "upper_case", a, []string{"10.7.0.5"}},
		{"a name with a dot", here, "dotted.name", a, []string{"10.7.0.4"}},
		{"a name with a dot, with the network", here, "dotted.name.web", a, []string{"10.7.0.4"}},
		{"an alias like a public name", here, "api.example.com", a, []string{"10.7.0.4"}},
		{"in two networks", both, "c1", a, []string{"10.7.0.2", "10.8.0.2"}},
		{"in one of two networks", both, "c1.back.end", a, []string{"10.8.0.2"}},
		{"a network that the asker is not in", here, "c1.back.end", a, foreign},
		{"a container of such a network", here, "only-back", a, foreign},
		{"nobody in the network", here, "nobody.web", a, foreign},
		{"nobody", here, "nobody", a, foreign},
		{"the network itself", here, "web", a, foreign},
		{"a public name", here, "www.example.com", a, foreign},
		{"no networks", nil, "c1", a, foreign},
		{"localhost", here, "localhost", a, foreign},
		{"below localhost", here, "c1.localhost", a, foreign},
		{"IPv6 of one without", here, "c1", aaaa, nodata},
		{"IPv6 of nobody", here, "nobody", aaaa, foreign},
		{"IPv6 of one with", both, "only-back", aaaa, []string{"fd00::3"}},
		{"everything", both, "only-back", any, []string{"10.8.0.3", "fd00::3"}},
		{"another type", here, "c1", dnsmessage.TypeMX, nodata},
		{"a type from later", here, "c1", dnsmessage.Type(65), nodata},
		{"reverse", here, "2.0.7.10.in-addr.arpa", ptr, []string{"c1.web."}},
		{"reverse in capitals", here, "2.0.7.10.IN-ADDR.ARPA", ptr, []string{"c1.web."}},
		{"reverse in an overlapping network", []names.Scope{twin}, "2.0.7.10.in-addr.arpa", ptr, []string{"twin1.twin."}},
		{"reverse of a free address", here, "9.0.7.10.in-addr.arpa", ptr, foreign},
		{"reverse of another network", here, "2.0.8.10.in-addr.arpa", ptr, foreign},
		{"reverse of a zone", here, "0.7.10.in-addr.arpa", ptr, foreign},
		{"reverse with a leading zero", here, "02.0.7.10.in-addr.arpa", ptr, foreign},
		{"reverse, another type", here, "2.0.7.10.in-addr.arpa", a, nodata},
		{"reverse of a name that is no domain name", here, "7.0.7.10.in-addr.arpa", ptr, foreign},
	} {
		t.Run(c.what, func(t *testing.T) {
			r := names.NewResolver(town())
			reply := r.Resolve(t.Context(), c.scopes, ask(t, c.name, c.kind), false)
			if diff := cmp.Diff(c.want, told(t, reply)); diff != "" {
				t.Error(diff)
			}
			if reply == nil {
				return
			}
			m := read(t, reply)
			if m.ID != 4711 || !m.Response || !m.RecursionDesired || m.RCode != dnsmessage.RCodeSuccess || m.Truncated {
				t.Errorf("header %+v", m.Header)
			}
			if got := m.Questions[0].Name.String(); got != c.name+"." {
				t.Errorf("the question came back as %s", got)
			}
			if len(m.Additionals) > 0 {
				t.Error("EDNS without being asked")
			}
		})
	}
}

func TestWhatIsNoPlainQuery(t *testing.T) {
	type m = *dnsmessage.Message
	r := names.NewResolver(town())
	second := dnsmessage.Question{Name: dnsmessage.MustNewName("c2."), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}
	for what, alter := range map[string]func(m){
		"an answer":        func(q m) { q.Response = true },
		"an update":        func(q m) { q.OpCode = 5 },
		"two questions":    func(q m) { q.Questions = append(q.Questions, second) },
		"no question":      func(q m) { q.Questions = nil },
		"class chaos":      func(q m) { q.Questions[0].Class = dnsmessage.ClassCHAOS },
		"the root":         func(q m) { q.Questions[0].Name = dnsmessage.MustNewName(".") },
		"two EDNS records": func(q m) { edns(512, 0)(q); edns(512, 0)(q) },
	} {
		if reply := r.Resolve(t.Context(), []names.Scope{web}, ask(t, "c1", dnsmessage.TypeA, alter), false); reply != nil {
			t.Errorf("%s was answered with %v", what, told(t, reply))
		}
	}
	if reply := r.Resolve(t.Context(), []names.Scope{web}, ask(t, "c1", dnsmessage.TypeA)[:14], false); reply != nil {
		t.Error("half a message was answered")
	}
}

func TestSourceThatCannotTell(t *testing.T) {
	r := names.NewResolver(failing{})
	if reply := r.Resolve(t.Context(), []names.Scope{web}, ask(t, "c1", dnsmessage.TypeA), false); reply != nil {
		t.Errorf("answered %v", told(t, reply))
	}
}

type failing struct{}

func (failing) Ask(context.Context, []names.Question) ([][]names.Bearer, error) {
	return nil, errors.New("away")
}

// crowd is a book in which n endpoints bear one name.
func crowd(n int) book {
	b := make(book)
	q := names.Question{Network: web.Network, Name: "all"}
	for i := range n {
		b[q] = append(b[q], names.Bearer{Address: netip.AddrFrom4([4]byte{10, 7, byte(i >> 8), byte(i)}), Container: fmt.Sprint("c", i)})
	}
	return b
}

func TestSizes(t *testing.T) {
	for _, c := range []struct {
		bearers int
		size    int // of EDNS; 0: none
		stream  bool
		least   int // records
		cut     bool
	}{
		{30, 0, false, 30, false},
		{31, 0, false, 28, true},
		{500, 0, false, 28, true},
		{500, 1232, false, 70, true},
		{100, 1, false, 25, true}, // RFC 6891, section 6.2.3: below 512 is 512
		{70, 1232, false, 70, false},
		{500, 65535, false, 250, true},
		{500, 0, true, 500, false},
		{500, 512, true, 500, false},
		{5000, 0, true, 1024, false},
	} {
		var alter []func(*dnsmessage.Message)
		limit := 512
		if c.size > 0 {
			alter = append(alter, edns(c.size, 0))
			limit = min(max(c.size, 512), 4096)
		}
		if c.stream {
			limit = 65535
		}
		r := names.NewResolver(crowd(c.bearers))
		reply := r.Resolve(t.Context(), []names.Scope{web}, ask(t, "all", dnsmessage.TypeA, alter...), c.stream)
		m := read(t, reply)
		if len(reply) > limit || len(m.Answers) < c.least || m.Truncated != c.cut {
			t.Errorf("%+v: %d bytes, %d records, cut %v", c, len(reply), len(m.Answers), m.Truncated)
		}
		if (c.size > 0) != (len(m.Additionals) == 1) {
			t.Errorf("%+v: %d additional records", c, len(m.Additionals))
		}
	}
}

func TestUnknownVersionOfEDNS(t *testing.T) {
	r := names.NewResolver(town())
	m := read(t, r.Resolve(t.Context(), []names.Scope{web}, ask(t, "c1", dnsmessage.TypeA, edns(1232, 1)), false))
	if code := m.Additionals[0].Header.ExtendedRCode(m.RCode); code != 16 || len(m.Answers) > 0 {
		t.Errorf("code %d, %d answers; want 16, BADVERS", code, len(m.Answers))
	}
}

func TestBearersComeInTurn(t *testing.T) {
	r := names.NewResolver(town())
	first := make(map[string]bool)
	for range 200 {
		m := read(t, r.Resolve(t.Context(), []names.Scope{web}, ask(t, "db", dnsmessage.TypeA), false))
		first[fmt.Sprint(m.Answers[0].Body.(*dnsmessage.AResource).A)] = true
	}
	if len(first) != 2 {
		t.Errorf("always the same first: %v", first)
	}
}

// TestNamesOfThisHost asks in a network of this host, beside one of the fabric,
// whose source may be away.
func TestNamesOfThisHost(t *testing.T) {
	at := func(a string) []names.Bearer {
		return []names.Bearer{{Address: netip.MustParseAddr(a), Container: "s1"}}
	}
	local := names.Scope{Name: "Lan", Subnet: netip.MustParsePrefix("10.9.0.0/24"), Here: map[string][]names.Bearer{
		"s1": at("10.9.0.2"), "alias": at("10.9.0.2"), "c1": at("10.9.0.3"), "localhost": at("10.9.0.4"),
	}}
	for _, source := range []names.Source{town(), away{}} {
		r := names.NewResolver(source)
		for name, want := range map[string]int{
			"s1": 1, "S1.lan": 1, "alias": 1, "2.0.9.10.in-addr.arpa": 1, "nobody": 0, "localhost": 0, "s1.web": 0, "9.0.9.10.in-addr.arpa": 0,
		} {
			kind := dnsmessage.TypeA
			if strings.HasSuffix(name, ".arpa") {
				kind = dnsmessage.TypePTR
			}
			reply := r.Resolve(t.Context(), []names.Scope{local, web}, ask(t, name, kind), false)
			if got := count(t, reply); got != want {
				t.Errorf("%s, source %T: %d records, want %d", name, source, got, want)
			}
		}
	}
	reply := names.NewResolver(town()).Resolve(t.Context(), []names.Scope{local, web}, ask(t, "c1", dnsmessage.TypeA), false)
	if got := count(t, reply); got != 2 {
		t.Errorf("c1 is in both networks, and has %d addresses", got)
	}
}

// away is a Source that does not answer.
type away struct{}

func (away) Ask(context.Context, []names.Question) ([][]names.Bearer, error) {
	return nil, errors.New("away")
}

// count returns how many answers a reply has; none for no reply.
func count(t *testing.T, reply []byte) int {
	t.Helper()
	if reply == nil {
		return 0
	}
	var m dnsmessage.Message
	if err := m.Unpack(reply); err != nil {
		t.Fatal(err)
	}
	return len(m.Answers)
}
