// SPDX-License-Identifier: Apache-2.0

package script

import (
	"errors"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/trust/sign"
)

// Reason is why a script was refused, in a word for programs.
type Reason string

// The reasons.
const (
	Unsigned    Reason = "unsigned"
	OtherKeys   Reason = "other-keys"   // not enough of the keys that the fleet trusts
	Tampered    Reason = "tampered"     // changed after it was signed
	OtherType   Reason = "other-type"   // something else was signed
	Form        Reason = "form"         // not understood: an unknown field, a value out of range
	OtherFleet  Reason = "other-fleet"  // of another fleet
	OtherSwitch Reason = "other-switch" // not for this one
	Older       Reason = "older"        // older than one that was accepted: replayed
	Fork        Reason = "fork"         // another one of that number, or after another one
	Expired     Reason = "expired"      //
	Early       Reason = "early"        // issued in the future
	NotAdmitted Reason = "not-admitted" // the switch lets no script have that
	Elsewhere   Reason = "elsewhere"    // from a host outside the management subnets
	Closed      Reason = "closed"       // outside its maintenance window: it may come again
	Unwritten   Reason = "unwritten"    // it cannot be written into the audit log
)

// Refusal is the error of a script that was refused. Nothing was done about it.
type Refusal struct {
	Reason Reason
	err    *linkspan.Error
}

var _ error = (*Refusal)(nil)

// Error says what was refused and why.
func (r *Refusal) Error() string { return "refused (" + string(r.Reason) + "): " + r.err.Error() }

// Unwrap returns a *[linkspan.Error], of code Permission or Invalid, or Unavailable where the
// same script may be accepted later.
func (r *Refusal) Unwrap() error { return r.err }

// ReasonOf returns why a script was refused, and "" for other errors.
func ReasonOf(err error) Reason {
	var r *Refusal
	if errors.As(err, &r) {
		return r.Reason
	}
	return ""
}

func refuse(reason Reason, code linkspan.Code, message, hint string) *Refusal {
	return &Refusal{reason, &linkspan.Error{Code: code, Message: message, Hint: hint}}
}

// ofSignature says why package sign does not accept something.
func ofSignature(err error) *Refusal {
	reason := Form
	for _, of := range []struct {
		err    error
		reason Reason
	}{{sign.ErrUnsigned, Unsigned}, {sign.ErrKeys, OtherKeys}, {sign.ErrTampered, Tampered}, {sign.ErrType, OtherType}} {
		if errors.Is(err, of.err) {
			reason = of.reason
		}
	}
	return &Refusal{reason, &linkspan.Error{Code: linkspan.CodeOf(err), Hint: linkspan.HintOf(err), Err: err}}
}
