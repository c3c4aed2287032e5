// SPDX-License-Identifier: Apache-2.0

package openflow

// The ONF's extension to 1.3 that carries the bundles of spec 1.4, 7.3.9.
const (
	bundleControlType = 2300
	bundleAddType     = 2301
)

// BundleCommand is the type of a BundleControl.
type BundleCommand uint16

// The commands and their replies. A switch answers a request with the number
// after it.
const (
	BundleOpen BundleCommand = iota
	BundleOpened
	BundleClose
	BundleClosed
	BundleCommit
	BundleCommitted
	BundleDiscard
	BundleDiscarded
)

var bundleCommands = [...]string{"open_request", "open_reply", "close_request", "close_reply",
	"commit_request", "commit_reply", "discard_request", "discard_reply"}

// String returns the name in lower case.
func (c BundleCommand) String() string { return nameOf(bundleCommands[:], int(c)) }

// BundleFlags are the flags of a bundle; all its messages carry the same.
type BundleFlags uint16

// The flags of a bundle.
const (
	BundleAtomic  BundleFlags = 1 << iota // all or nothing, seen at once by packets
	BundleOrdered                         // in the order of adding
)

// BundleControl opens, closes, commits or discards a bundle. A bundle takes
// flow, group and port modifications and packet-outs, no meters.
type BundleControl struct {
	BundleID uint32
	Command  BundleCommand
	Flags    BundleFlags
}

// Append appends the message.
func (c *BundleControl) Append(b []byte, xid uint32) []byte {
	start := len(b)
	b = a32(beginExperimenter(b, xid, ONF, bundleControlType), c.BundleID)
	return finish(a16(a16(b, uint16(c.Command)), uint16(c.Flags)), start)
}

// Decode reads the message, request and reply alike.
func (c *BundleControl) Decode(m Message) error {
	b, err := m.expectExperimenter(ONF, bundleControlType, 8)
	if err != nil {
		return err
	}
	*c = BundleControl{u32(b, 0), BundleCommand(u16(b, 4)), BundleFlags(u16(b, 6))}
	return nil
}

// Encoder appends itself as a whole message. Every message of this package is
// one.
type Encoder interface {
	Append(b []byte, xid uint32) []byte
}

// AppendBundleAdd appends a message that adds m to an open bundle. The inner
// message has the same xid, as the extension demands.
func AppendBundleAdd(b []byte, xid, bundle uint32, flags BundleFlags, m Encoder) []byte {
	start := len(b)
	b = a32(beginExperimenter(b, xid, ONF, bundleAddType), bundle)
	b = a16(appendZero(b, 2), uint16(flags))
	inner := len(b)
	b = m.Append(b, xid)
	if len(b) == inner {
		return b[:start]
	}
	return finish(b, start)
}

// BundleAdd is a received message that adds Inner to a bundle.
type BundleAdd struct {
	BundleID uint32
	Flags    BundleFlags
	Inner    Message
}

// Decode reads the message; Inner becomes a view of m.
func (a *BundleAdd) Decode(m Message) error {
	b, err := m.expectExperimenter(ONF, bundleAddType, 8)
	if err != nil {
		return err
	}
	a.BundleID, a.Flags = u32(b, 0), BundleFlags(u16(b, 6))
	a.Inner, _, err = SplitMessage(b[8:])
	return err
}
