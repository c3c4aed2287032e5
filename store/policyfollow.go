// SPDX-License-Identifier: Apache-2.0

package store

import (
	"encoding/json"
	"strings"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/store/kv"
)

// policyPages is what a follower saw last of each page, by the text of each
// policy: so one changed policy is one change, and only it is read.
type policyPages map[string]map[string]linkspan.PolicyID

// read turns an entry into changes; ok is false for keys that hold no policies.
func (p policyPages) read(kind kv.EventKind, e kv.Entry) (changes []Change, ok bool, err error) {
	if !strings.HasPrefix(e.Key, policiesPrefix) {
		return nil, false, nil
	}
	var page struct {
		Policies []json.RawMessage `json:"policies"`
	}
	if kind != kv.Deleted {
		text, err := unpack(e.Value)
		if err == nil {
			err = json.Unmarshal(text, &page)
		}
		if err != nil {
			return nil, true, err
		}
	}
	before := p[e.Key]
	now := make(map[string]linkspan.PolicyID, len(page.Policies))
	there := make(map[linkspan.PolicyID]bool, len(page.Policies))
	for _, text := range page.Policies {
		id, same := before[string(text)]
		if !same {
			policy := new(linkspan.Policy)
			if err := json.Unmarshal(text, policy); err != nil {
				return nil, true, err
			}
			id = policy.ID
			changes = append(changes, Change{Policy: policy})
		}
		now[string(text)], there[id] = id, true
	}
	for _, id := range before {
		if !there[id] {
			changes = append(changes, Change{Removed: true, Policy: &linkspan.Policy{ID: id}})
		}
	}
	p[e.Key] = now
	return changes, true, nil
}
