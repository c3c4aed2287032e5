// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/linkspan/linkspan/api/v1/apiv1connect"
	"github.com/linkspan/linkspan/trust"
)

// patience is how long a condition may take; it is never waited for whole but
// in a test that fails.
const patience = time.Minute

// running is linkspan serve controller, in this process.
type running struct {
	t      *testing.T
	socket string
	listen string
	stop   func() (status int, log string) // may be called again
}

// unusedAddress returns an address on loopback where nobody listens.
func unusedAddress(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // it was only asked for its number
	return l.Addr().String()
}

// serveController runs a controller on a state folder until stop. It takes no
// foreign switches unless a flag says so.
func serveController(t *testing.T, state string, flags ...string) *running {
	t.Helper()
	r := &running{t: t, socket: filepath.Join(t.TempDir(), "l.sock"), listen: unusedAddress(t)}
	ctx, cancel := context.WithCancel(t.Context())
	var log bytes.Buffer
	status, ended := 0, make(chan struct{})
	go func() {
		defer close(ended)
		status = run(ctx, append([]string{
			"serve", "controller", "--state-dir", state, "--listen", r.listen, "--advertise", r.listen,
			"--openflow", "", "--metrics", "", "--socket", r.socket, "--log-format", "json",
		}, flags...), streams{strings.NewReader(""), &log, &log})
	}()
	r.stop = func() (int, string) {
		cancel()
		select {
		case <-ended:
			return status, log.String()
		case <-time.After(patience):
			t.Fatal("the controller does not end")
			return 0, ""
		}
	}
	t.Cleanup(func() { r.stop() })
	for end := time.Now().Add(patience); !answers(t.Context(), r.socket); time.Sleep(5 * time.Millisecond) {
		select {
		case <-ended:
			t.Fatalf("the controller ended with status %d:\n%s", status, log.String())
		default:
		}
		if time.Now().After(end) {
			t.Fatal("the controller does not answer")
		}
	}
	return r
}

// types a command line that speaks to the controller.
func (r *running) types(line string) typed {
	r.t.Helper()
	return typeIn(r.t, append(strings.Fields(line), "--socket", r.socket)...)
}

func TestController(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	state := filepath.Join(t.TempDir(), "state")
	r := serveController(t, state)

	token := r.types("switch token --ttl 1h")
	token.wants(t, exitDone, "lsjoin1.")
	parsed, err := trust.ParseToken(token.out)
	if err != nil || parsed.Addresses[0] != r.listen || !strings.Contains(token.err, "--join-file") {
		t.Errorf("got %v, %v, %q", parsed, err, token.err)
	}
	if quiet := r.types("switch token -q"); quiet.err != "" || strings.Count(quiet.out, "\n") != 1 {
		t.Errorf("quiet: %+v", quiet)
	}

	r.types("network create --subnet 10.7.0.0/24 --label a=b --idle 5m web").wants(t, exitDone, "000001\n")
	r.types("network create --subnet 10.8.0.0/16 --gateway 10.8.0.254 --ip-range 10.8.4.0/22 --mtu 1400 --internal db").wants(t, exitDone, "000002\n")
	r.types("network create --subnet 10.9.0.0/24 web").wants(t, exitFailed, "network with name web already exists")
	r.types("network create --subnet 10.9.0.0/31 tiny").wants(t, exitFailed, "between /8 and /30")
	r.types("network inspect none").wants(t, exitFailed, "linkspan network ls shows those that do")

	for line, want := range map[string]string{
		"network ls":                            "NETWORK ID   NAME   DRIVER     SCOPE    SUBNET\n",
		"network list -q":                       "000002\n000001\n",
		"network ls --format {{.Name}}={{.ID}}": "db=000002\nweb=000001\n",
		"network ls --no-trunc":                 "CREATOR",
		"network ls -o json":                    `"gateway": "10.8.0.254"`,
		"network ls -o yaml":                    "- id: \"000002\"\n  name: db\n",
		"network inspect web":                   `"Idle": "5m0s"`,
		"network inspect 000002 -o yaml":        "  Range: 10.8.4.0/22\n",
		"network inspect db --format {{.MTU}}":  "1400\n",
		"endpoint ls":                           "CONTAINER   NETWORK   ADDRESS   SWITCH   STATE   MAC   DRIVER\n",
		"route ls -o json":                      "[]\n",
		"switch ls -o json":                     "[]\n",
		"event ls":                              "network.created   db        -        admin root   subnet 10.8.0.0/16\n",
		"event ls --limit 1 -q":                 "db\n",
		"doctor":                                "answers, embedded etcd",
		"doctor -o json":                        `"state": "ok"`,
		"__complete network rm ":                "db\nweb\n",
		"__complete switch rm ":                 ":4\n",
	} {
		t.Run(line, func(t *testing.T) {
			args := strings.Fields(line)
			if strings.HasSuffix(line, " ") {
				args = append([]string{args[0], "--socket", r.socket}, append(args[1:], "")...)
			} else {
				args = append(args, "--socket", r.socket)
			}
			typeIn(t, args...).wants(t, exitDone, want)
		})
	}
	var rows []map[string]any
	if err := json.Unmarshal([]byte(r.types("network ls -o json").out), &rows); err != nil || len(rows) != 2 {
		t.Errorf("got %v, %v", rows, err)
	}

	removed := r.types("network rm none db")
	if removed.status != exitFailed || removed.out != "db\n" || !strings.Contains(removed.err, "network none not found") {
		t.Errorf("one that fails does not keep the others: %+v", removed)
	}
	r.types("switch rm none").wants(t, exitFailed, "switch none does not exist")
	status, log := r.stop()
	if status != exitDone {
		t.Errorf("it ended with status %d:\n%s", status, log)
	}
	for _, line := range strings.Split(log, "\n") { // what etcd says is its own
		if strings.Contains(line, `"level":"ERROR"`) && !strings.Contains(line, `"msg":"etcd reports"`) {
			t.Errorf("it logs %s", line)
		}
	}
	if !strings.Contains(log, `"msg":"ready","socket":`) {
		t.Errorf("its log:\n%s", log)
	}
	if answers(t.Context(), r.socket) {
		t.Error("its socket still answers")
	}

	again := serveController(t, state)
	again.types("network ls --format {{.Name}}").wants(t, exitDone, "web\n")
	next, err := trust.ParseToken(again.types("switch token -q").out)
	if err != nil || next.CA != parsed.CA {
		t.Errorf("after a restart it is another fabric: %v, %v", next, err)
	}
	again.types("network rm web").wants(t, exitDone, "web\n")
	if status, log := again.stop(); status != exitDone {
		t.Errorf("it ended with status %d:\n%s", status, log)
	}
}

// A host joins, and what is typed on it goes through it to the controller, with
// the name of who typed it and the rights of the host.
func TestTypedOnASwitch(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	r := serveController(t, filepath.Join(t.TempDir(), "state"))
	defer r.stop()
	token, err := trust.ParseToken(r.types("switch token -q").out)
	if err != nil {
		t.Fatal(err)
	}
	keeper, err := trust.OpenKeeper(filepath.Join(t.TempDir(), "switch.pem"))
	if err != nil {
		t.Fatal(err)
	}
	role := switchRole{name: "h1", underlay: "127.0.0.1", log: slog.New(slog.DiscardHandler)}
	j := role.newJoining([]string{unusedAddress(t), r.listen}, token, keeper) // the first is down
	if err := j.try(t.Context()); err != nil {
		t.Fatal(err)
	}
	u := newUplink([]string{r.listen}, trust.TLS{Keeper: keeper}.ClientConfig(trust.KindController, ""))
	defer u.api.Close()
	socket := filepath.Join(t.TempDir(), "switch.sock")
	l, err := listenLocal(t.Context(), socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- serveHTTP(ctx, slog.New(slog.DiscardHandler), l, localAPI(u, hostService{role: "switch"}, apiv1connect.UnimplementedHostServiceHandler{}))
	}()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	on := running{t: t, socket: socket}
	on.types("network create --subnet 10.7.0.0/24 web").wants(t, exitDone, "000001\n")
	on.types("event ls").wants(t, exitDone, "h1       "+whoAmI(t)+" on h1")
	on.types("switch ls").wants(t, exitDone, "away")
	on.types("switch token").wants(t, exitFailed, "chassis h1 may not do this")
	on.types("network rm web").wants(t, exitDone, "web\n")
	r.stop()
	on.types("network ls").wants(t, exitFailed, "the controller does not answer")
}

func whoAmI(t *testing.T) string {
	t.Helper()
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	return u.Username
}

// A host with a token of another fabric ends, and says why.
func TestJoinWithATokenOfAnotherFabric(t *testing.T) {
	r := serveController(t, filepath.Join(t.TempDir(), "state"))
	defer r.stop()
	stranger, err := trust.CreateCA(trust.CAConfig{})
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := trust.NewToken(trust.TokenRequest{CA: stranger.Fingerprint()})
	if err != nil {
		t.Fatal(err)
	}
	keeper, err := trust.OpenKeeper(filepath.Join(t.TempDir(), "switch.pem"))
	if err != nil {
		t.Fatal(err)
	}
	role := switchRole{name: "h1", underlay: "127.0.0.1", log: slog.New(slog.DiscardHandler)}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err = role.newJoining([]string{r.listen}, token, keeper).try(ctx)
	if err == nil || ctx.Err() != nil || !strings.Contains(err.Error(), "does not show the CA of the token") {
		t.Errorf("got %v", err)
	}
}
