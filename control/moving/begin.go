// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// Target is what is to be moved, and where to.
type Target struct {
	From, To  linkspan.Chassis
	Container string // name
	Endpoint  string // Docker's id of one of its endpoints
	Leave     bool   // what it wrote into its own file system stays behind
	// Bears is all that it may have in networks that are on all hosts, as it is stored.
	Bears  []*apiv1.MoveAddress
	Shared []string
	Actor  string
}

// limit is how long a host may take for what is done at once.
const limit = time.Minute

var errSlow = &linkspan.Error{
	Code: linkspan.Unavailable, Message: "it was not looked through within " + limit.String(),
	Hint: "what a large container wrote takes long to find, and is not looked for with --leave-changes",
}

// survey is what both hosts say of a target.
type survey struct {
	plan   *apiv1.MovePlan
	id     string // Docker's
	spec   []byte
	digest []byte // of all that is carried
	image  string // as To has it
}

// Plan tells what moving a container would do and what forbids it.
func (m *Mover) Plan(ctx context.Context, t Target) (*apiv1.MovePlan, error) {
	s, err := m.survey(ctx, t)
	return s.plan, err
}

// survey asks both hosts. What forbids the move is in the plan and no error.
func (m *Mover) survey(ctx context.Context, t Target) (survey, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errSlow)
	defer cancel()
	s := survey{plan: &apiv1.MovePlan{Container: t.Container, From: t.From.Name, To: t.To.Name}}
	for _, h := range []linkspan.Chassis{t.From, t.To} {
		if !m.posts.follows(h.ID) {
			s.plan.Obstacles = append(s.plan.Obstacles, "host "+h.Name+" takes no part in moves, or is away (linkspan serve switch --allow-moves confined)")
		}
	}
	if t.From.ID == t.To.ID {
		s.plan.Obstacles = append(s.plan.Obstacles, "it is on host "+t.To.Name+" already")
	}
	if !m.posts.follows(t.From.ID) {
		return s, nil
	}
	const none = "plan" // the move has no record yet
	read, err := m.posts.ask(ctx, t.From.ID, &apiv1.CarryTask{Move: none, What: &apiv1.CarryTask_Read{Read: &apiv1.CarryRead{
		Endpoint: t.Endpoint, Container: t.Container, Shared: t.Shared, LeaveChanges: t.Leave,
	}}})
	if err != nil {
		return s, at(t.From.Name, err)
	}
	if read.GetName() != t.Container {
		return s, at(t.From.Name, &linkspan.Error{Code: linkspan.Conflict, Message: "the container is called " + read.GetName() + " there, not " + t.Container, Hint: "try again"})
	}
	s.id, s.spec, s.digest = read.GetContainer(), read.GetSpec(), read.GetDigest()
	if p := read.GetPlan(); p != nil {
		p.From, p.To, p.Obstacles = t.From.Name, t.To.Name, append(s.plan.Obstacles, read.GetObstacles()...)
		s.plan = p
	}
	if t.From.ID == t.To.ID || !m.posts.follows(t.To.ID) {
		return s, nil
	}
	check, err := m.posts.ask(ctx, t.To.ID, &apiv1.CarryTask{Move: none, What: &apiv1.CarryTask_Check{Check: &apiv1.CarryCheck{
		Spec: s.spec, Container: t.Container, Bears: t.Bears,
	}}})
	if err != nil {
		return s, at(t.To.Name, err)
	}
	crossed, err := m.crossed(ctx, &t)
	if err != nil {
		return s, err
	}
	s.plan.Obstacles = append(append(s.plan.Obstacles, check.GetObstacles()...), crossed...)
	s.plan.Notes = append(s.plan.Notes, check.GetNotes()...)
	s.image, s.plan.ImageThere = check.GetImage(), check.GetImage() != ""
	return s, nil
}

// at names the host whose error it is.
func at(host string, err error) error {
	return &linkspan.Error{Code: linkspan.CodeOf(err), Op: "on " + host, Message: err.Error(), Hint: linkspan.HintOf(err)}
}

// Begin begins a move, or returns the one of that container which is under way;
// own says which. What forbids it has code Invalid, and all of it is in the error.
func (m *Mover) Begin(ctx context.Context, t Target) (d *Drive, own bool, err error) {
	select {
	case <-m.known: // else Run would take this one for one that was left
	case <-ctx.Done():
		return nil, false, context.Cause(ctx)
	}
	for _, d := range m.UnderWay(t.From.Name, t.Container) {
		return d, false, cmp.Or(d.Toward(t.To.Name), d.over())
	}
	s, err := m.survey(ctx, t)
	if err != nil {
		return nil, false, err
	}
	if len(s.plan.GetObstacles()) > 0 {
		return nil, false, forbidden(s.plan)
	}
	d = newDrive(Record{
		ID: idOf(t.From.ID, s.id), Container: s.id, Name: t.Container, From: t.From.ID, To: t.To.ID, FromName: t.From.Name, ToName: t.To.Name,
		Step: Carrying, Begun: time.Now().UTC(), Actor: t.Actor,
	})
	d.fresh, d.spec, d.digest, d.image, d.leave = true, s.spec, s.digest, s.image, t.Leave
	d.size = s.plan.GetImageSize()
	return m.enter(ctx, d)
}

// enter writes the record and hands the move to Run.
func (m *Mover) enter(ctx context.Context, d *Drive) (*Drive, bool, error) {
	id := d.record.ID
	m.mu.Lock()
	if other := m.drives[id]; other != nil {
		m.mu.Unlock()
		return other, false, cmp.Or(other.Toward(d.record.ToName), other.over())
	}
	m.drives[id] = d
	m.mu.Unlock()
	err := m.cfg.Records.Create(ctx, id, d.record)
	if err == nil {
		select {
		case m.begun <- d:
			return d, true, nil
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
	}
	m.unrecord(context.WithoutCancel(ctx), d)
	m.mu.Lock()
	delete(m.drives, id)
	m.mu.Unlock()
	d.end(err)
	return nil, false, err
}

// unrecord takes away the record of a move that was not begun, which may be there although
// the store refused it: else no other of the container begins before the next start.
func (m *Mover) unrecord(ctx context.Context, d *Drive) {
	all, err := m.cfg.Records.List(ctx)
	for _, r := range all {
		if r.is(&d.record) && r.Begun.Equal(d.record.Begun) { // and no other controller's
			err = m.cfg.Records.Delete(ctx, r.ID)
		}
	}
	if err != nil {
		m.cfg.Log.Warn("a move that was not begun may be recorded", "container", d.record.subject(), "error", err)
	}
}

// UnderWay finds the moves of containers of a name and, where that is not empty, of a
// host by its name: in the middle a container may have no endpoint, or two. Without a
// host there may be several of one name.
func (m *Mover) UnderWay(host, container string) (found []*Drive) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range m.drives {
		if d.Is(host, container) {
			found = append(found, d)
		}
	}
	return found
}

func forbidden(p *apiv1.MovePlan) error {
	list := slices.Clone(p.GetObstacles())
	return &linkspan.Error{
		Code: linkspan.Invalid, Message: p.GetContainer() + " cannot be moved to " + p.GetTo() + ":\n  " + strings.Join(list, "\n  "),
		Hint: "nothing was changed",
	}
}

func moveOf(r *Record) *apiv1.Move {
	return &apiv1.Move{
		Id: r.ID, Container: r.Name, From: r.FromName, To: r.ToName, Step: string(r.Step), Begun: timestamppb.New(r.Begun), Actor: r.Actor,
	}
}
