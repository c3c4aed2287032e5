// SPDX-License-Identifier: Apache-2.0

package rpc_test

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	gocmp "github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	"github.com/linkspan/linkspan/trust"
)

// Run with -update to rewrite the files below testdata; read the difference.
var update = flag.Bool("update", false, "rewrite testdata")

// everyMethod returns all calls of the schema, so that none is forgotten.
func everyMethod() (methods []protoreflect.MethodDescriptor) {
	protoregistry.GlobalFiles.RangeFilesByPackage("linkspan.v1", func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			s := file.Services().Get(i)
			for j := range s.Methods().Len() {
				methods = append(methods, s.Methods().Get(j))
			}
		}
		return true
	})
	slices.SortStableFunc(methods, func(a, b protoreflect.MethodDescriptor) int {
		return cmp.Compare(a.Parent().Name(), b.Parent().Name())
	})
	return methods
}

// answer makes an empty call and says how it is answered: "yes" when the caller
// may make it, whatever else is wrong with an empty request.
func answer(t *testing.T, c *http.Client, base string, m protoreflect.MethodDescriptor) string {
	t.Helper()
	path := fmt.Sprintf("%s/%s/%s", base, m.Parent().FullName(), m.Name())
	body, kind := []byte("{}"), "application/json"
	stream := m.IsStreamingServer() || m.IsStreamingClient()
	if stream {
		body, kind = append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(body))), body...), "application/connect+json"
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // read only
	code := errorCode(t, resp, stream)
	switch code {
	case "permission_denied":
		return "no"
	case "unauthenticated":
		return "who?"
	case notServed:
		return "-"
	case "unimplemented", "unknown", "internal":
		t.Errorf("%s: %s", path, code)
	}
	return "yes"
}

// notServed is the answer of a controller that leaves a service to others.
const notServed = "not served"

// errorCode returns the code that an answer carries, or "".
func errorCode(t *testing.T, resp *http.Response, stream bool) string {
	t.Helper()
	var failure struct {
		Code  string
		Error struct{ Code string }
	}
	if resp.StatusCode == http.StatusNotFound && resp.Header.Get("Content-Type") != "application/json" {
		return notServed
	}
	if !stream {
		if resp.StatusCode == http.StatusOK {
			return ""
		}
		if err := json.NewDecoder(resp.Body).Decode(&failure); err != nil {
			t.Fatal(err)
		}
		return failure.Code
	}
	var head [5]byte
	if _, err := io.ReadFull(resp.Body, head[:]); err != nil {
		t.Fatal(err)
	}
	if head[0]&2 == 0 { // a message and not the end: it runs
		return ""
	}
	text := make([]byte, binary.BigEndian.Uint32(head[1:]))
	if _, err := io.ReadFull(resp.Body, text); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &failure); err != nil {
		t.Fatal(err)
	}
	return failure.Error.Code
}

// TestWhoMayCallWhat asks every call as everybody.
func TestWhoMayCallWhat(t *testing.T) {
	h := build(t)
	if _, err := h.store.CreateChassis(t.Context(), linkspan.Chassis{Name: "h1"}); err != nil { // number 1, who calls below
		t.Fatal(err)
	}
	type party struct {
		name string
		http *http.Client
		base string
	}
	as := func(name string, keeper *trust.Keeper) party {
		config := trust.JoinConfig(h.ca.Fingerprint(), nil)
		if keeper != nil {
			config = trust.TLS{Keeper: keeper}.ClientConfig(trust.KindController, "")
		}
		return party{name, &http.Client{Transport: h.transport(config)}, h.url}
	}
	parties := []party{as("nobody", nil)}
	for _, id := range []trust.Identity{
		{Kind: trust.KindDatapath, Name: "sw", DPID: 7},
		{Kind: trust.KindChassis, Name: "h1", Number: 1, DPID: linkspan.ChassisID(1).DPID()},
		{Kind: trust.KindController, Name: "ctl"},
		{Kind: trust.KindUser, Name: "ada", Role: trust.RoleViewer},
		{Kind: trust.KindUser, Name: "bob", Role: trust.RoleOperator},
		{Kind: trust.KindUser, Name: "eve", Role: trust.RoleAdmin},
	} {
		name := string(id.Kind)
		if id.Role != "" {
			name = string(id.Role)
		}
		parties = append(parties, as(name, h.keeper(id)))
	}
	unix := api.UnixTransport(h.socket)
	t.Cleanup(unix.CloseIdleConnections)
	parties = append(parties, party{"local", &http.Client{Transport: unix}, "http://linkspan"})

	var out bytes.Buffer
	fmt.Fprintf(&out, "# Who may make which call: yes, no, who? when a certificate\n# is needed first, - when a controller does not serve it.\n")
	w := tabwriter.NewWriter(&out, 0, 8, 2, ' ', 0)
	row := []string{"CALL"}
	for _, p := range parties {
		row = append(row, p.name)
	}
	fmt.Fprintln(w, strings.Join(row, "\t"))
	for _, m := range everyMethod() {
		row = []string{strings.TrimSuffix(string(m.Parent().Name()), "Service") + "." + string(m.Name())}
		for _, p := range parties {
			row = append(row, answer(t, p.http, p.base, m))
		}
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/allowed.txt", out.String())
}

// golden compares a text with a file.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (run with -update when this is meant):\n%s", path, diff)
	}
}
