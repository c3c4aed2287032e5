// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"fmt"
	"math"
	"strings"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/nos/access"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/tree"
)

// mostNoted is how many commands of a change the audit log gets.
const mostNoted = 40

// edit has a session's candidate changed by somebody who may change what differs.
func (s *Server) edit(ctx context.Context, id uint64, change func(*tree.Tree) (*tree.Tree, error)) (uint32, error) {
	c, err := callerOf(ctx)
	if err != nil {
		return 0, err
	}
	session, err := s.sessions.need(c, id)
	if err != nil {
		return 0, err
	}
	defer s.sessions.tidy(c, id)
	before := session.Candidate()
	err = session.Change(func(t *tree.Tree) (*tree.Tree, error) {
		before = t
		after, err := change(t)
		if err != nil {
			return nil, err
		}
		return after, c.User.MayChange(t, after)
	})
	if err == nil {
		noteEdits(noted(ctx), tree.Diff(before, session.Candidate()))
	}
	return changes(session), err
}

// noteEdits has the audit log say what was changed, without secrets.
func noteEdits(n *note, edits []tree.Edit) {
	lines := make([]string, 0, min(len(edits), mostNoted)+1)
	for i, e := range edits {
		if i == mostNoted {
			lines = append(lines, fmt.Sprintf("and %d more", len(edits)-i))
			break
		}
		lines = append(lines, e.Command(tree.Hide))
	}
	if len(lines) > 0 {
		n.text += ": " + strings.Join(lines, "; ")
	}
}

// Change implements the service.
func (s configService) Change(ctx context.Context, r *connect.Request[apiv1.ConfigServiceChangeRequest]) (*connect.Response[apiv1.ConfigServiceChangeResponse], error) {
	form := formOf(r.Msg.GetForm(), r.Msg.GetText())
	n, err := s.edit(ctx, r.Msg.GetSession(), func(t *tree.Tree) (*tree.Tree, error) { return t.Merge(form, r.Msg.GetText()) })
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&apiv1.ConfigServiceChangeResponse{Changes: n}), nil
}

// Load implements the service.
func (s configService) Load(ctx context.Context, r *connect.Request[apiv1.ConfigServiceLoadRequest]) (*connect.Response[apiv1.ConfigServiceLoadResponse], error) {
	form := formOf(r.Msg.GetForm(), r.Msg.GetText())
	n, err := s.edit(ctx, r.Msg.GetSession(), func(t *tree.Tree) (*tree.Tree, error) {
		loaded, err := t.Load(form, r.Msg.GetText())
		if err != nil {
			return nil, err
		}
		return t.Apply(tree.Diff(t, loaded)) // shares what is the same
	})
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&apiv1.ConfigServiceLoadResponse{Changes: n}), nil
}

// formOf returns the form of a text.
func formOf(f apiv1.ConfigForm, text []byte) tree.Form {
	if f == apiv1.ConfigForm_CONFIG_FORM_UNSPECIFIED {
		return tree.Detect(text)
	}
	return tree.Form(f) //nolint:gosec // the numbers are the same: see TestForms
}

// Rollback implements the service.
func (s configService) Rollback(ctx context.Context, r *connect.Request[apiv1.ConfigServiceRollbackRequest]) (*connect.Response[apiv1.ConfigServiceRollbackResponse], error) {
	c, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	number := int(r.Msg.GetRevision())
	noted(ctx).text += fmt.Sprintf(" %d", number)
	_, old, err := s.options.Manager.Revision(number)
	if err != nil {
		return nil, err
	}
	session, err := s.sessions.need(c, r.Msg.GetSession())
	if err != nil {
		return nil, err
	}
	defer s.sessions.tidy(c, r.Msg.GetSession())
	if err := c.User.MayChange(session.Candidate(), old); err != nil {
		return nil, err
	}
	if err := session.Rollback(number); err != nil {
		return nil, err
	}
	return connect.NewResponse(&apiv1.ConfigServiceRollbackResponse{Changes: changes(session)}), nil
}

// Discard implements the service.
func (s configService) Discard(ctx context.Context, r *connect.Request[apiv1.ConfigServiceDiscardRequest]) (*connect.Response[apiv1.ConfigServiceDiscardResponse], error) {
	c, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	session, err := s.sessions.find(c, r.Msg.GetSession())
	if err != nil {
		return nil, err
	}
	if session != nil {
		session.Discard()
		s.sessions.tidy(c, r.Msg.GetSession())
	}
	return connect.NewResponse(&apiv1.ConfigServiceDiscardResponse{}), nil
}

// Lock implements the service.
func (s configService) Lock(ctx context.Context, r *connect.Request[apiv1.ConfigServiceLockRequest]) (*connect.Response[apiv1.ConfigServiceLockResponse], error) {
	c, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	session, err := s.sessions.need(c, r.Msg.GetSession())
	if err != nil {
		return nil, err
	}
	if err := session.Lock(); err != nil {
		s.sessions.tidy(c, r.Msg.GetSession())
		return nil, err
	}
	s.sessions.locked(c, r.Msg.GetSession())
	return connect.NewResponse(&apiv1.ConfigServiceLockResponse{}), nil
}

// Unlock implements the service. Of a session of somebody else it is for those who may take his lock.
func (s configService) Unlock(ctx context.Context, r *connect.Request[apiv1.ConfigServiceUnlockRequest]) (*connect.Response[apiv1.ConfigServiceUnlockResponse], error) {
	c, session, err := s.existing(ctx, r.Msg.GetSession())
	if linkspan.CodeOf(err) == linkspan.NotFound {
		if err := s.preempt(ctx, c, r.Msg.GetSession()); err != nil {
			return nil, err
		}
		return connect.NewResponse(&apiv1.ConfigServiceUnlockResponse{}), nil
	}
	if err != nil {
		return nil, err
	}
	if session != nil {
		session.Unlock()
		s.sessions.unlocked(session.ID())
		s.sessions.tidy(c, r.Msg.GetSession())
	}
	return connect.NewResponse(&apiv1.ConfigServiceUnlockResponse{}), nil
}

// preempt takes the lock from another's session.
func (s configService) preempt(ctx context.Context, c Caller, id uint64) error {
	noted(ctx).text += fmt.Sprintf(" session %d", id)
	if err := c.User.May(access.Preempt); err != nil {
		return err
	}
	if id > math.MaxInt {
		return &linkspan.Error{Code: linkspan.NotFound, Message: fmt.Sprintf("there is no session %d", id), Hint: "show sessions"}
	}
	if who := s.sessions.whose(id); who != "" {
		noted(ctx).text += " of " + who
	}
	if err := s.options.Manager.Break(int(id)); err != nil { //nolint:gosec // it was looked at
		return err
	}
	s.sessions.unlocked(int(id)) //nolint:gosec // as above
	return nil
}

// existing returns the caller and the session that is meant, nil if it is the lasting one and there is none.
func (s *Server) existing(ctx context.Context, id uint64) (Caller, *config.Session, error) {
	c, err := callerOf(ctx)
	if err != nil {
		return c, nil, err
	}
	session, err := s.sessions.find(c, id)
	return c, session, err
}
