// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"context"
	"strings"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// advance records the next step, before it is taken.
func (m *Mover) advance(ctx context.Context, d *Drive, change func(*Record)) error {
	want, before := d.record, d.record.Step
	change(&want)
	var written Record
	tries := 0
	err := m.insist(ctx, d, func() (err error) {
		tries++
		written, err = m.cfg.Records.Update(ctx, d.record.ID, func(r Record) (Record, error) {
			if tries > 1 && r.is(&want) {
				return r, nil // an earlier try was refused only by the sound of it
			}
			if r.ID != "" && r.Step != before {
				return r, &linkspan.Error{Code: linkspan.Conflict, Message: "another controller carries the move out"}
			}
			change(&r)
			return r, nil
		})
		return err
	})
	if err != nil {
		return err
	}
	d.alter(func() { d.record = written })
	return nil
}

// is says whether two records tell the same; when a move began is not of them, as the
// store knows it less exactly.
func (r *Record) is(other *Record) bool {
	a, b := *r, *other
	a.Begun = b.Begun
	return a == b
}

// insist repeats a write until the store takes it, or it is not this process's to write:
// to give up would leave the container as it is, maybe on neither host.
func (m *Mover) insist(ctx context.Context, d *Drive, write func() error) error {
	for waited := false; ; waited = true {
		err := write()
		switch linkspan.CodeOf(err) {
		case linkspan.Conflict, linkspan.NotFound, linkspan.Invalid:
			return err
		}
		if err == nil && waited {
			d.alter(func() { d.waiting = "" })
		}
		if err == nil || ctx.Err() != nil {
			return err
		}
		m.cfg.Log.Debug("a step of a move is not recorded yet", "container", d.record.subject(), "error", err)
		d.wait("waiting for the store", err.Error())
		m.rest(ctx, m.cfg.Pause)
	}
}

// wait writes down what is waited for, for who watches and for who asks. Who watches is
// told once, however often the reason is another one.
func (d *Drive) wait(what, why string) {
	d.alter(func() {
		told := strings.HasPrefix(d.waiting, what+": ")
		if d.waiting = clipped(what + ": " + why); !told {
			d.told = append(d.told, &apiv1.MoveServiceMoveResponse{Step: string(d.record.Step), Text: d.waiting})
		}
	})
}

// maxReason is how much of what went wrong is kept and told, in bytes: hosts may say
// more than a record holds.
const maxReason = 4 << 10

func clipped(text string) string {
	if len(text) <= maxReason {
		return text
	}
	return strings.ToValidUTF8(text[:maxReason], "") + "..."
}
