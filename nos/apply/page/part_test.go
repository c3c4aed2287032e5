// SPDX-License-Identifier: Apache-2.0

package page

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func configured(t testing.TB, commands ...string) *tree.Tree {
	t.Helper()
	s, err := schema.Base()
	if err != nil {
		t.Fatal(err)
	}
	next, err := tree.New(s).Merge(tree.Commands, []byte(strings.Join(commands, "\n")+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// free returns a port that nobody has.
func free(t *testing.T) (port string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err = net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func get(t *testing.T, port string) string {
	t.Helper()
	r, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Get("http://127.0.0.1:" + port)
	if err != nil {
		return "-"
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	return string(text)
}

func TestThePageIsWhereItIsConfigured(t *testing.T) {
	p := New(Options{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "figures") })})
	defer p.Close()
	one, two := free(t), free(t)
	nowhere := configured(t, "set metrics port "+one)
	first := configured(t, "set metrics enabled true", "set metrics address 127.0.0.1", "set metrics port "+one)
	wide := configured(t, "set metrics enabled true", "set metrics port "+one)
	other := configured(t, "set metrics enabled true", "set metrics address 127.0.0.1", "set metrics port "+two)
	foreign := configured(t, "set metrics enabled true", "set metrics address 192.0.2.1", "set metrics port "+one)
	become := func(old, new *tree.Tree) error {
		plan, err := p.Plan(t.Context(), old, new)
		if err == nil {
			err = plan.Apply(t.Context())
		}
		if err == nil {
			err = plan.Verify(t.Context())
		}
		return err
	}
	at := func(want ...string) {
		t.Helper()
		if get(t, one) != want[0] || get(t, two) != want[1] {
			t.Errorf("%s and %s, want %v", get(t, one), get(t, two), want)
		}
	}
	for _, c := range []struct {
		old, new *tree.Tree
		one, two string
	}{{nil, nowhere, "-", "-"}, {nowhere, first, "figures", "-"}, {first, wide, "figures", "-"}, {wide, other, "-", "figures"}, {nil, other, "-", "figures"}} {
		if err := become(c.old, c.new); err != nil {
			t.Error(err)
		}
		at(c.one, c.two)
	}
	if err := become(other, foreign); err == nil {
		t.Error("it is served at an address of somebody else")
	}
	at("-", "figures")
	if d, err := p.Drift(t.Context(), foreign); err != nil || len(d) != 1 {
		t.Error(d, err)
	}
	if err := become(other, nowhere); err != nil {
		t.Error(err)
	}
	at("-", "-")
}

// A page that cannot be served keeps nobody from changing something else.
func TestOtherCommitsGoOn(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	p := New(Options{Handler: http.NotFoundHandler()})
	defer p.Close()
	is := configured(t, "set metrics enabled true", "set metrics address 127.0.0.1", "set metrics port "+port)
	do := func(old, new *tree.Tree) error {
		plan, err := p.Plan(t.Context(), old, new)
		if err != nil {
			return err
		}
		return errors.Join(plan.Apply(t.Context()), plan.Verify(t.Context()))
	}
	if err := do(nil, is); err == nil {
		t.Fatal("the port is somebody else's")
	}
	other, err := is.Merge(tree.Commands, []byte("set vlans 20 description x\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := do(is, other); err != nil {
		t.Error(err)
	}
	if d, err := p.Drift(t.Context(), other); err != nil || len(d) != 1 {
		t.Error(d, err)
	}
	plan, err := p.Plan(t.Context(), other, configured(t, "set metrics port "+port))
	if err == nil {
		err = errors.Join(plan.Apply(t.Context()), plan.Undo(t.Context()))
	}
	if err != nil {
		t.Errorf("what was nowhere is nowhere again: %v", err)
	}
}
