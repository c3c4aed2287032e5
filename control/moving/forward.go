// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"context"
	"time"

	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// carry brings the image over and makes the container. Nothing is stopped yet.
func (m *Mover) carry(ctx context.Context, d *Drive) error {
	if d.image == "" {
		if err := m.image(ctx, d); err != nil {
			return err
		}
	}
	d.tell("making", "making "+d.record.Name+" on "+d.record.ToName)
	a, err := m.task(ctx, d.record.To, d, limit, &apiv1.CarryTask{What: &apiv1.CarryTask_Make{Make: &apiv1.CarryMake{Spec: d.spec, Image: d.image}}})
	if err != nil {
		return err
	}
	return m.advance(ctx, d, func(r *Record) { r.Made = a.GetContainer() })
}

// stop stops the old one. From here on the caller's leaving ends nothing.
func (m *Mover) stop(ctx context.Context, d *Drive) error {
	if err := context.Cause(d.steps); err != nil {
		return err
	}
	if err := m.advance(ctx, d, func(r *Record) { r.Step, r.Stopped = Stopping, true }); err != nil {
		return err
	}
	d.tell("stopping", "stopping "+d.record.Name+" on "+d.record.FromName)
	_, err := m.task(ctx, d.record.From, d, stopLimit, &apiv1.CarryTask{What: &apiv1.CarryTask_Stop{Stop: &apiv1.CarryStop{
		Container: d.record.Container, LeaveChanges: d.leave, Digest: d.digest,
	}}})
	return err
}

// stopLimit is how long a container may take to end.
const stopLimit = 15 * time.Minute

// start starts the new one, which may run from then on.
func (m *Mover) start(ctx context.Context, d *Drive) error {
	linked, err := m.twins(ctx, &d.record)
	if err != nil {
		return err
	}
	if err := m.advance(ctx, d, func(r *Record) { r.Step, r.Started, r.Linked = Starting, true, linked }); err != nil {
		return err
	}
	d.tell("starting", "starting "+d.record.Name+" on "+d.record.ToName)
	if err := m.copyLinks(ctx, &d.record); err != nil {
		return err
	}
	_, err = m.task(ctx, d.record.To, d, limit, &apiv1.CarryTask{What: &apiv1.CarryTask_Start{Start: &apiv1.CarryStart{
		Container: d.record.Made, Spec: d.spec,
	}}})
	return err
}
