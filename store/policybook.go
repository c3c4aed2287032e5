// SPDX-License-Identifier: Apache-2.0

package store

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/store/kv"
)

// policyBook is all policies. One that is kept is not changed any more; a draft of it is.
type policyBook struct {
	pages    map[string]*policyPage
	names    map[string]linkspan.PolicyID
	last     linkspan.PolicyID // the last number given
	revision uint64            // of that; 0: none was given
}

func newPolicyBook(revision uint64, last linkspan.PolicyID) *policyBook {
	return &policyBook{pages: make(map[string]*policyPage), names: make(map[string]linkspan.PolicyID), last: last, revision: revision}
}

// cond is that nobody changed policies since.
func (b *policyBook) cond() kv.Cond {
	if b.revision == 0 {
		return kv.Absent(policyCounter)
	}
	return kv.RevisionIs(policyCounter, b.revision)
}

// draft returns a copy that may be changed. Pages are both's until one is.
func (b *policyBook) draft() *policyBook {
	return &policyBook{maps.Clone(b.pages), maps.Clone(b.names), b.last, b.revision}
}

// written returns what is in the store when the draft was written, with that revision.
func (b *policyBook) written(revision uint64) *policyBook {
	b.revision = revision
	for key, page := range b.pages {
		switch {
		case len(page.Policies) == 0:
			delete(b.pages, key)
		case page.draft:
			page.draft, page.revision = false, revision
		}
	}
	return b
}

// page returns the page of a record as it is known, or nil; b may be nil.
func (b *policyBook) page(e kv.Entry) *policyPage {
	if b == nil {
		return nil
	}
	if page := b.pages[e.Key]; page != nil && page.revision == e.Revision {
		return page
	}
	return nil
}

// all returns a copy of every policy.
func (b *policyBook) all() []linkspan.Policy {
	var all []linkspan.Policy
	for _, key := range slices.Sorted(maps.Keys(b.pages)) {
		all = append(all, b.pages[key].Policies...)
	}
	return all
}

// find returns the policy of a name, or of a number.
func (b *policyBook) find(name string) (*linkspan.Policy, error) {
	if p := b.named(name); p != nil {
		return p, nil
	}
	if id, err := linkspan.ParsePolicyID(name); err == nil {
		if p := b.numbered(id); p != nil {
			return p, nil
		}
	}
	return nil, &linkspan.Error{
		Code: linkspan.NotFound, Message: "policy " + name + " does not exist",
		Hint: "linkspan policy ls shows those that do",
	}
}

// add enters a page that was read.
func (b *policyBook) add(key string, page *policyPage) {
	b.pages[key] = page
	for i := range page.Policies {
		b.names[page.Policies[i].Name] = page.Policies[i].ID
	}
}

// named returns the policy of a name, or nil; numbers begin at 1.
func (b *policyBook) named(name string) *linkspan.Policy { return b.numbered(b.names[name]) }

func (b *policyBook) numbered(id linkspan.PolicyID) *linkspan.Policy {
	page := b.pages[policyPageKey(id)]
	if page == nil {
		return nil
	}
	for i := range page.Policies {
		if page.Policies[i].ID == id {
			return &page.Policies[i]
		}
	}
	return nil
}

// apply puts a policy under its name.
func (b *policyBook) apply(p linkspan.Policy, now time.Time) (PolicyOutcome, error) {
	if old := b.named(p.Name); old != nil {
		creator := p.Creator
		p.ID, p.Created, p.Creator = old.ID, old.Created, old.Creator
		if bytes.Equal(put("", p).Value, put("", old).Value) {
			return PolicyUnchanged, nil
		}
		p.Creator = creator
		b.change(p.ID).put(p)
		return PolicyChanged, nil
	}
	id, err := b.next()
	if err != nil {
		return 0, err
	}
	p.ID, p.Created = id, now
	b.change(id).put(p)
	b.names[p.Name] = id
	return PolicyCreated, nil
}

// change returns the page of a number, which is the draft's own from now on.
func (b *policyBook) change(id linkspan.PolicyID) *policyPage {
	key := policyPageKey(id)
	page := b.pages[key]
	if page == nil || !page.draft {
		page = page.copy()
		b.pages[key] = page
	}
	return page
}

// next takes a number: the one after the last, so that a number rests as long as
// it can before it is used a second time.
func (b *policyBook) next() (linkspan.PolicyID, error) {
	count := len(b.names)
	if count >= linkspan.MaxPolicies {
		return 0, &linkspan.Error{
			Code: linkspan.Exhausted, Message: fmt.Sprintf("there are %d policies, as many as there may be", count),
			Hint: "select with labels or groups what several policies name one by one",
		}
	}
	for {
		b.last = b.last%linkspan.MaxPolicyID + 1
		if b.numbered(b.last) == nil {
			return b.last, nil
		}
	}
}

// remove takes a policy away.
func (b *policyBook) remove(name string) (linkspan.Policy, error) {
	p, err := b.find(name)
	if err != nil {
		return linkspan.Policy{}, err
	}
	removed := *p
	delete(b.names, removed.Name)
	page := b.change(removed.ID)
	page.Policies = slices.DeleteFunc(page.Policies, func(o linkspan.Policy) bool { return o.ID == removed.ID })
	return removed, nil
}

// ops returns what must be written, in order of the pages.
func (b *policyBook) ops() (ops []kv.Op) {
	for _, key := range slices.Sorted(maps.Keys(b.pages)) {
		if page := b.pages[key]; page.draft && (page.revision != 0 || len(page.Policies) > 0) {
			ops = append(ops, page.op(key))
		}
	}
	return ops
}
