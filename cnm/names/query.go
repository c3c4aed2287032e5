// SPDX-License-Identifier: Apache-2.0

package names

import (
	"errors"

	"golang.org/x/net/dns/dnsmessage"
)

// The sizes of messages over UDP, bytes.
const (
	plainSize = 512  // RFC 1035, section 4.2.1
	ednsSize  = 4096 // the most this end takes and says so, RFC 6891, section 6.2.5
)

// query is a request for one name, as far as it is understood here.
type query struct {
	header   dnsmessage.Header
	question dnsmessage.Question
	edns     bool
	version  uint8 // of EDNS
	size     int   // the largest answer over UDP that the asker takes, bytes
}

// room returns how long an answer to a message may be that came by UDP, bytes:
// what its asker takes and, as not all keep to that, something above.
func room(message []byte) int {
	q, _ := parse(message) // of what is not understood, what is understood
	return max(q.size, ednsSize)
}

// errForeign is a message that is not a plain query; it is not for us to say
// what is wrong with it.
var errForeign = errors.New("not a query for one name of the Internet")

// parse reads a message. An error means that it is none of ours.
func parse(message []byte) (query, error) {
	q := query{size: plainSize}
	var p dnsmessage.Parser
	var err error
	if q.header, err = p.Start(message); err != nil {
		return q, err
	}
	questions, err := p.AllQuestions()
	if err != nil {
		return q, err
	}
	if q.header.Response || q.header.OpCode != 0 || len(questions) != 1 || questions[0].Class != dnsmessage.ClassINET {
		return q, errForeign
	}
	q.question = questions[0]
	return q, q.options(&p)
}

// options finds the EDNS record, which has the size in the place of a class and
// the version in that of a time to live (RFC 6891, section 6.1.3).
func (q *query) options(p *dnsmessage.Parser) error {
	if err := errors.Join(p.SkipAllAnswers(), p.SkipAllAuthorities()); err != nil {
		return err
	}
	for {
		h, err := p.AdditionalHeader()
		if errors.Is(err, dnsmessage.ErrSectionDone) {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Type == dnsmessage.TypeOPT {
			if q.edns {
				return errForeign // two of them
			}
			q.edns, q.version = true, uint8(h.TTL>>16)
			q.size = max(int(h.Class), plainSize)
		}
		if err := p.SkipAdditional(); err != nil {
			return err
		}
	}
}
