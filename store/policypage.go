// SPDX-License-Identifier: Apache-2.0

package store

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/store/kv"
)

// policyPage is a record of the store: the policies of neighbouring numbers, so
// that a whole file fits into one transaction. It is compressed (RFC 1952), to a
// tenth, as policies are much alike.
type policyPage struct {
	Policies []linkspan.Policy `json:"policies"`

	revision uint64 // as it is stored; 0: it is not
	draft    bool   // it is being changed
}

// readPage reads a record.
func readPage(e kv.Entry) (*policyPage, error) {
	text, err := unpack(e.Value)
	if err != nil {
		return nil, fmt.Errorf("record %s: %w", e.Key, err)
	}
	p := &policyPage{revision: e.Revision}
	if err := json.Unmarshal(text, p); err != nil {
		return nil, fmt.Errorf("record %s: %w", e.Key, err)
	}
	return p, nil
}

// copy returns a page that may be changed, of one or of none.
func (p *policyPage) copy() *policyPage {
	if p == nil {
		return &policyPage{draft: true}
	}
	return &policyPage{Policies: slices.Clone(p.Policies), revision: p.revision, draft: true}
}

// put puts a policy in the place of the one of its number, or behind all.
func (p *policyPage) put(policy linkspan.Policy) {
	same := func(o linkspan.Policy) bool { return o.ID == policy.ID }
	if i := slices.IndexFunc(p.Policies, same); i >= 0 {
		p.Policies[i] = policy
		return
	}
	p.Policies = append(p.Policies, policy)
}

// op returns what stores the page.
func (p *policyPage) op(key string) kv.Op {
	if len(p.Policies) == 0 {
		return kv.Delete(key)
	}
	return kv.Put(key, pack(put(key, p).Value))
}

// pack compresses; writing into memory cannot fail.
func pack(text []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(text)
	_ = w.Close()
	return out.Bytes()
}

func unpack(packed []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
