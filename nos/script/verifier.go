// SPDX-License-Identifier: Apache-2.0

package script

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/auditing"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/trust/sign"
)

// Options are what a verifier needs.
type Options struct {
	Disk      config.Disk         // a folder of its own
	Switch    string              // name of this switch
	First     []byte              // root document that the switch was enrolled with; needed the first time only
	Clock     config.Clock        // config.SystemClock if nil
	Admission *linkspan.Admission // linkspan.DefaultAdmission if nil
	// Management are the subnets that scripts may come from; none: from anywhere.
	Management []netip.Prefix
	Log        auditing.Log // what is accepted and refused is written there first
}

// Delivery is a script as it comes.
type Delivery struct {
	Envelope  []byte
	Roots     [][]byte   // root documents that came with it, in order
	Way       string     // stream or stick
	From      netip.Addr // of the host that it comes from; the zero one: of none
	Encrypted bool       // it came through an encrypted path between sites
}

// Verifier says whether a script is one that this switch carries out, and remembers what it
// accepted. Its methods may be called by any number of goroutines.
type Verifier struct {
	options Options

	mu    sync.Mutex
	store store
	root  *sign.Root // nil: nobody is trusted yet
}

// Accepted is a script that was accepted.
type Accepted struct {
	Statement *linkspan.Statement
	Digest    string
	Again     bool // it had been accepted before
}

// Open reads what was accepted before. The error has code Internal if that cannot be read.
func Open(o Options) (*Verifier, error) {
	if o.Clock == nil {
		o.Clock = config.SystemClock{}
	}
	if o.Admission == nil {
		a := linkspan.DefaultAdmission()
		o.Admission = &a
	}
	v := &Verifier{options: o, store: store{disk: o.Disk}}
	if err := v.store.open(); err != nil {
		return nil, err
	}
	if err := v.openRoot(); err != nil {
		return nil, err
	}
	return v, v.store.tidy()
}

// openRoot reads whom the fleet trusts.
func (v *Verifier) openRoot() error {
	text, err := v.options.Disk.Read(rootFile)
	if errors.Is(err, fs.ErrNotExist) {
		if v.options.First == nil {
			return nil
		}
		text = v.options.First
		if _, err := sign.FirstRoot(text); err != nil {
			return fmt.Errorf("the root document of the enrolment: %w", err)
		}
		if err := v.store.write(rootFile, text); err != nil {
			return fmt.Errorf("keep the root document: %w", err)
		}
	} else if err != nil {
		return fmt.Errorf("read the root document: %w", err)
	}
	v.root, err = sign.FirstRoot(text)
	return err
}

// Root returns whom the fleet trusts, nil if nobody is yet.
func (v *Verifier) Root() *sign.Root {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.root
}

// follow goes on to newer root documents, one after the other.
func (v *Verifier) follow(envelopes [][]byte) error {
	for _, envelope := range envelopes {
		next, err := v.root.Follow(envelope)
		if err != nil {
			return ofSignature(err)
		}
		if next == v.root {
			continue
		}
		if err := v.store.write(rootFile, envelope); err != nil {
			return fmt.Errorf("keep the root document: %w", err)
		}
		v.root = next
	}
	return nil
}

// Accept says whether a script is to be carried out. That it was accepted is on disk before
// Accept returns, so that no older one is accepted ever after. The error is a *[Refusal], or what
// is wrong with this switch.
func (v *Verifier) Accept(d Delivery) (*Accepted, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	a, err := v.judge(d)
	if err != nil {
		return nil, v.told(d, err)
	}
	if a.Again {
		return a, nil
	}
	if err := v.writeDown(a, "accepted from "+d.origin()); err != nil {
		return nil, err
	}
	if err := v.store.write(statementName(a.Digest), d.Envelope); err != nil {
		return nil, fmt.Errorf("keep the script: %w", err)
	}
	return a, v.store.change(func(s *state) {
		s.Fleet, s.Epoch, s.Serial, s.Digest, s.Attempts = a.Statement.Fleet, a.Statement.Epoch, a.Statement.Serial, a.Digest, 0
		if a.Statement.Issued.After(s.Time) {
			s.Time = a.Statement.Issued
		}
	})
}

func (d *Delivery) origin() string {
	if d.From.IsValid() {
		return d.Way + " " + d.From.String()
	}
	return d.Way
}

// judge says whether a script is accepted, and changes nothing but whom the fleet trusts.
func (v *Verifier) judge(d Delivery) (*Accepted, error) {
	if err := v.fromHere(d); err != nil {
		return nil, err
	}
	if v.root == nil {
		return nil, refuse(OtherKeys, linkspan.Permission, "this switch trusts no keys yet", "enrol it, or give it the fleet's root document")
	}
	if err := v.follow(d.Roots); err != nil {
		return nil, err
	}
	s, digest, err := v.root.Statement(d.Envelope)
	if err != nil {
		return nil, ofSignature(err)
	}
	if err := v.forUs(s); err != nil {
		return nil, err
	}
	again, err := v.inOrder(s, digest)
	if err != nil || digest == v.store.Committed {
		return &Accepted{s, digest, again}, err
	}
	if err := v.inTime(s); err != nil {
		return nil, err
	}
	if wrong := v.options.Admission.Problems(&s.Script); len(wrong) > 0 {
		return nil, &Refusal{NotAdmitted, &linkspan.Error{Code: linkspan.Permission, Message: wrong[0].Path + ": " + wrong[0].Message, Hint: "the switch admits " + wrong[0].Want}}
	}
	return &Accepted{s, digest, again}, nil
}

// fromHere refuses what comes from outside of the management subnets.
func (v *Verifier) fromHere(d Delivery) error {
	if !d.From.IsValid() || d.Encrypted || len(v.options.Management) == 0 {
		return nil
	}
	if slices.ContainsFunc(v.options.Management, func(p netip.Prefix) bool { return p.Contains(d.From.Unmap()) }) {
		return nil
	}
	return refuse(Elsewhere, linkspan.Permission, d.From.String()+" is in none of the management subnets", "send it from a host that is, or through an encrypted path between sites")
}

// forUs refuses what is for others.
func (v *Verifier) forUs(s *linkspan.Statement) error {
	if s.Fleet != v.root.Fleet || v.store.Fleet != "" && s.Fleet != v.store.Fleet {
		return refuse(OtherFleet, linkspan.Permission, fmt.Sprintf("it is of fleet %s and not of %s", s.Fleet, v.root.Fleet), "")
	}
	if !slices.Contains(s.Targets, v.options.Switch) {
		return refuse(OtherSwitch, linkspan.Permission, fmt.Sprintf("it is not for %s", v.options.Switch), "name the switch in its targets and sign it again")
	}
	return nil
}

// inOrder refuses what is older than the newest that was ever accepted, and says whether it is that.
func (v *Verifier) inOrder(s *linkspan.Statement, digest string) (again bool, err error) {
	have := &v.store.state
	number := fmt.Sprintf("epoch %d, serial %d", s.Epoch, s.Serial)
	switch {
	case s.Epoch == have.Epoch && s.Serial == have.Serial && digest == have.Digest:
		return true, nil
	case s.Epoch == have.Epoch && s.Serial == have.Serial:
		return false, refuse(Fork, linkspan.Permission, "another script of "+number+" was accepted before", "sign it with the next serial")
	case s.Epoch < have.Epoch || s.Epoch == have.Epoch && s.Serial < have.Serial:
		return false, refuse(Older, linkspan.Permission,
			fmt.Sprintf("%s is older than epoch %d, serial %d, which was accepted before", number, have.Epoch, have.Serial),
			"to go back, sign the old content with a new serial")
	case s.Epoch == have.Epoch && s.Serial == have.Serial+1 && s.Previous != have.Digest:
		return false, refuse(Fork, linkspan.Permission, number+" does not follow the script that this switch accepted last, "+have.Digest, "sign it with that one as the previous")
	}
	return false, nil
}

// earliest is when no script had been issued yet: a clock before it is not set.
func earliest() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

// aheadMost is how far the clocks of switch and signer may be apart.
const aheadMost = 24 * time.Hour

// inTime refuses what is expired, not yet to be, or outside of its window. A clock that is behind what
// was seen before does not count.
func (v *Verifier) inTime(s *linkspan.Statement) error {
	now := v.options.Clock.Now()
	behind := now.Before(v.store.Time) || now.Before(earliest())
	if now.Before(v.store.Time) {
		now = v.store.Time
	}
	if !now.Before(s.Expires) {
		return refuse(Expired, linkspan.Permission, "it expired "+s.Expires.UTC().Format(time.RFC3339), "sign it again")
	}
	if !behind && s.Issued.Sub(now) > aheadMost {
		return refuse(Early, linkspan.Permission, "it is issued "+s.Issued.UTC().Format(time.RFC3339)+", and it is "+now.UTC().Format(time.RFC3339), "set the clocks of the switch and of whoever signs")
	}
	if s.Script.Window == nil {
		return nil
	}
	next, err := s.Script.Window.Next(now)
	if err != nil {
		return &Refusal{Form, &linkspan.Error{Code: linkspan.CodeOf(err), Hint: linkspan.HintOf(err), Err: err}}
	}
	if next.After(now) {
		return refuse(Closed, linkspan.Unavailable, "its window opens "+next.UTC().Format(time.RFC3339), "give it again then")
	}
	return nil
}
