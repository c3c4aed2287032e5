// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/linkspan/linkspan"
)

// service is the name under which registries are asked for (RFC 6763, 4.1).
const service = "_linkspan-reg._tcp.local."

const (
	ttl        = 120     // seconds that an answer is good (RFC 6762, 10)
	flush      = 1 << 15 // of a class: what others said before is void (RFC 6762, 10.2)
	unicast    = 1 << 15 // of a question's class: answer to the asker alone (RFC 6762, 5.4)
	maxAnswers = 64      // records of one message that are read
)

// Service is a registry that announces itself.
type Service struct {
	Name    string // of the instance: a label
	Port    uint16
	Address netip.Addr // where it was found; of one that is announced, that of the interface
}

// Host returns where the registry is, as linkspan login takes it.
func (s Service) Host() string { return netip.AddrPortFrom(s.Address, s.Port).String() }

// instance is the name of a service's records.
func (s Service) instance() string { return s.Name + "." + service }

// host is the name of a service's address.
func (s Service) host() string { return s.Name + ".local." }

// label makes a name one label (RFC 1035, 2.3.4): dots are left out.
func label(name string) string {
	name = strings.ReplaceAll(strings.ToLower(name), ".", "-")
	return name[:min(len(name), linkspan.MaxName)]
}

// question returns the message that asks for registries.
func question() ([]byte, error) {
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{})
	name, err := dnsmessage.NewName(service)
	if err != nil {
		return nil, err
	}
	if err := b.StartQuestions(); err != nil {
		return nil, err
	}
	if err := b.Question(dnsmessage.Question{Name: name, Type: dnsmessage.TypePTR, Class: dnsmessage.ClassINET | unicast}); err != nil {
		return nil, err
	}
	return b.Finish()
}

// asked is a question that a service has an answer to.
type asked struct {
	id       uint16
	question dnsmessage.Question
	unicast  bool
}

// readQuestion returns whether a message asks for a service, by its type or its own name.
func (s Service) readQuestion(message []byte) (asked, bool) {
	var p dnsmessage.Parser
	h, err := p.Start(message)
	if err != nil || h.Response || h.OpCode != 0 {
		return asked{}, false
	}
	for range maxAnswers {
		q, err := p.Question()
		if err != nil {
			return asked{}, false
		}
		class := q.Class &^ unicast
		if class != dnsmessage.ClassINET && class != dnsmessage.ClassANY {
			continue
		}
		name := q.Name.String()
		if strings.EqualFold(name, service) && (q.Type == dnsmessage.TypePTR || q.Type == dnsmessage.TypeALL) || strings.EqualFold(name, s.instance()) {
			return asked{id: h.ID, question: q, unicast: q.Class&unicast != 0}, true
		}
	}
	return asked{}, false
}

// answer returns the message that tells of a service; to who asked from another port than
// that of multicast DNS, with the id and the question, as that one may know no other DNS
// (RFC 6762, 6.7). A lifetime of 0 takes back what was told.
func (s Service) answer(to *asked, lifetime uint32) ([]byte, error) {
	h := dnsmessage.Header{Response: true, Authoritative: true}
	class := dnsmessage.Class(dnsmessage.ClassINET | flush)
	if to != nil {
		h.ID, class = to.id, dnsmessage.ClassINET
	}
	m := dnsmessage.Message{Header: h}
	if to != nil {
		q := to.question
		q.Class &^= unicast
		m.Questions = []dnsmessage.Question{q}
	}
	names := make([]dnsmessage.Name, 3)
	for i, text := range []string{service, s.instance(), s.host()} {
		var err error
		if names[i], err = dnsmessage.NewName(text); err != nil {
			return nil, err
		}
	}
	all, instance, host := names[0], names[1], names[2]
	m.Answers = []dnsmessage.Resource{
		{Header: dnsmessage.ResourceHeader{Name: all, Class: dnsmessage.ClassINET, TTL: lifetime}, Body: &dnsmessage.PTRResource{PTR: instance}},
	}
	m.Additionals = []dnsmessage.Resource{
		{Header: dnsmessage.ResourceHeader{Name: instance, Class: class, TTL: lifetime}, Body: &dnsmessage.SRVResource{Port: s.Port, Target: host}},
		{Header: dnsmessage.ResourceHeader{Name: instance, Class: class, TTL: lifetime}, Body: &dnsmessage.TXTResource{TXT: []string{"txtvers=1"}}},
		{Header: dnsmessage.ResourceHeader{Name: host, Class: class, TTL: lifetime}, Body: &dnsmessage.AResource{A: s.Address.As4()}},
	}
	return m.Pack()
}

// readAnswer returns the registries that a message tells of.
func readAnswer(message []byte) []Service {
	var p dnsmessage.Parser
	h, err := p.Start(message)
	if err != nil || !h.Response {
		return nil
	}
	if err := p.SkipAllQuestions(); err != nil {
		return nil
	}
	r := records{ports: map[string]dnsmessage.SRVResource{}, addresses: map[string]netip.Addr{}}
	r.read(&p, p.AnswerHeader, p.SkipAnswer)
	if p.SkipAllAuthorities() == nil {
		r.read(&p, p.AdditionalHeader, p.SkipAdditional)
	}
	var found []Service
	for _, instance := range r.instances {
		srv, known := r.ports[strings.ToLower(instance)]
		a, there := r.addresses[strings.ToLower(srv.Target.String())]
		if known && there && srv.Port != 0 {
			found = append(found, Service{Name: strings.TrimSuffix(instance, "."+service), Port: srv.Port, Address: a})
		}
	}
	return found
}

// records are those of a message.
type records struct {
	instances []string
	ports     map[string]dnsmessage.SRVResource
	addresses map[string]netip.Addr
}

// read reads a section of a message, until it ends or is not readable.
func (r *records) read(p *dnsmessage.Parser, head func() (dnsmessage.ResourceHeader, error), skip func() error) {
	for range maxAnswers {
		h, err := head()
		if err != nil { // the section has ended, or is not readable
			return
		}
		if h.TTL == 0 || !r.take(p, h) {
			if skip() != nil {
				return
			}
		}
	}
}

// take reads a record; false if it is none of ours.
func (r *records) take(p *dnsmessage.Parser, h dnsmessage.ResourceHeader) bool {
	name := h.Name.String()
	switch h.Type {
	case dnsmessage.TypePTR:
		if !strings.EqualFold(name, service) {
			return false
		}
		body, err := p.PTRResource()
		if instance := body.PTR.String(); err == nil && strings.HasSuffix(instance, "."+service) {
			r.instances = append(r.instances, instance)
		}
		return err == nil
	case dnsmessage.TypeSRV:
		body, err := p.SRVResource()
		r.ports[strings.ToLower(name)] = body
		return err == nil
	case dnsmessage.TypeA:
		body, err := p.AResource()
		r.addresses[strings.ToLower(name)] = netip.AddrFrom4(body.A)
		return err == nil
	}
	return false
}
