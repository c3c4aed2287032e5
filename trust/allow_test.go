// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
)

// parties is one identity for each column of the matrix.
func parties() []Identity {
	all := []Identity{{}, aController, aChassis, aDatapath}
	for _, role := range Roles() {
		all = append(all, Identity{Kind: KindUser, Name: "bob", Role: role})
	}
	return all
}

func column(id Identity) string {
	switch {
	case id.IsZero():
		return "nobody"
	case id.Kind == KindUser:
		return string(id.Role)
	}
	return string(id.Kind)
}

// TestMatrix compares every decision, and how a chassis and a viewer are refused,
// with the text an administrator can read.
func TestMatrix(t *testing.T) {
	var out bytes.Buffer
	table := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "action")
	for _, id := range parties() {
		fmt.Fprint(table, "\t", column(id))
	}
	var refusals []string
	for _, action := range Actions() {
		fmt.Fprint(table, "\n", action)
		for _, id := range parties() {
			answer := "yes"
			err := Allow(id, action)
			if err != nil {
				answer = "-"
			}
			if err != nil && (id.Kind == KindChassis || id.Role == RoleViewer) {
				refusals = append(refusals, fmt.Sprintf("%v\n    %v; %s\n", err, linkspan.CodeOf(err), linkspan.HintOf(err)))
			}
			fmt.Fprint(table, "\t", answer)
		}
	}
	fmt.Fprintln(table)
	if err := table.Flush(); err != nil {
		t.Fatal(err)
	}
	compareFile(t, "matrix.txt", trimLines(out.String()))
	compareFile(t, "refusals.txt", strings.Join(refusals, ""))
}

func TestAllowUnknown(t *testing.T) {
	wantCode(t, Allow(aUser, "network.explode"), linkspan.Internal)
	wantCode(t, Allow(Identity{Kind: KindUser, Name: "eve", Role: "root"}, NetworkRead), linkspan.Permission)
	wantCode(t, Allow(Identity{Kind: "robot", Name: "r"}, NetworkRead), linkspan.Permission)
}

func TestAllowOwn(t *testing.T) {
	if err := AllowOwn(aChassis, EndpointWriteOwn, "h1"); err != nil {
		t.Error(err)
	}
	err := AllowOwn(aChassis, EndpointWriteOwn, "h2")
	wantCode(t, err, linkspan.Permission)
	for _, word := range []string{"h1", "h2", "endpoint.write-own"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not name %s", err, word)
		}
	}
	wantCode(t, AllowOwn(aUser, EndpointWriteOwn, "h1"), linkspan.Permission)
	wantCode(t, AllowOwn(Identity{}, EndpointWriteOwn, "h1"), linkspan.Unauthenticated)
}

func trimLines(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

func compareFile(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs; read it and run the test with -update:\n%s", path, diff)
	}
}
