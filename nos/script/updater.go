// SPDX-License-Identifier: Apache-2.0

package script

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/trust/sign"
)

// Times and sizes of updates.
const (
	gateEach    = 250 * time.Millisecond // between two looks at a gate
	gateWithin  = time.Minute            // unless the gate says another
	graceAfter  = 2 * time.Minute        // beyond gates, for the configuration to be kept
	maxAttempts = 3                      // of one script, if restarts interrupt it
	freeReserve = 64 << 20               // bytes that images must leave free
)

// Updater carries scripts out, one after the other.
type Updater struct {
	verifier *Verifier
	host     Host
	key      *sign.Key // of this switch, for receipts
	turn     sync.Mutex
}

// NewUpdater returns an updater. Recover is called before anything else.
func NewUpdater(v *Verifier, h Host, key *sign.Key) *Updater {
	return &Updater{verifier: v, host: h, key: key}
}

// state returns what is remembered.
func (u *Updater) state() state {
	u.verifier.mu.Lock()
	defer u.verifier.mu.Unlock()
	return u.verifier.store.state
}

func (u *Updater) change(edit func(*state)) error {
	u.verifier.mu.Lock()
	defer u.verifier.mu.Unlock()
	return u.verifier.store.change(edit)
}

// read returns a script that is kept; of no digest none.
func (u *Updater) read(digest string) (*linkspan.Statement, error) {
	if digest == "" {
		return &linkspan.Statement{}, nil
	}
	text, err := u.verifier.options.Disk.Read(statementName(digest))
	if err != nil {
		return nil, fmt.Errorf("read the script: %w", err)
	}
	s, kept, err := sign.PeekStatement(text) // its signatures were looked at when it was accepted
	if err == nil && kept != digest {
		err = damaged("a script that it names is another one")
	}
	return s, err
}

// Committed returns the script that the switch is, nil if it is none's.
func (u *Updater) Committed() (*linkspan.Statement, error) {
	digest := u.state().Committed
	if digest == "" {
		return nil, nil
	}
	return u.read(digest)
}

// Plan says for people what a script, which must be a valid one, would change: commands of the
// configuration, what differs of the composites, and what the composer does about it. It changes
// nothing. The error says what this switch cannot do; what is refused by [Verifier.Accept] is
// not looked at.
func (u *Updater) Plan(ctx context.Context, s *linkspan.Statement) ([]string, error) {
	before, err := u.read(u.state().Committed)
	if err != nil {
		return nil, err
	}
	return u.plan(ctx, before, s)
}

func (u *Updater) plan(ctx context.Context, before, s *linkspan.Statement) ([]string, error) {
	lines, err := u.host.Configurer.Plan(ctx, changeOf(before, s))
	if err != nil {
		return nil, fmt.Errorf("the configuration: %w", err)
	}
	set := s.Pinned()
	more, err := u.host.Composer.Plan(ctx, set)
	if err != nil {
		return nil, fmt.Errorf("the composites: %w", err)
	}
	differs, err := Compare(before.Pinned(), set)
	return slices.Concat(lines, differs, more), err
}

func changeOf(before, s *linkspan.Statement) Change {
	return Change{Script: s.Script.Name, Epoch: s.Epoch, Serial: s.Serial, Before: before.Script.Configure, After: s.Script.Configure}
}

// Deliver carries a script out, or refuses it, and returns the signed receipt of what became of
// it. The error says the same for people: it is a *[Refusal], or why the switch went
// back. A script that the switch already is does nothing again.
func (u *Updater) Deliver(ctx context.Context, d Delivery) (receipt []byte, err error) {
	u.turn.Lock()
	defer u.turn.Unlock()
	if st := u.state(); st.Update != nil { // a return that did not succeed
		if err := u.finish(ctx); err != nil {
			return nil, &linkspan.Error{Code: linkspan.Unavailable, Message: "the script before could not be taken back yet", Hint: "give it again later", Err: err}
		}
	}
	began := u.now()
	a, err := u.verifier.Accept(d)
	if err != nil {
		return u.refused(d, began, err)
	}
	if u.state().Committed == a.Digest {
		return u.sign(u.receipt(a, linkspan.OutcomeCommitted, "", began))
	}
	return u.carryOut(ctx, a, began)
}

func (u *Updater) now() time.Time { return u.verifier.options.Clock.Now().UTC() }

// refused makes the receipt of a script that was refused. It is not kept.
func (u *Updater) refused(d Delivery, began time.Time, why error) ([]byte, error) {
	reason := ReasonOf(why)
	if reason == "" {
		return nil, why // what is wrong is the switch
	}
	r := u.receipt(&Accepted{Statement: &linkspan.Statement{}}, linkspan.OutcomeRefused, bounded(why), began)
	if s, digest, err := sign.PeekStatement(d.Envelope); err == nil {
		r = u.receipt(&Accepted{s, digest, false}, linkspan.OutcomeRefused, bounded(why), began)
	}
	text, err := u.sign(r)
	if err != nil {
		return nil, err
	}
	return text, why
}

// bounded is what an error says, at most as much as a receipt takes.
func bounded(err error) string {
	const most = 2048
	text := err.Error()
	return text[:min(len(text), most)]
}

func (u *Updater) receipt(a *Accepted, o linkspan.Outcome, reason string, began time.Time) linkspan.Receipt {
	s := a.Statement
	return linkspan.Receipt{
		Type: linkspan.ReceiptType, Fleet: s.Fleet, Switch: u.verifier.options.Switch, Script: s.Script.Name, Epoch: s.Epoch, Serial: s.Serial,
		Digest: a.Digest, Outcome: o, Reason: reason, Began: began, Ended: u.now(),
	}
}

func (u *Updater) sign(r linkspan.Receipt) ([]byte, error) { return sign.SealReceipt(r, u.key) }

// Receipt returns the receipt of the last script that was carried out or taken back, signed; nil if
// there is none. It outlasts restarts, so that it can be sent until it has arrived.
func (u *Updater) Receipt() ([]byte, error) {
	r := u.state().Receipt
	if r == nil {
		return nil, nil
	}
	return u.sign(*r)
}
