// SPDX-License-Identifier: Apache-2.0

package script

import (
	"context"
	"errors"
	"fmt"

	"github.com/linkspan/linkspan"
)

// errInterrupted is why an update returns that a restart interrupted. It is never changed.
var errInterrupted = errors.New("a restart interrupted it")

// Recover ends what was under way when the process ended: what was decided goes on, all else goes
// back. Again says that the newest script that was accepted is not what the switch is because of a
// restart, and should be tried again by [Updater.Again], which may need the network and
// is not needed to boot. An error is to be told, and Recover to be called again later.
func (u *Updater) Recover(ctx context.Context) (again bool, err error) {
	u.turn.Lock()
	defer u.turn.Unlock()
	if err := u.finish(ctx); err != nil {
		return false, err
	}
	s := u.state()
	return s.Digest != s.Committed && s.Attempts > 0 && s.Attempts < maxAttempts, nil
}

// finish ends an update under way. It is called by the holder of turn.
func (u *Updater) finish(ctx context.Context) error {
	s := u.state()
	if s.Update == nil {
		return u.neverBegun()
	}
	before, err := u.read(s.Committed)
	if err != nil {
		return err
	}
	statement, err := u.read(s.Update.Digest)
	if err != nil {
		return err
	}
	a := &Accepted{statement, s.Update.Digest, true}
	switch s.Update.Step {
	case Committing:
		return u.committed(ctx, before, a)
	case Returning:
		return u.takeBack(ctx, before, a, s.Update.Reason)
	}
	err = u.change(func(s *state) {
		s.Update.Step, s.Update.Reason = Returning, errInterrupted.Error()
		s.Attempts++
	})
	if err != nil {
		return fmt.Errorf("write down that the script is taken back: %w", err)
	}
	return u.takeBack(ctx, before, a, errInterrupted.Error())
}

// neverBegun counts a script that was accepted, when the process ended before it was begun with.
func (u *Updater) neverBegun() error {
	s := u.state()
	if s.Digest == s.Committed || s.Attempts > 0 || s.Receipt != nil && s.Receipt.Digest == s.Digest {
		return nil
	}
	return u.change(func(s *state) { s.Attempts = 1 })
}

// Again tries the newest script once more that was accepted and interrupted by a restart.
func (u *Updater) Again(ctx context.Context) (receipt []byte, err error) {
	u.turn.Lock()
	defer u.turn.Unlock()
	s := u.state()
	if s.Update != nil || s.Digest == "" || s.Digest == s.Committed {
		return nil, &linkspan.Error{Code: linkspan.NotFound, Message: "no script was interrupted"}
	}
	statement, err := u.read(s.Digest)
	if err != nil {
		return nil, err
	}
	if !u.now().Before(statement.Expires) {
		return nil, refuse(Expired, linkspan.Permission, "it expired while the switch was off", "sign it again")
	}
	return u.carryOut(ctx, &Accepted{statement, s.Digest, true}, u.now())
}
