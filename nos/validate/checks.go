// SPDX-License-Identifier: Apache-2.0

package validate

import (
	"slices"

	"github.com/linkspan/linkspan/nos/tree"
)

// check is what data cannot say. It looks at the whole configuration, and runs
// when a leaf that it watches changed, or entries of a list that it watches came or went.
type check struct {
	name    string
	order   int
	watches [][]string // paths in the schema, beside the nodes that name the check
	run     func(root tree.Node, report func(path []string, expected, format string, values ...any))
}

// table has all checks.
func table() []check {
	return []check{
		{"device-use", 1, paths("interfaces", "ports bond member"), deviceUse},
		{"addresses-apart", 2, paths("interfaces", "vlans interface address", "interfaces address", "system management address", "system management interface"), addressesApart},
		{"gateway-is-near", 3, paths("system management address"), gatewayIsNear},
		{"native-is-allowed", 4, paths("ports native-vlan"), nativeIsAllowed},
		{"mirror-output", 5, paths("mirrors from-port", "mirrors to-port"), mirrorOutput},
		{"spanning-tree-times", 6, nil, spanningTreeTimes},
		{"next-hop-family", 7, nil, nextHopFamily},
		{"acl-families", 8, paths("acls rules source", "acls rules destination", "acls rules protocol"), aclFamilies},
		{"queue-rates", 9, paths("qos rate", "qos queues guaranteed", "qos queues limit"), queueRates},
		{"foreign-apart", 10, paths("control foreign vlans"), foreignApart},
		{"password-cost", 11, nil, passwordCost},
		{"confined-to-parts", 12, nil, confinedToParts},
	}
}

func find(name string) (check, bool) {
	all := table()
	if i := slices.IndexFunc(all, func(c check) bool { return c.name == name }); i >= 0 {
		return all[i], true
	}
	return check{}, false
}

// checks runs the checks whose leaves or lists changed.
func (w *walker) checks() {
	for _, c := range w.v.checks {
		for def := range c.on {
			if w.changed[def] {
				c.run(w.root, w.fail)
				break
			}
		}
	}
}
