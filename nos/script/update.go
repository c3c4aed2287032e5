// SPDX-License-Identifier: Apache-2.0

package script

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/linkspan/linkspan"
)

// carryOut makes the switch what a script says, or as it was. It is called by the holder of turn.
func (u *Updater) carryOut(ctx context.Context, a *Accepted, began time.Time) ([]byte, error) {
	before, err := u.read(u.state().Committed)
	if err != nil {
		return nil, err
	}
	err = u.change(func(s *state) { s.Update = &update{Digest: a.Digest, Step: Planning, Began: began} })
	if err != nil {
		return nil, err
	}
	why := u.tried(ctx, before, a)
	if why == nil {
		why = u.change(func(s *state) { s.Update.Step = Committing }) // the decision
	}
	if why == nil {
		if err := u.committed(context.WithoutCancel(ctx), before, a); err != nil {
			return nil, err
		}
		return u.Receipt()
	}
	if err := u.returned(context.WithoutCancel(ctx), before, a, why); err != nil {
		return nil, errors.Join(why, err)
	}
	receipt, err := u.Receipt()
	return receipt, errors.Join(why, err)
}

// step writes down what is done next. On an error it is not done.
func (u *Updater) step(next Step) error {
	return u.change(func(s *state) { s.Update.Step = next })
}

// tried does all that can be taken back.
func (u *Updater) tried(ctx context.Context, before *linkspan.Statement, a *Accepted) error {
	lines, err := u.plan(ctx, before, a.Statement)
	if err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	if err := u.verifier.writeDown(a, "carried out\n"+strings.Join(lines, "\n")); err != nil {
		return err
	}
	set := a.Statement.Pinned()
	if err := u.pull(ctx, images(set)); err != nil {
		return err
	}
	if err := u.step(Preparing); err != nil {
		return err
	}
	if err := u.host.Composer.Prepare(ctx, set); err != nil {
		return fmt.Errorf("prepare the composites: %w", err)
	}
	if err := u.step(Switching); err != nil {
		return err
	}
	if err := u.host.Configurer.Apply(ctx, changeOf(before, a.Statement), u.within(a.Statement)); err != nil {
		return fmt.Errorf("apply the configuration: %w", err)
	}
	if err := u.host.Composer.Switch(ctx); err != nil {
		return fmt.Errorf("start the composites: %w", err)
	}
	if err := u.step(Gating); err != nil {
		return err
	}
	return u.gates(ctx, a.Statement.Script.Gates)
}

// images returns the images of a set, each once, in order.
func images(set []linkspan.Composite) []string {
	s := linkspan.Script{Composites: set}
	return s.Images()
}

// pull fetches images, if there is room for them.
func (u *Updater) pull(ctx context.Context, images []string) error {
	if err := u.step(Pulling); err != nil {
		return err
	}
	var needed uint64
	for _, image := range images {
		size, err := u.host.Puller.Size(ctx, image)
		if err != nil {
			return fmt.Errorf("ask for image %s: %w", image, err)
		}
		needed += size
	}
	if u.host.Free != nil && needed > 0 {
		free, err := u.host.Free()
		if err != nil {
			return fmt.Errorf("ask for room on the disk: %w", err)
		}
		if free < needed || free-needed < freeReserve {
			return &linkspan.Error{
				Code: linkspan.Exhausted, Message: fmt.Sprintf("images need %d bytes and %d more must stay free; the disk has %d", needed, freeReserve, free),
				Hint: "remove images that nothing uses",
			}
		}
	}
	for _, image := range images {
		if err := u.host.Puller.Pull(ctx, image); err != nil {
			return fmt.Errorf("pull image %s: %w", image, err)
		}
	}
	return nil
}

// within is how long a configuration may wait to be kept.
func (u *Updater) within(s *linkspan.Statement) time.Duration {
	most := graceAfter
	for _, g := range s.Script.Gates {
		most += g.Within.Or(gateWithin)
	}
	return most
}

// gates waits until all gates hold, one after the other.
func (u *Updater) gates(ctx context.Context, gates []linkspan.Gate) error {
	clock := u.verifier.options.Clock
	for _, g := range gates {
		deadline := clock.Now().Add(g.Within.Or(gateWithin))
		for {
			why := u.host.Gates.Check(ctx, g)
			if why == nil {
				break
			}
			if !clock.Now().Before(deadline) {
				return fmt.Errorf("gate %s does not hold within %s: %w", g.Name, linkspan.Duration(g.Within.Or(gateWithin)), why)
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-clock.After(gateEach):
			}
		}
	}
	return nil
}

// committed goes on after the decision.
func (u *Updater) committed(ctx context.Context, before *linkspan.Statement, a *Accepted) error {
	if err := u.host.Configurer.Commit(ctx, changeOf(before, a.Statement)); err != nil {
		return fmt.Errorf("keep the configuration: %w", err)
	}
	if err := u.host.Composer.Commit(ctx); err != nil {
		return fmt.Errorf("keep the composites: %w", err)
	}
	return u.ended(a, linkspan.OutcomeCommitted, "")
}

// returned makes all as it was before.
func (u *Updater) returned(ctx context.Context, before *linkspan.Statement, a *Accepted, why error) error {
	err := u.change(func(s *state) { s.Update.Step, s.Update.Reason = Returning, bounded(why) })
	if err != nil {
		return err
	}
	return u.takeBack(ctx, before, a, bounded(why))
}

func (u *Updater) takeBack(ctx context.Context, before *linkspan.Statement, a *Accepted, reason string) error {
	err := errors.Join(u.host.Composer.Return(ctx), u.host.Configurer.Return(ctx, changeOf(before, a.Statement)))
	if err == nil {
		return u.ended(a, linkspan.OutcomeReturned, reason)
	}
	r := u.receipt(a, linkspan.OutcomeStuck, reason+"; it could not be taken back: "+bounded(err), u.state().Update.Began)
	return errors.Join(fmt.Errorf("take the script back: %w", err), u.change(func(s *state) { s.Receipt = &r }))
}

// ended writes down that an update is over, and how.
func (u *Updater) ended(a *Accepted, o linkspan.Outcome, reason string) error {
	r := u.receipt(a, o, reason, u.state().Update.Began)
	err := u.change(func(s *state) {
		s.Update, s.Receipt = nil, &r
		if o == linkspan.OutcomeCommitted {
			s.Committed, s.Attempts = a.Digest, 0
		}
	})
	if err != nil {
		return err
	}
	what := string(o)
	if reason != "" {
		what += ": " + reason
	}
	u.verifier.mu.Lock()
	defer u.verifier.mu.Unlock()
	return errors.Join(u.verifier.writeDown(a, what), u.verifier.store.tidy())
}
