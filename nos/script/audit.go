// SPDX-License-Identifier: Apache-2.0

package script

import (
	"errors"
	"fmt"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/auditing"
	"github.com/linkspan/linkspan/trust/audit"
	"github.com/linkspan/linkspan/trust/sign"
)

// title is what a script is called in the audit log.
func title(s *linkspan.Statement, digest string) string {
	return fmt.Sprintf("script %s, epoch %d, serial %d, %s", s.Script.Name, s.Epoch, s.Serial, digest)
}

// writeDown writes what happens to a script into the audit log. It is refused where that cannot be.
func (v *Verifier) writeDown(a *Accepted, what string) error {
	if v.options.Log == nil {
		return nil
	}
	_, err := v.options.Log.Append(audit.Entry{Kind: audit.Script, How: "script", Text: title(a.Statement, a.Digest) + ": " + what})
	if err != nil {
		return &Refusal{Unwritten, &linkspan.Error{
			Code: linkspan.Unavailable, Message: "it is not carried out, as it cannot be written into the audit log", Hint: "is the disk full? linkspan doctor", Err: err,
		}}
	}
	return nil
}

// told writes a refusal into the audit log, and returns it.
func (v *Verifier) told(d Delivery, why error) error {
	if v.options.Log == nil || ReasonOf(why) == "" {
		return why
	}
	what := "script that is not understood"
	if s, digest, err := sign.PeekStatement(d.Envelope); err == nil || s != nil && s.Script.Name != "" {
		what = title(s, digest)
	}
	who := audit.Entry{How: "script"}
	if d.From.IsValid() {
		who.From = d.From.String()
	}
	return errors.Join(why, auditing.Denied(v.options.Log, who, what, why))
}
