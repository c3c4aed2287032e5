// SPDX-License-Identifier: Apache-2.0

package names

import (
	"errors"
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// maxReply is the largest message over TCP, bytes.
const maxReply = 1<<16 - 1

// largest is the size of a record with an IPv6 address, bytes.
const largest = 28

// badVersion is the extended response code for an EDNS version other than 0
// (RFC 6891, section 9).
const badVersion = dnsmessage.RCode(16)

// record is what one answer holds: an address or, of a reverse look-up, a name.
type record struct {
	address netip.Addr
	name    dnsmessage.Name
}

// reply writes the answer to q with as many records as fit into size bytes; the
// rest is left out and the answer marked as cut, so that the asker comes again
// by TCP. It has no records when there are none of the type that was asked for.
func (q *query) reply(records []record, size int) ([]byte, error) {
	message, err := q.pack(records, false)
	for err == nil && len(message) > size && len(records) > 0 {
		records = records[:len(records)-min(len(records), 1+(len(message)-size)/largest)]
		message, err = q.pack(records, true)
	}
	return message, err
}

// pack writes the answer with all records.
func (q *query) pack(records []record, cut bool) ([]byte, error) {
	header := dnsmessage.Header{
		ID: q.header.ID, Response: true, Authoritative: true, Truncated: cut,
		RecursionDesired: q.header.RecursionDesired, RecursionAvailable: true,
	}
	b := dnsmessage.NewBuilder(make([]byte, 0, plainSize), header)
	b.EnableCompression()
	if err := errors.Join(b.StartQuestions(), b.Question(q.question), b.StartAnswers()); err != nil {
		return nil, err
	}
	for _, r := range records {
		if err := q.put(&b, r); err != nil {
			return nil, err
		}
	}
	return q.finish(&b, dnsmessage.RCodeSuccess)
}

// put adds one record; its time to live is 0, as the next answer may differ.
func (q *query) put(b *dnsmessage.Builder, r record) error {
	h := dnsmessage.ResourceHeader{Name: q.question.Name, Class: dnsmessage.ClassINET}
	switch {
	case r.address.Is4():
		return b.AResource(h, dnsmessage.AResource{A: r.address.As4()})
	case r.address.IsValid():
		return b.AAAAResource(h, dnsmessage.AAAAResource{AAAA: r.address.As16()})
	default:
		return b.PTRResource(h, dnsmessage.PTRResource{PTR: r.name})
	}
}

// finish adds the EDNS record to the answer of a query that had one.
func (q *query) finish(b *dnsmessage.Builder, code dnsmessage.RCode) ([]byte, error) {
	if q.edns {
		var h dnsmessage.ResourceHeader
		err := errors.Join(h.SetEDNS0(ednsSize, code, false), b.StartAdditionals(), b.OPTResource(h, dnsmessage.OPTResource{}))
		if err != nil {
			return nil, err
		}
	}
	return b.Finish()
}

// fail writes an answer that says why there is none.
func (q *query) fail(code dnsmessage.RCode) ([]byte, error) {
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{
		ID: q.header.ID, Response: true, RCode: code & 0xf,
		RecursionDesired: q.header.RecursionDesired, RecursionAvailable: true,
	})
	if err := errors.Join(b.StartQuestions(), b.Question(q.question)); err != nil {
		return nil, err
	}
	return q.finish(&b, code)
}

// pointer returns the name of a reverse look-up's answer; ok is false when it
// cannot be a domain name, as one with a label of more than 63 bytes.
func pointer(container, network string) (name dnsmessage.Name, ok bool) {
	text := container + "." + network + "."
	for label := range strings.SplitSeq(strings.TrimSuffix(text, "."), ".") {
		if label == "" || len(label) > 63 {
			return name, false
		}
	}
	name, err := dnsmessage.NewName(text)
	return name, err == nil && len(text) < 255
}
