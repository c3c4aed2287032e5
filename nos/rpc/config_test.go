// SPDX-License-Identifier: Apache-2.0

package rpc_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/nos/rpc/rpctest"
	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/trust/audit"
)

// set changes a candidate, and says what became of it.
func set(t *testing.T, c *api.Client, session uint64, commands ...string) error {
	t.Helper()
	_, err := c.Config.Change(t.Context(), connect.NewRequest(&apiv1.ConfigServiceChangeRequest{Session: session, Text: []byte(strings.Join(commands, "\n"))}))
	return api.FromRPC(err)
}

func commit(t *testing.T, c *api.Client, session uint64, r *apiv1.ConfigServiceCommitRequest) (*apiv1.ConfigServiceCommitResponse, error) {
	t.Helper()
	r.Session = session
	m, err := c.Config.Commit(t.Context(), connect.NewRequest(r))
	if err != nil {
		return nil, api.FromRPC(err)
	}
	return m.Msg, nil
}

func get(t *testing.T, c *api.Client, r *apiv1.ConfigServiceGetRequest) string {
	t.Helper()
	m, err := c.Config.Get(t.Context(), connect.NewRequest(r))
	if err != nil {
		t.Fatal(err)
	}
	return string(m.Msg.GetText())
}

// The lasting session is one over any number of connections, and ends when nothing is left in it.
func TestLastingSession(t *testing.T) {
	w := rpctest.New(t)
	if err := set(t, w.As(t, "admin"), 0, "set system hostname edge1"); err != nil {
		t.Fatal(err)
	}
	c := w.As(t, "admin")
	if err := set(t, c, 0, "set vlans 10 description offices"); err != nil {
		t.Fatal(err)
	}
	if n := len(w.Manager.Sessions()); n != 1 {
		t.Errorf("%d sessions", n)
	}
	compared, err := c.Config.Compare(t.Context(), connect.NewRequest(&apiv1.ConfigServiceCompareRequest{Commands: true}))
	if err != nil || compared.Msg.GetText() != "set system hostname edge1\nset vlans 10 description offices\n" {
		t.Fatalf("%q, %v", compared.Msg.GetText(), err)
	}
	r, err := commit(t, c, 0, &apiv1.ConfigServiceCommitRequest{Comment: "why"})
	if err != nil || r.GetRevision().GetNumber() != 1 || r.GetUnchanged() || r.GetRevision().GetWho() != "admin" {
		t.Fatalf("%v, %v", r, err)
	}
	if n := len(w.Manager.Sessions()); n != 0 {
		t.Errorf("after the commit there are %d sessions", n)
	}
	if r, err := commit(t, c, 0, &apiv1.ConfigServiceCommitRequest{}); err != nil || !r.GetUnchanged() || r.GetRevision().GetNumber() != 1 {
		t.Errorf("a commit of nothing: %v, %v", r, err)
	}
	if e := w.Audit.Entries(); e[len(e)-2].Kind != audit.Call || e[len(e)-2].Revision != 1 || e[len(e)-2].Text != "commit comment why" || e[0].Text != "change: set system hostname edge1" {
		t.Errorf("the audit log has %+v", e)
	}
	if got := get(t, c, &apiv1.ConfigServiceGetRequest{Form: apiv1.ConfigForm_CONFIG_FORM_SET}); got != "set system hostname edge1\nset vlans 10 description offices\n" {
		t.Errorf("%q", got)
	}
}

// A session that was opened ends with its stream, and is nobody else's.
func TestOpenSession(t *testing.T) {
	w := rpctest.New(t)
	c := w.As(t, "operator")
	ctx, hangUp := context.WithCancel(t.Context())
	stream, err := c.Config.Open(ctx, connect.NewRequest(&apiv1.ConfigServiceOpenRequest{}))
	if err != nil || !stream.Receive() {
		t.Fatal(err, stream.Err())
	}
	id := stream.Msg().GetSession()
	if err := set(t, c, id, "set vlans 10"); err != nil {
		t.Fatal(err)
	}
	if err := set(t, w.As(t, "admin"), id, "set vlans 20"); linkspan.CodeOf(err) != linkspan.NotFound {
		t.Errorf("somebody else: %v", err)
	}
	if got := get(t, c, &apiv1.ConfigServiceGetRequest{Source: apiv1.ConfigSource_CONFIG_SOURCE_CANDIDATE, Session: id}); got != "vlans:\n  10:\n" && !strings.Contains(got, "10") {
		t.Errorf("%q", got)
	}
	hangUp()
	until(t, "the session ends", func() bool { return len(w.Manager.Sessions()) == 0 })
}

func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("not in time: " + what)
		}
	}
}

// What a role may not change is refused when it is typed, when it is loaded, and on the way back.
func TestRolesAndParts(t *testing.T) {
	w := rpctest.New(t)
	admin, operator, viewer := w.As(t, "admin"), w.As(t, "operator"), w.As(t, "viewer")
	if err := set(t, viewer, 0, "set vlans 10"); linkspan.CodeOf(err) != linkspan.Permission {
		t.Errorf("a viewer changes: %v", err)
	}
	if e := last(w); e.Kind != audit.Denied || e.Who != "viewer" || e.Error == "" {
		t.Errorf("the audit log has %+v", e)
	}
	if err := set(t, operator, 0, "set vlans 10"); err != nil {
		t.Errorf("an operator makes a VLAN: %v", err)
	}
	if err := set(t, operator, 0, "set system users eve role admin"); linkspan.CodeOf(err) != linkspan.Permission {
		t.Errorf("an operator makes an administrator: %v", err)
	}
	if err := set(t, admin, 0, "set system users eve role admin"); err != nil {
		t.Fatal(err)
	}
	if _, err := commit(t, admin, 0, &apiv1.ConfigServiceCommitRequest{}); err != nil {
		t.Fatal(err)
	}
	if _, err := operator.Config.Discard(t.Context(), connect.NewRequest(&apiv1.ConfigServiceDiscardRequest{})); err != nil {
		t.Fatal(err)
	}
	_, err := operator.Config.Load(t.Context(), connect.NewRequest(&apiv1.ConfigServiceLoadRequest{Text: []byte("set vlans 30\n")}))
	if linkspan.CodeOf(api.FromRPC(err)) != linkspan.Permission {
		t.Errorf("an operator loads users away: %v", err)
	}
	if err := set(t, admin, 0, "delete system users eve"); err != nil {
		t.Fatal(err)
	}
	if _, err := commit(t, admin, 0, &apiv1.ConfigServiceCommitRequest{Confirm: durationpb.New(time.Minute)}); err != nil {
		t.Fatal(err)
	}
	if _, err := operator.Config.Return(t.Context(), connect.NewRequest(&apiv1.ConfigServiceReturnRequest{})); linkspan.CodeOf(api.FromRPC(err)) != linkspan.Permission {
		t.Errorf("an operator brings a user back: %v", err)
	}
	if _, err := operator.Config.Confirm(t.Context(), connect.NewRequest(&apiv1.ConfigServiceConfirmRequest{})); linkspan.CodeOf(api.FromRPC(err)) != linkspan.Permission {
		t.Errorf("an operator confirms that a user is gone: %v", err)
	}
	if _, err := admin.Config.Confirm(t.Context(), connect.NewRequest(&apiv1.ConfigServiceConfirmRequest{})); err != nil {
		t.Errorf("who made the change confirms it: %v", err)
	}
	if _, err := viewer.Config.Get(t.Context(), connect.NewRequest(&apiv1.ConfigServiceGetRequest{Secrets: true})); linkspan.CodeOf(api.FromRPC(err)) != linkspan.Permission {
		t.Errorf("a viewer sees secrets: %v", err)
	}
}

// last is what the audit log got last.
func last(w *rpctest.World) audit.Entry {
	all := w.Audit.Entries()
	return all[len(all)-1]
}

const hash = "$2b$12$abcdefghijklmnopqrstuuBVf7sLzPmZ2yk1zwEOmMp4hDDN7xYSe"

// A secret is in no answer and in no audit record.
func TestSecretsStaySecret(t *testing.T) {
	w := rpctest.New(t)
	c := w.As(t, "admin")
	if err := set(t, c, 0, "set system users ann role viewer", "set system users ann password-hash '"+hash+"'"); err != nil {
		t.Fatal(err)
	}
	compared, err := c.Config.Compare(t.Context(), connect.NewRequest(&apiv1.ConfigServiceCompareRequest{}))
	if err != nil || strings.Contains(compared.Msg.GetText(), hash) || !strings.Contains(compared.Msg.GetText(), tree.Hidden) {
		t.Errorf("compare: %q, %v", compared.Msg.GetText(), err)
	}
	if _, err := commit(t, c, 0, &apiv1.ConfigServiceCommitRequest{}); err != nil {
		t.Fatal(err)
	}
	leaf := []string{"system", "users", "ann", "password-hash"}
	for _, form := range []apiv1.ConfigForm{0, 1, 2, 3} {
		for _, path := range [][]string{nil, {"system"}, leaf} {
			if got := get(t, c, &apiv1.ConfigServiceGetRequest{Form: form, Path: path}); strings.Contains(got, hash) || !strings.Contains(got, "hidden") {
				t.Errorf("%v of %v: %q", form, path, got)
			}
		}
	}
	if got := get(t, c, &apiv1.ConfigServiceGetRequest{Path: leaf, Secrets: true}); got != hash+"\n" {
		t.Errorf("asked for: %q", got)
	}
	for _, e := range w.Audit.Entries() {
		if strings.Contains(e.Text+e.Error, hash) {
			t.Errorf("the audit log has %+v", e)
		}
	}
}

func TestConfirmReturnRollback(t *testing.T) {
	w := rpctest.New(t)
	c := w.As(t, "admin")
	for _, name := range []string{"one", "two"} {
		if err := set(t, c, 0, "set system hostname "+name); err != nil {
			t.Fatal(err)
		}
		if _, err := commit(t, c, 0, &apiv1.ConfigServiceCommitRequest{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Config.Rollback(t.Context(), connect.NewRequest(&apiv1.ConfigServiceRollbackRequest{Revision: 1})); err != nil {
		t.Fatal(err)
	}
	r, err := commit(t, c, 0, &apiv1.ConfigServiceCommitRequest{Confirm: durationpb.New(time.Hour)})
	if err != nil || r.GetRevision().GetOf() != 1 {
		t.Fatalf("%v, %v", r, err)
	}
	status, err := c.Config.Status(t.Context(), connect.NewRequest(&apiv1.ConfigServiceStatusRequest{}))
	if err != nil || status.Msg.GetHostname() != "one" || status.Msg.GetPending().GetRevision() != 3 || status.Msg.GetPending().GetReturns() != 2 || status.Msg.GetRole() != "admin" {
		t.Fatalf("%v, %v", status, err)
	}
	returned, err := c.Config.Return(t.Context(), connect.NewRequest(&apiv1.ConfigServiceReturnRequest{}))
	if err != nil || returned.Msg.GetRevision().GetNumber() != 4 {
		t.Fatalf("%v, %v", returned, err)
	}
	if _, err := c.Config.Confirm(t.Context(), connect.NewRequest(&apiv1.ConfigServiceConfirmRequest{})); linkspan.CodeOf(api.FromRPC(err)) != linkspan.NotFound {
		t.Errorf("nothing is to be confirmed: %v", err)
	}
	history, err := c.Config.History(t.Context(), connect.NewRequest(&apiv1.ConfigServiceHistoryRequest{Limit: 2}))
	if err != nil || len(history.Msg.GetRevisions()) != 2 || history.Msg.GetRevisions()[0].GetNumber() != 4 {
		t.Errorf("%v, %v", history, err)
	}
}

// A lock of the lasting session stays with it, and keeps others out.
func TestLock(t *testing.T) {
	w := rpctest.New(t)
	admin, operator := w.As(t, "admin"), w.As(t, "operator")
	if _, err := admin.Config.Lock(t.Context(), connect.NewRequest(&apiv1.ConfigServiceLockRequest{})); err != nil {
		t.Fatal(err)
	}
	if err := set(t, operator, 0, "set vlans 10"); linkspan.CodeOf(err) != linkspan.Conflict {
		t.Errorf("locked: %v", err)
	}
	listed, err := operator.Config.Sessions(t.Context(), connect.NewRequest(&apiv1.ConfigServiceSessionsRequest{}))
	if err != nil || len(listed.Msg.GetSessions()) != 1 || !listed.Msg.GetSessions()[0].GetLocked() || listed.Msg.GetSessions()[0].GetMine() {
		t.Errorf("%v, %v", listed, err)
	}
	if _, err := admin.Config.Unlock(t.Context(), connect.NewRequest(&apiv1.ConfigServiceUnlockRequest{})); err != nil {
		t.Fatal(err)
	}
	if err := set(t, operator, 0, "set vlans 10"); err != nil {
		t.Errorf("unlocked: %v", err)
	}
}

func TestCompleteAndResolve(t *testing.T) {
	w := rpctest.New(t)
	c := w.As(t, "viewer")
	ask := &apiv1.ConfigServiceCompleteRequest{Takes: apiv1.ConfigTakes_CONFIG_TAKES_SETTING, Line: "ports et"}
	r, err := c.Config.Complete(t.Context(), connect.NewRequest(ask))
	if err != nil || r.Msg.GetStart() != 6 || len(r.Msg.GetCandidates()) != 3 || r.Msg.GetCandidates()[0].GetText() != "eth0" {
		t.Errorf("%v, %v", r, err)
	}
	resolved, err := c.Config.Resolve(t.Context(), connect.NewRequest(&apiv1.ConfigServiceResolveRequest{
		Takes: apiv1.ConfigTakes_CONFIG_TAKES_SETTING, Level: []string{"vlans", "10"}, Line: "des big",
	}))
	if err != nil || strings.Join(resolved.Msg.GetWords(), " ") != "vlans 10 description big" {
		t.Errorf("%v, %v", resolved, err)
	}
	resolved, err = c.Config.Resolve(t.Context(), connect.NewRequest(&apiv1.ConfigServiceResolveRequest{Takes: apiv1.ConfigTakes_CONFIG_TAKES_SETTING, Line: "vlans 5000"}))
	if m := resolved.Msg.GetMistake(); err != nil || m.GetColumn() != 7 || !strings.Contains(m.GetMessage(), "VLAN id 1 to 4094") {
		t.Errorf("%v, %v", resolved, err)
	}
}

// A text that is too great is refused, as a whole, and one that is as great as can be is read.
func TestGreatTexts(t *testing.T) {
	w := rpctest.New(t)
	c := w.As(t, "admin")
	load := func(text string) error {
		_, err := c.Config.Load(t.Context(), connect.NewRequest(&apiv1.ConfigServiceLoadRequest{Text: []byte(text)}))
		return api.FromRPC(err)
	}
	comment := "# " + strings.Repeat("x", 1021) + "\n"
	if err := load("set vlans 10\n" + strings.Repeat(comment, tree.MaxText/len(comment)-1)); err != nil {
		t.Errorf("10 MiB: %v", err)
	}
	if err := load(strings.Repeat(comment, tree.MaxText/len(comment)+1)); linkspan.CodeOf(err) != linkspan.Invalid {
		t.Errorf("more than 10 MiB: %v", err)
	}
	if err := load(strings.Repeat(comment, 2*maxRequest/len(comment))); linkspan.CodeOf(err) != linkspan.Exhausted {
		t.Errorf("much more: %v", err)
	}
	if got := get(t, c, &apiv1.ConfigServiceGetRequest{Source: apiv1.ConfigSource_CONFIG_SOURCE_CANDIDATE, Form: apiv1.ConfigForm_CONFIG_FORM_SET}); got != "set vlans 10\n" {
		t.Errorf("%q", got)
	}
}

// maxRequest is at least what the server reads.
const maxRequest = 16 << 20
