// SPDX-License-Identifier: Apache-2.0

package talk

import "github.com/linkspan/linkspan/wire/openflow"

const (
	bundleID    = 1
	bundleFlags = openflow.BundleAtomic | openflow.BundleOrdered
)

// member is a message of a bundle.
type member struct{ openflow.Encoder }

// Append appends the message that adds it.
func (m member) Append(b []byte, xid uint32) []byte {
	return openflow.AppendBundleAdd(b, xid, bundleID, bundleFlags, m.Encoder)
}

// Bundle returns the messages that do all of these at once, or none of them: flows, no
// meters. A connection has one bundle at a time, which is its users' care.
func Bundle[E openflow.Encoder](messages []E) []openflow.Encoder {
	all := []openflow.Encoder{&openflow.BundleControl{BundleID: bundleID, Command: openflow.BundleOpen, Flags: bundleFlags}}
	for _, m := range messages {
		all = append(all, member{m})
	}
	return append(all, &openflow.BundleControl{BundleID: bundleID, Command: openflow.BundleCommit, Flags: bundleFlags})
}
