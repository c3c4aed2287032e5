// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/linkspan/linkspan/trust/audit"
	"github.com/linkspan/linkspan/trust/password"
)

func auditDir(t *testing.T) (dir string, last audit.Anchor) {
	t.Helper()
	dir = t.TempDir()
	log, err := audit.Open(audit.Options{Dir: dir, Now: func() time.Time { return time.Unix(1e9, 0) }})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	for _, e := range []audit.Entry{
		{Kind: audit.Login, Who: "ann", Role: "operator", How: "ssh", From: "192.0.2.1"},
		{Kind: audit.Change, Who: "ann", How: "ssh", Revision: 7, Text: "# why\nset vlans 10"},
		{Kind: audit.Denied, Who: "eve", How: "ssh", Text: "configure", Error: "permission: no"},
	} {
		if _, err := log.Append(e); err != nil {
			t.Fatal(err)
		}
	}
	return dir, log.Last()
}

func TestAuditOfAFolder(t *testing.T) {
	dir, last := auditDir(t)
	typeIn(t, "audit", "ls", "--dir", dir).wants(t, exitDone, "revision 7: # why; set vlans 10")
	typeIn(t, "audit", "ls", "--dir", dir, "--kind", "denied").wants(t, exitDone, "configure (permission: no)")
	typeIn(t, "audit", "ls", "--dir", dir, "--kind", "odd").wants(t, exitUsage, "there is none")
	if out := typeIn(t, "audit", "ls", "--dir", dir, "--since", "1h", "-q").out; out != "" {
		t.Errorf("nothing was done in the last hour: %q", out)
	}
	var rows []auditRow
	if err := json.Unmarshal([]byte(typeIn(t, "audit", "ls", "--dir", dir, "-o", "json").out), &rows); err != nil || len(rows) != 3 || rows[2].Hash != last.Hash.String() {
		t.Errorf("%v, %+v", err, rows)
	}
	typeIn(t, "audit", "verify", "--dir", dir, "--holds", last.String()).wants(t, exitDone, "the chain holds: 3 records in 1 files, from 1 on; the last is\n"+last.String())
	typeIn(t, "audit", "verify", "--dir", dir, "--holds", "3").wants(t, exitUsage, "is not the number of a record")
	path := filepath.Join(dir, "audit-00000000000000000001")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.Replace(text, []byte("eve"), []byte("ann"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := typeIn(t, "audit", "verify", "--dir", dir, "--holds", last.String()); r.status != exitFailed || !strings.Contains(r.out, "the chain does not hold") || !strings.Contains(r.out, "it was changed") {
		t.Errorf("%+v", r)
	}
}

func TestPasswordOfALine(t *testing.T) {
	for in, want := range map[string]int{"correct horse\n": exitDone, "correct horse": exitDone, "correct horse\r\nmore": exitDone, "": exitFailed, "short\n": exitFailed} {
		var out, err bytes.Buffer
		status := run(t.Context(), []string{"password"}, streams{strings.NewReader(in), &out, &err})
		if status != want {
			t.Errorf("%q: status %d, %s", in, status, &err)
		}
		if status != exitDone {
			continue
		}
		if same, err := password.Verify(strings.TrimSpace(out.String()), "correct horse"); !same || err != nil {
			t.Errorf("%q: %s, %v", in, &out, err)
		}
	}
}
