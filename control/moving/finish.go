// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"context"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// settle finds out whether the new one runs, however long its host is away, and
// finishes the move or undoes it.
func (m *Mover) settle(ctx context.Context, d *Drive) error {
	d.tell("starting", "looking whether "+d.record.Name+" runs on "+d.record.ToName)
	var a *apiv1.CarryAnswer
	err := m.persist(ctx, d, d.record.To, func() (err error) {
		a, err = m.task(ctx, d.record.To, d, limit, &apiv1.CarryTask{What: &apiv1.CarryTask_Look{Look: &apiv1.CarryLook{Container: d.record.Made}}})
		return err
	})
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil && a.GetRunning():
		return m.finish(ctx, d)
	case err == nil:
		err = &linkspan.Error{Code: linkspan.Unavailable, Message: "it does not run on " + d.record.ToName}
	}
	return m.undo(ctx, d, err)
}

// finish takes the old one away. The new one runs.
func (m *Mover) finish(ctx context.Context, d *Drive) error {
	if err := m.advance(ctx, d, func(r *Record) { r.Step = Removing }); err != nil {
		return err
	}
	d.tell("removing", "removing "+d.record.Name+" from "+d.record.FromName)
	r := &d.record
	err := m.persist(ctx, d, r.From, func() error {
		_, err := m.task(ctx, r.From, d, limit, &apiv1.CarryTask{What: &apiv1.CarryTask_Remove{Remove: &apiv1.CarryRemove{Container: r.Container}}})
		return err
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	message := "moved to " + r.ToName
	if err != nil {
		message += "; the old one is stopped on " + r.FromName + " and was not removed: " + err.Error()
	}
	if err := m.dropLinks(ctx, r.From, r.To, r.Name, ""); err != nil {
		m.cfg.Log.Warn("links of a container's old place are left", "container", r.subject(), "error", err)
	}
	if err := m.close(ctx, d, linkspan.EndpointMoved, message); err != nil {
		return err
	}
	d.tell("done", r.Name+" runs on "+r.ToName)
	return nil
}

// undo puts things back: the error is why, and whether that went well. A host that
// is away is waited for.
func (m *Mover) undo(ctx context.Context, d *Drive, why error) error {
	if ctx.Err() != nil {
		return ctx.Err() // the next process does it
	}
	if err := m.advance(ctx, d, func(r *Record) { r.Step, r.Reason = Undoing, clipped(why.Error()) }); err != nil {
		return err
	}
	d.tell("undoing", "putting "+d.record.Name+" back: "+why.Error())
	r := &d.record
	remove := func() error {
		return m.persist(ctx, d, r.To, func() error {
			_, err := m.task(ctx, r.To, d, limit, &apiv1.CarryTask{What: &apiv1.CarryTask_Remove{Remove: &apiv1.CarryRemove{Container: r.Made}}})
			return err
		})
	}
	restore := func() error {
		if !r.Stopped {
			return nil
		}
		return m.persist(ctx, d, r.From, func() error {
			_, err := m.task(ctx, r.From, d, stopLimit, &apiv1.CarryTask{What: &apiv1.CarryTask_Restore{Restore: &apiv1.CarryRestore{Container: r.Container}}})
			return err
		})
	}
	var left error
	if r.Started { // it may run: first it goes
		if left = remove(); left == nil {
			left = restore()
		}
	} else {
		left = restore()
		if ctx.Err() == nil {
			d.end(undone(r, why, left)) // who waits need not wait for what is only left over
			if bad := remove(); bad != nil && ctx.Err() == nil {
				m.cfg.Log.Warn("what was made for a move is left", "host", r.ToName, "container", r.Made, "error", bad)
			}
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	result := undone(r, why, left)
	if err := m.dropLinks(ctx, r.To, r.From, r.Name, r.Linked); err != nil {
		m.cfg.Log.Warn("links of a move that was undone are left", "container", r.subject(), "error", err)
	}
	if err := m.close(ctx, d, linkspan.EndpointMoveUndone, result.Error()); err != nil {
		return err
	}
	return result
}

// undone tells why a move was undone, and what is to be done by hand.
func undone(r *Record, why, left error) error {
	e := &linkspan.Error{Code: linkspan.CodeOf(why), Message: r.Name + " stays on " + r.FromName + ": " + why.Error(), Hint: linkspan.HintOf(why)}
	if left != nil {
		e.Message = r.Name + " was not moved (" + why.Error() + ") and could not be put back: " + left.Error()
		e.Hint = "see on " + r.FromName + " and " + r.ToName + " where it runs, and start it on one of them: docker start " + r.Name
	}
	return e
}

// close takes the record away, and tells the hosts and whoever asks later.
func (m *Mover) close(ctx context.Context, d *Drive, kind linkspan.EventKind, message string) error {
	r := &d.record
	for _, host := range []linkspan.ChassisID{r.From, r.To} {
		_, err := m.task(ctx, host, d, limit, &apiv1.CarryTask{What: &apiv1.CarryTask_Forget{Forget: new(apiv1.CarryForget)}})
		if err != nil {
			m.cfg.Log.Debug("a host keeps its notes of a move that is over", "host", r.nameOf(host), "error", err)
		}
	}
	e := linkspan.Event{Kind: kind, Subject: r.subject(), Actor: r.Actor, Message: clipped(message)}
	if err := m.cfg.Store.AppendEvent(ctx, e); err != nil {
		m.cfg.Log.Warn("event not recorded", "kind", kind, "subject", e.Subject, "error", err)
	}
	return m.insist(ctx, d, func() error { return m.cfg.Records.Delete(ctx, r.ID) })
}

// maxRefusals is how often a host may answer that it cannot do what must be done.
const maxRefusals = 20

// persist repeats what must be done until it is, its host is no more, or the host
// refuses it for good.
func (m *Mover) persist(ctx context.Context, d *Drive, host linkspan.ChassisID, do func() error) error {
	refused := 0
	for {
		err := do()
		if err == nil || ctx.Err() != nil {
			return err
		}
		if _, gone := m.cfg.Store.Chassis(ctx, host); linkspan.CodeOf(gone) == linkspan.NotFound {
			return nil
		}
		name, why := d.record.nameOf(host), err.Error()
		if away(err) || linkspan.CodeOf(err) == linkspan.Unavailable {
			why += "; it goes on when that is back, and if it never will be: linkspan switch rm --force " + name
		} else if refused++; refused >= maxRefusals {
			return err
		}
		d.wait("waiting for "+name, why)
		m.rest(ctx, m.cfg.Pause)
	}
}
