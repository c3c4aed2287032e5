// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"log/slog"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	"github.com/linkspan/linkspan/nos/access"
	"github.com/linkspan/linkspan/trust/audit"
)

// Auditor writes down what was called.
type Auditor interface {
	Append(audit.Entry) (audit.Record, error)
}

var _ Auditor = (*audit.Log)(nil)

// door lets calls in: it knows who calls, asks whether he may, has it written down, and
// gives errors their codes.
type door struct{ *Server }

var _ connect.Interceptor = door{}

// WrapUnary implements the interface.
func (d door) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, r connect.AnyRequest) (resp connect.AnyResponse, err error) {
		err = d.enter(ctx, r.Spec().Procedure, func(ctx context.Context) error {
			resp, err = next(ctx, r)
			return err
		})
		return resp, err
	}
}

// WrapStreamingHandler implements the interface.
func (d door) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		procedure := conn.Spec().Procedure
		return d.enter(ctx, procedure, func(ctx context.Context) error {
			return d.while(ctx, procedure, func(ctx context.Context) error { return next(ctx, conn) })
		})
	}
}

// WrapStreamingClient implements the interface; the server calls nobody.
func (door) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

// enter makes a call if its caller may make it.
func (d door) enter(ctx context.Context, procedure string, call func(context.Context) error) error {
	c, err := callerOf(ctx)
	if err != nil {
		return api.ToRPC(err)
	}
	r, err := ruleOf(procedure)
	if err == nil {
		c.User, err = d.options.Again(c.User)
	}
	if err == nil {
		err = c.User.May(r.act)
	}
	n := &note{text: r.words, kind: kindOf(r.act)}
	n.begin = func() error { return d.begun(c, n) }
	if err == nil && n.kind == audit.Call {
		err = d.writable(c, n)
	}
	if err == nil {
		err = call(context.WithValue(WithCaller(ctx, c), noteKey{}, n))
	}
	if r.words != "" || linkspan.CodeOf(err) == linkspan.Permission {
		_ = d.write(c, n, err) // it is logged
	}
	return api.ToRPC(err)
}

func kindOf(act access.Act) audit.Kind {
	if act == access.Look || act == access.Probe {
		return audit.Command
	}
	return audit.Call
}

// note is what the audit log gets of a call.
type note struct {
	text     string
	kind     audit.Kind
	revision int
	begin    func() error // writes down that it has begun, for what may last; on an error it must not
}

type noteKey struct{}

// noted returns the note of a call; the handler alone writes to it.
func noted(ctx context.Context) *note {
	if n, ok := ctx.Value(noteKey{}).(*note); ok {
		return n
	}
	return &note{begin: func() error { return nil }}
}

// Note adds words to what the audit log gets of a call, for handlers outside this package.
func Note(ctx context.Context, words string) { noted(ctx).text += " " + words }

// Begin has it written down that a call has begun, for what may last; on an error it must not.
func Begin(ctx context.Context) error { return noted(ctx).begin() }

// writable refuses what may change something after the audit log could not be written, until it
// can be again.
func (d door) writable(c Caller, n *note) error {
	if !d.deaf.Load() {
		return nil
	}
	return d.begun(c, n)
}

// begun has it written down that a call has begun: the process may end before the call does.
func (d door) begun(c Caller, n *note) error {
	err := d.write(c, &note{text: n.text + " (begun)", kind: n.kind}, nil)
	if err != nil {
		return &linkspan.Error{Code: linkspan.Unavailable, Message: "the audit log cannot be written, so nothing may be changed", Err: err}
	}
	return nil
}

// write has a call written down. That it could not be is logged and returned: what was done is done.
func (d door) write(c Caller, n *note, err error) error {
	if d.options.Audit == nil {
		return nil
	}
	e := audit.Entry{Kind: n.kind, Who: c.User.Name, Role: string(c.User.Role), How: c.How, From: c.From, Session: c.Session, Text: n.text, Revision: n.revision}
	if err != nil {
		e.Error = err.Error()
		if code := linkspan.CodeOf(err); code == linkspan.Permission || code == linkspan.Unauthenticated {
			e.Kind = audit.Denied
		}
	}
	if e.Kind == audit.Command || e.Kind == audit.Denied {
		return d.writeCommand(c, e)
	}
	return d.append(e)
}

// writeCommand has written down what changes nothing, as long as it is not too much of one user.
func (d door) writeCommand(c Caller, e audit.Entry) error {
	e.Text, e.Error = cut(e.Text), cut(e.Error)
	if c.User.Local {
		return d.append(e)
	}
	more, ok := d.budgets.take(e.Who)
	if !ok {
		return nil // it is counted
	}
	if more > 0 {
		_ = d.append(moreOf(e, more)) // it is logged
	}
	return d.append(e)
}

// append has an entry written down.
func (d door) append(e audit.Entry) error {
	_, err := d.options.Audit.Append(e)
	if d.deaf.Store(err != nil); err != nil {
		d.options.Log.Error("the audit log cannot be written", slog.Any("error", err))
	}
	return err
}
