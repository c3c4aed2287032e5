// SPDX-License-Identifier: Apache-2.0

package ofload

import (
	"fmt"
	"strings"
)

// Faults counts what was wrong with the answers of a run. Any of them makes the
// run worthless.
type Faults struct {
	Missing     uint64 `json:"missing,omitzero"`      // questions without an answer in time
	Late        uint64 `json:"late,omitzero"`         // answers to questions that were given up
	Duplicate   uint64 `json:"duplicate,omitzero"`    // second answers, and flows that came twice
	WrongPacket uint64 `json:"wrong_packet,omitzero"` // PacketOuts with another packet or port
	WrongFlow   uint64 `json:"wrong_flow,omitzero"`   // FlowMods that do not do what was asked
	NoFlow      uint64 `json:"no_flow,omitzero"`      // answers before all of their flows
	Unasked     uint64 `json:"unasked,omitzero"`      // flows for pairs that nobody asked about
	Refused     uint64 `json:"refused,omitzero"`      // OpenFlow errors, and messages not understood

	First string `json:"first,omitempty"` // the first of them, for people
}

func (f *Faults) counts() []*uint64 {
	return []*uint64{
		&f.Missing, &f.Late, &f.Duplicate, &f.WrongPacket, &f.WrongFlow, &f.NoFlow, &f.Unasked, &f.Refused,
	}
}

// Total returns how many faults there are.
func (f *Faults) Total() (n uint64) {
	for _, c := range f.counts() {
		n += *c
	}
	return n
}

// Err returns nil when there is no fault.
func (f *Faults) Err() error {
	if f.Total() == 0 {
		return nil
	}
	return fmt.Errorf("answers are wrong: %s", f)
}

// String names every kind that occurred, and the first fault.
func (f *Faults) String() string {
	names := [...]string{
		"missing", "late", "duplicate", "wrong packet", "wrong flow", "flow missing", "unasked", "refused",
	}
	var parts []string
	for i, c := range f.counts() {
		if *c > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", *c, names[i]))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ") + "; first: " + f.First
}

// add takes over the faults of another switch.
func (f *Faults) add(o *Faults) {
	theirs := o.counts()
	for i, c := range f.counts() {
		*c += *theirs[i]
	}
	if f.First == "" {
		f.First = o.First
	}
}

// note counts a fault and describes it if it is the first.
func (f *Faults) note(count *uint64, format string, args ...any) {
	*count++
	if f.First == "" {
		f.First = fmt.Sprintf(format, args...)
	}
}
