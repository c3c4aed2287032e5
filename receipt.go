// SPDX-License-Identifier: Apache-2.0

package linkspan

import "time"

// ReceiptType is the type in a [Receipt], and of its envelope's payload.
const ReceiptType = "application/vnd.linkspan.receipt.v1+json"

// Outcome is what became of a script on a switch.
type Outcome string

// The outcomes.
const (
	OutcomeCommitted Outcome = "committed" // it is what the switch is now
	OutcomeReturned  Outcome = "returned"  // it was tried, and the switch is what it was before
	OutcomeRefused   Outcome = "refused"   // nothing was tried
	OutcomeStuck     Outcome = "stuck"     // it was tried, and the switch could not be brought back: it tries again when it starts
)

// Receipt is what a switch says became of a script, signed by the switch's own key.
type Receipt struct {
	Type    string    `json:"type"` // ReceiptType
	Fleet   string    `json:"fleet"`
	Switch  string    `json:"switch"`
	Script  string    `json:"script,omitempty"` // its name, as far as it was understood
	Epoch   uint64    `json:"epoch,omitzero"`
	Serial  uint64    `json:"serial,omitzero"`
	Digest  string    `json:"digest,omitempty"` // of the statement
	Outcome Outcome   `json:"outcome"`
	Reason  string    `json:"reason,omitempty"` // why it was refused or returned
	Began   time.Time `json:"began"`
	Ended   time.Time `json:"ended"`
}
