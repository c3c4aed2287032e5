// SPDX-License-Identifier: Apache-2.0

package sshd

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/linkspan/linkspan/nos/access"
	"github.com/linkspan/linkspan/nos/access/crowd"
	"github.com/linkspan/linkspan/nos/rpc"
	"github.com/linkspan/linkspan/nos/rpc/rpctest"
	"github.com/linkspan/linkspan/trust"
	"github.com/linkspan/linkspan/trust/audit"
)

// doorkeeper lets users in whose name is their role and whose password is "open sesame".
type doorkeeper struct{ key ssh.PublicKey }

func (doorkeeper) Password(_ context.Context, name, typed string, _ netip.Addr) (access.User, error) {
	if typed != "open sesame" {
		return access.User{}, errors.New("user or password or key is wrong")
	}
	return access.User{Name: name, Role: trust.Role(name)}, nil
}

func (d doorkeeper) Key(_ context.Context, name string, key []byte) (access.User, error) {
	if d.key == nil || !bytes.Equal(key, d.key.Marshal()) {
		return access.User{}, errors.New("user or password or key is wrong")
	}
	return access.User{Name: name, Role: trust.Role(name)}, nil
}

// place is a switch with a server of shells.
type place struct {
	*rpctest.World
	address string
	host    ssh.PublicKey
	key     ssh.Signer // of every user
	end     func()     // of the server, which it waits for
}

func newPlace(t *testing.T) *place {
	t.Helper()
	w := rpctest.New(t)
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &place{World: w}
	if p.key, err = ssh.NewSignerFromKey(private); err != nil {
		t.Fatal(err)
	}
	host, err := HostKey(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	p.host = host.PublicKey()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.address = l.Addr().String()
	mux := http.NewServeMux()
	rpc.New(w.Options).Mount(mux)
	quiet := slog.New(slog.DiscardHandler)
	inside := rpc.NewInside(mux, quiet)
	s := New(Options{Key: host, Guard: doorkeeper{p.key.PublicKey()}, Client: inside.As, Banner: func() string { return "Authorized use only" }, Audit: w.Audit, Log: quiet})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := inside.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	running.Go(func() {
		if err := s.Serve(ctx, l); err != nil {
			t.Error(err)
		}
	})
	p.end = func() { cancel(); running.Wait() }
	t.Cleanup(p.end)
	return p
}

// dial logs in.
func (p *place) dial(user string, how ...ssh.AuthMethod) (*ssh.Client, error) {
	return ssh.Dial("tcp", p.address, &ssh.ClientConfig{User: user, Auth: how, HostKeyCallback: ssh.FixedHostKey(p.host), Timeout: 30 * time.Second})
}

func (p *place) login(t *testing.T, user string, how ssh.AuthMethod) *ssh.Client {
	t.Helper()
	c, err := p.dial(user, how)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// run runs a command and returns what it prints.
func run(t *testing.T, c *ssh.Client, command string) (out, wrong string, err error) {
	t.Helper()
	s, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var stdout, stderr bytes.Buffer
	s.Stdout, s.Stderr = &stdout, &stderr
	err = s.Run(command)
	return stdout.String(), stderr.String(), err
}

func TestCommands(t *testing.T) {
	p := newPlace(t)
	asked := func(_, _ string, questions []string, _ []bool) ([]string, error) {
		return slicesOf("open sesame", len(questions)), nil
	}
	for name, how := range map[string]ssh.AuthMethod{
		"key": ssh.PublicKeys(p.key), "password": ssh.Password("open sesame"), "asked": ssh.KeyboardInteractive(asked),
	} {
		out, wrong, err := run(t, p.login(t, "viewer", how), "show vlan | json")
		if err != nil || wrong != "" || !strings.Contains(out, `"vlan": 10`) {
			t.Errorf("%s: %q, %q, %v", name, out, wrong, err)
		}
	}
	operator := p.login(t, "operator", ssh.PublicKeys(p.key))
	if out, _, err := run(t, operator, "configure; set vlans 30; commit comment by ssh"); err != nil || out != "Revision 1 runs.\n" {
		t.Errorf("%q, %v", out, err)
	}
	if r := p.Manager.History()[0]; r.Who != "operator" || r.How != "ssh" {
		t.Errorf("%+v", r)
	}
	out, wrong, err := run(t, operator, "configure; set system users eve role admin; commit")
	var status *ssh.ExitError
	if !errors.As(err, &status) || status.ExitStatus() != 1 || out != "" || !strings.Contains(wrong, "system users eve") {
		t.Errorf("%q, %q, %v", out, wrong, err)
	}
}

func slicesOf(text string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = text
	}
	return all
}

func TestTerminalBySSH(t *testing.T) {
	p := newPlace(t)
	s, err := p.login(t, "admin", ssh.PublicKeys(p.key)).NewSession()
	if err != nil {
		t.Fatal(err)
	}
	in, err := s.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.RequestPty("xterm", 24, 80, ssh.TerminalModes{}); err != nil {
		t.Fatal(err)
	}
	if err := s.Shell(); err != nil {
		t.Fatal(err)
	}
	until(t, out, "linkspan# ")
	if err := s.WindowChange(40, 30); err != nil {
		t.Fatal(err)
	}
	for _, step := range [][2]string{{"sh\tvl\t\r", "eth1"}, {"conf\x03", "linkspan# "}, {"configure\r", "(config)# "}, {"\x04", "linkspan# "}} {
		if _, err := io.WriteString(in, step[0]); err != nil {
			t.Fatal(err)
		}
		t.Logf("%q: %q", step[0], until(t, out, step[1]))
	}
	if _, err := io.WriteString(in, "exit\r"); err != nil {
		t.Fatal(err)
	}
	if err := s.Wait(); err != nil {
		t.Error(err)
	}
}

// until reads up to a text, and returns what it read.
func until(t *testing.T, r io.Reader, text string) (read string) {
	t.Helper()
	for buffer := make([]byte, 1024); !strings.Contains(read, text); {
		n, err := r.Read(buffer)
		read += string(buffer[:n])
		if err != nil {
			t.Fatalf("%q did not come after %q: %v", text, read, err)
		}
	}
	return read
}

func TestWhoIsNotLetIn(t *testing.T) {
	p := newPlace(t)
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for name, how := range map[string]ssh.AuthMethod{"another key": ssh.PublicKeys(other), "another password": ssh.Password("guess")} {
		if _, err := p.dial("admin", how); err == nil {
			t.Errorf("%s is let in", name)
		}
	}
	wait(t, "both are written down", func() bool {
		denied := 0
		for _, e := range p.Audit.Entries() {
			if e.Kind == audit.Denied && e.Who == "admin" && e.How == "ssh" && e.From == "127.0.0.1" {
				denied++
			}
		}
		return denied == 2
	})
	c := p.login(t, "viewer", ssh.PublicKeys(p.key))
	if _, err := c.Dial("tcp", "127.0.0.1:22"); err == nil {
		t.Error("a connection is forwarded")
	}
	if _, err := c.Listen("tcp", "127.0.0.1:0"); err == nil {
		t.Error("a port is forwarded")
	}
	s, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.RequestSubsystem("sftp"); err == nil {
		t.Error("there is a subsystem")
	}
	if out, _, err := run(t, c, "show vlan; $(reboot)"); err == nil || !strings.Contains(out, "eth1") {
		t.Errorf("%q, %v", out, err)
	}
}

func wait(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("not in time: " + what)
		}
	}
}

// Garbage on the port disturbs nobody, and leaves nothing.
func TestGarbage(t *testing.T) {
	p := newPlace(t)
	noise := make([]byte, 64<<10)
	_, _ = rand.Read(noise) // it never fails
	for _, text := range [][]byte{nil, []byte("GET / HTTP/1.1\r\n\r\n"), []byte("SSH-2.0-x\r\n"), append([]byte("SSH-2.0-x\r\n"), noise...), noise, bytes.Repeat([]byte{0xff}, 1<<20)} {
		for range 4 {
			c, err := net.Dial("tcp", p.address)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = c.Write(text) // it may be closed already
			c.Close()
		}
	}
	var silent []net.Conn // more than there are places for
	for range crowd.MaxStrangers + 4 {
		c, err := net.Dial("tcp", p.address)
		if err != nil {
			t.Fatal(err)
		}
		silent = append(silent, c)
	}
	for _, c := range silent {
		c.Close()
	}
	wait(t, "somebody can log in", func() bool {
		c, err := p.dial("viewer", ssh.PublicKeys(p.key))
		if err != nil {
			return false
		}
		defer c.Close()
		out, _, err := run(t, c, "show vlan")
		return err == nil && strings.Contains(out, "eth1")
	})
	for _, e := range p.Audit.Entries() {
		if e.Kind == audit.Denied {
			t.Errorf("garbage is written down: %+v", e)
		}
	}
}

// What a connection leaves when it is cut is a session that has ended.
func TestHangUp(t *testing.T) {
	p := newPlace(t)
	c := p.login(t, "admin", ssh.PublicKeys(p.key))
	s, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := s.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.RequestPty("xterm", 24, 80, nil), s.Shell()); err != nil {
		t.Fatal(err)
	}
	until(t, out, "linkspan# ")
	if _, err := io.WriteString(in, "configure\rset vlans 10\r"); err != nil {
		t.Fatal(err)
	}
	until(t, out, "(config)*# ")
	c.Close()
	wait(t, "the session has ended", func() bool { return len(p.Manager.Sessions()) == 0 })
	wait(t, "it is written down", func() bool {
		all := p.Audit.Entries()
		return slices.ContainsFunc(all, func(e audit.Entry) bool { return e.Kind == audit.Logout })
	})
}

func TestHostKeyStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	first, err := HostKey(path)
	if err != nil {
		t.Fatal(err)
	}
	second, err := HostKey(path)
	if err != nil || !bytes.Equal(first.PublicKey().Marshal(), second.PublicKey().Marshal()) {
		t.Errorf("%v, %v", second, err)
	}
	if _, err := HostKey(filepath.Join(path, "below")); err == nil {
		t.Error("there is a key where none can be")
	}
}
