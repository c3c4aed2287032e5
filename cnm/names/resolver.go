// SPDX-License-Identifier: Apache-2.0

package names

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// maxRecords bounds the records of one answer.
const maxRecords = 1024

// Resolver answers what is ours. It does no I/O of its own; calls may be
// concurrent.
type Resolver struct{ source Source }

// NewResolver answers from what the source knows.
func NewResolver(source Source) *Resolver { return &Resolver{source} }

// Resolve answers a message from a container in the networks of the scopes.
// stream says that it came by TCP, so that the answer may be long. It returns
// nil when the message is none of ours: no plain query, or for a name that
// nobody bears, or one that the source cannot tell about.
func (r *Resolver) Resolve(ctx context.Context, scopes []Scope, message []byte, stream bool) []byte {
	q, err := parse(message)
	if err != nil {
		return nil
	}
	records, ours := r.look(ctx, scopes, q.question)
	if !ours {
		return nil
	}
	if q.version != 0 {
		return orNil(q.fail(badVersion))
	}
	size := min(q.size, ednsSize)
	if stream {
		size = maxReply
	}
	return orNil(q.reply(records, size))
}

// orNil leaves to Docker's resolver what cannot be written.
func orNil(message []byte, err error) []byte {
	if err != nil {
		return nil
	}
	return message
}

// look returns the records of the type that the question is for; ours says
// that somebody bears the name, whatever there is of that type.
func (r *Resolver) look(ctx context.Context, scopes []Scope, asked dnsmessage.Question) (records []record, ours bool) {
	scopes = scopes[:min(len(scopes), maxScopes)]
	f := finding{asked: asked}
	name := strings.ToLower(strings.TrimSuffix(asked.Name.String(), "."))
	_, backwards := reverse(name)
	for _, s := range scopes {
		f.add(s.here(name), backwards, s.Name)
	}
	questions := readings(scopes, name)
	if len(questions) == 0 {
		return spread(f.records), f.ours
	}
	answers, err := r.source.Ask(ctx, questions)
	if err != nil || len(answers) != len(questions) {
		return spread(f.records), f.ours
	}
	for i, bearers := range answers {
		f.add(bearers, questions[i].Address.IsValid(), networkName(scopes, questions[i].Network))
	}
	return spread(f.records), f.ours
}

// finding is what was found for a question so far.
type finding struct {
	asked   dnsmessage.Question
	records []record
	ours    bool // somebody bears the name
}

// add takes bearers of a network in; backwards says that the question was for
// an address.
func (f *finding) add(bearers []Bearer, backwards bool, network string) {
	for _, b := range bearers {
		if backwards {
			name, ok := pointer(b.Container, network)
			f.ours = f.ours || ok
			if ok && wants(f.asked.Type, dnsmessage.TypePTR) {
				f.records = append(f.records, record{name: name})
			}
			continue
		}
		f.ours = true
		if wants(f.asked.Type, typeOf(b)) {
			f.records = append(f.records, record{address: b.Address})
		}
	}
}

func typeOf(b Bearer) dnsmessage.Type {
	if b.Address.Is4() {
		return dnsmessage.TypeA
	}
	return dnsmessage.TypeAAAA
}

func wants(asked, has dnsmessage.Type) bool { return asked == has || asked == dnsmessage.TypeALL }

// spread drops what is there twice, and mixes the rest: who takes the first
// answer is to meet all bearers in turn.
func spread(records []record) []record {
	seen := make(map[record]bool, len(records))
	records = slices.DeleteFunc(records, func(r record) bool {
		twice := seen[r]
		seen[r] = true
		return twice
	})
	rand.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
	return records[:min(len(records), maxRecords)]
}
