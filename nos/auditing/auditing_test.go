// SPDX-License-Identifier: Apache-2.0

package auditing_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
	"github.com/linkspan/linkspan/nos/auditing"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/trust/audit"
)

// book is a log that may be full.
type book struct {
	entries []audit.Entry
	full    error
}

func (b *book) Append(e audit.Entry) (audit.Record, error) {
	if b.full != nil {
		return audit.Record{}, b.full
	}
	b.entries = append(b.entries, e)
	return audit.Record{Entry: e}, nil
}

func configuration(t *testing.T, commands string) *tree.Tree {
	t.Helper()
	s, err := schema.Base()
	if err != nil {
		t.Fatal(err)
	}
	c, err := tree.New(s).Load(tree.Commands, []byte(commands))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCommitted(t *testing.T) {
	const hash = "$2b$12$abcdefghijklmnopqrstuuBVf7sLzPmZ2yk1zwEOmMp4hDDN7xYSe"
	empty := configuration(t, "")
	now := configuration(t, "set system users ann role admin\nset system users ann password-hash '"+hash+"'")
	var many strings.Builder
	for id := range 4000 {
		fmt.Fprintf(&many, "set vlans %d\n", id+1)
	}
	var b book
	tell := auditing.Committed(&b, slog.New(slog.DiscardHandler))
	author := config.Author{Who: "ann", How: "ssh"}
	tell(config.Revision{Number: 7, Author: author, Comment: "it's time", Confirm: time.Minute}, empty, now)
	tell(config.Revision{Number: 8, Author: author}, now, now)
	tell(config.Revision{Number: 9, Author: author}, empty, configuration(t, many.String()))
	want := []audit.Entry{
		{Kind: audit.Change, Who: "ann", How: "ssh", Revision: 7, Text: `# "it's time"
# to be confirmed within 1m0s
set system users ann role admin
set system users ann password-hash <hidden>`},
		{Kind: audit.Change, Who: "ann", How: "ssh", Revision: 8, Text: "# nothing but its number"},
	}
	if diff := cmp.Diff(want, b.entries[:2], cmp.Transformer("quotes", func(s string) string { return strings.ReplaceAll(s, `"<hidden>"`, "<hidden>") })); diff != "" {
		t.Error(diff)
	}
	if text := b.entries[2].Text; len(text) > audit.MaxText || !strings.HasSuffix(text, " commands more") {
		t.Errorf("%d bytes that end with %q", len(text), text[len(text)-40:])
	}
}

func TestCalls(t *testing.T) {
	var b book
	served := 0
	h := auditing.Calls{
		Log: &b, Told: []string{"linkspan.v1.ConfigService"},
		Who: func(context.Context) audit.Entry { return audit.Entry{Who: "root", Role: "admin", How: "api"} },
	}.Of(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served++ }))
	call := func(path string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader("{}"))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	for _, path := range []string{
		"/linkspan.v1.NetworkService/Create", "/linkspan.v1.NetworkService/List", "/linkspan.v1.HostService/ListNetworks", "/linkspan.v1.HostService/GetNetwork",
		"/linkspan.v1.ConfigService/Commit", "/linkspan.v1.RouteService/Getaway", "/linkspan.v1.SystemService/Version", "/metrics", "/",
	} {
		call(path)
	}
	entry := audit.Entry{Kind: audit.Call, Who: "root", Role: "admin", How: "api"}
	var want []audit.Entry
	for _, text := range []string{"NetworkService.Create", "RouteService.Getaway"} {
		entry.Text = text
		want = append(want, entry)
	}
	if diff := cmp.Diff(want, b.entries); diff != "" || served != 9 {
		t.Errorf("%d were served\n%s", served, diff)
	}
	b.full = errors.New("no space left on device")
	if w := call("/linkspan.v1.NetworkService/Create"); w.Code != http.StatusServiceUnavailable || served != 9 {
		t.Errorf("a call that could not be written down: %d, %s", w.Code, w.Body)
	}
	if call("/linkspan.v1.NetworkService/List"); served != 10 {
		t.Error("what changes nothing was refused")
	}
}

// TestEveryMethod writes down every method of the API that has no name of something that
// only reads: a new one shows up here.
func TestEveryMethod(t *testing.T) {
	var b book
	h := auditing.Calls{Log: &b, Who: func(context.Context) audit.Entry { return audit.Entry{} }}.Of(http.NotFoundHandler())
	quiet := []string{
		apiv1connect.EventServiceListProcedure, apiv1connect.EventServiceWatchProcedure, apiv1connect.SystemServiceCheckProcedure,
		apiv1connect.TraceServiceExplainProcedure, apiv1connect.PolicyServiceTestProcedure, apiv1connect.AuditServiceVerifyProcedure,
	}
	loud := []string{
		apiv1connect.NetworkServiceCreateProcedure, apiv1connect.NetworkServiceRemoveProcedure, apiv1connect.PolicyServiceApplyProcedure,
		apiv1connect.SwitchServiceCreateTokenProcedure, apiv1connect.MoveServiceMoveProcedure, apiv1connect.HostServiceCreateSandboxProcedure,
	}
	for _, path := range append(quiet, loud...) {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, path, nil))
	}
	if len(b.entries) != len(loud) {
		t.Errorf("%+v", b.entries)
	}
}

func TestDenied(t *testing.T) {
	var b book
	why := &linkspan.Error{Code: linkspan.Permission, Message: "eve is a viewer and may not do this"}
	if err := auditing.Denied(&b, audit.Entry{Who: "eve", How: "ssh"}, "configure", why); err != nil {
		t.Fatal(err)
	}
	if want := (audit.Entry{Kind: audit.Denied, Who: "eve", How: "ssh", Text: "configure", Error: "permission: eve is a viewer and may not do this"}); b.entries[0] != want {
		t.Errorf("%+v", b.entries[0])
	}
}

func TestService(t *testing.T) {
	log, err := audit.Open(audit.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	first, _ := log.Append(audit.Entry{Kind: audit.Login, Who: "ann", How: "ssh", From: "192.0.2.1"})
	last, _ := log.Append(audit.Entry{Kind: audit.Change, Who: "bob", Revision: 3, Text: "set vlans 10"})
	var refusal error
	_, h := apiv1connect.NewAuditServiceHandler(auditing.NewService(log, func(context.Context) error { return refusal }))
	server := httptest.NewServer(h)
	defer server.Close()
	client := apiv1connect.NewAuditServiceClient(server.Client(), server.URL)
	list, err := client.List(t.Context(), connect.NewRequest(&apiv1.AuditServiceListRequest{Who: "bob", Kinds: []string{"change"}, Limit: 5, Text: "vlans"}))
	if err != nil || len(list.Msg.GetRecords()) != 1 || list.Msg.GetRecords()[0].GetHash() != last.Hash.String() || list.Msg.GetRecords()[0].GetRevision() != 3 {
		t.Errorf("%v, %v", list, err)
	}
	ask := func(hash string) (*connect.Response[apiv1.AuditServiceVerifyResponse], error) {
		return client.Verify(t.Context(), connect.NewRequest(&apiv1.AuditServiceVerifyRequest{Anchors: []*apiv1.AuditAnchor{{Number: 1, Hash: hash}}}))
	}
	report, err := ask(first.Hash.String())
	if err != nil || report.Msg.GetRecords() != 2 || len(report.Msg.GetProblems()) > 0 || report.Msg.GetLast().GetNumber() != 2 {
		t.Errorf("%v, %v", report, err)
	}
	if report, err := ask(last.Hash.String()); err != nil || len(report.Msg.GetProblems()) != 1 {
		t.Errorf("another anchor: %v, %v", report, err)
	}
	if _, err := ask("abc"); connect.CodeOf(err) != connect.CodeInvalidArgument {
		t.Errorf("half an anchor: %v", err)
	}
	refusal = &linkspan.Error{Code: linkspan.Permission, Message: "no"}
	if _, err := ask(first.Hash.String()); connect.CodeOf(err) != connect.CodePermissionDenied {
		t.Errorf("whoever may not: %v", err)
	}
	if _, err := client.List(t.Context(), connect.NewRequest(&apiv1.AuditServiceListRequest{})); connect.CodeOf(err) != connect.CodePermissionDenied {
		t.Errorf("whoever may not: %v", err)
	}
}

// What came to run without a record of it is found at the next start, once.
func TestMissed(t *testing.T) {
	dir := t.TempDir()
	log, err := audit.Open(audit.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if _, err := log.Append(audit.Entry{Kind: audit.Change, Who: "bob", Revision: 3, Text: "set vlans 10"}); err != nil {
		t.Fatal(err)
	}
	author := config.Author{Who: "ann", How: "ssh"}
	history := []config.Revision{{Number: 5, Author: author, Comment: "why"}, {Number: 4, Author: author}, {Number: 3, Author: author}}
	for range 2 {
		if err := auditing.Missed(log, dir, history); err != nil {
			t.Fatal(err)
		}
	}
	records, err := audit.List(dir, audit.Filter{})
	if err != nil || len(records) != 3 {
		t.Fatalf("%+v, %v", records, err)
	}
	for i, want := range []audit.Entry{
		{Kind: audit.Change, Who: "ann", How: "ssh", Revision: 4, Text: "# found at the start\n# nothing else is known of it"},
		{Kind: audit.Change, Who: "ann", How: "ssh", Revision: 5, Text: "# found at the start\n# why"},
	} {
		if got := records[i+1].Entry; got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}
