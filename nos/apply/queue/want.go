// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"maps"
	"strconv"

	"github.com/linkspan/linkspan/nos/tree"
)

// filter is what a device has.
type filter struct {
	port  string // of /ports
	codes codes
}

func (f filter) equal(o filter) bool { return maps.Equal(f.codes, o.codes) }

func (f filter) path() []string { return []string{"ports", f.port, "qos", "policy"} }

// wanted returns the filters that a configuration wants, by device: of ports whose policy has
// code points.
func wanted(t *tree.Tree) map[string]filter {
	all := make(map[string]filter)
	if t == nil {
		return all
	}
	policies := make(map[string]codes)
	for q := range t.Root().Child("qos").Entries() {
		if c := read(q); len(c) > 0 {
			policies[q.Key()[0]] = c
		}
	}
	for p := range t.Root().Child("ports").Entries() {
		c, ok := policies[p.Child("qos").Get("policy")]
		if !ok {
			continue
		}
		names := p.Child("bond").Child("member").Values()
		if len(names) == 0 {
			names = p.Key()
		}
		for _, name := range names {
			all[name] = filter{p.Key()[0], c}
		}
	}
	return all
}

func read(policy tree.Node) codes {
	c := make(codes)
	for q := range policy.Child("queues").Entries() {
		number, _ := strconv.ParseUint(q.Key()[0], 10, 32) // the schema has checked both
		for _, dscp := range q.Child("dscp").Values() {
			code, _ := strconv.ParseUint(dscp, 10, 8)
			c[uint8(code)] = uint32(number)
		}
	}
	return c
}
