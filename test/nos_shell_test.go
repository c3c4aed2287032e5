// SPDX-License-Identifier: Apache-2.0

package test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/creack/pty"

	"github.com/linkspan/linkspan/test/harness"
)

// typist is somebody at a pseudo terminal with a program on a switch.
type typist struct {
	t   *testing.T
	pty *os.File

	mu    sync.Mutex
	shown string // since it was last looked at
}

// at starts a program on a switch at a terminal of some size. It ends with the test.
func (w switches) at(host string, columns, rows uint16, argv ...string) *typist {
	w.t.Helper()
	cmd := w.Command(host, argv...)
	f, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: columns, Rows: rows})
	if err != nil {
		w.t.Fatal(err)
	}
	p := &typist{t: w.t, pty: f}
	read := make(chan struct{})
	go func() {
		defer close(read)
		buffer := make([]byte, 4096)
		for {
			n, err := f.Read(buffer)
			p.mu.Lock()
			p.shown += string(buffer[:n])
			p.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	w.t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // it may have ended
		_ = cmd.Wait()                                      // killed
		f.Close()
		<-read
	})
	return p
}

// types types keys and waits for a text; it returns what was shown up to its end.
func (p *typist) types(keys, text string) (shown string) {
	p.t.Helper()
	if _, err := p.pty.WriteString(keys); err != nil {
		p.t.Fatal(err)
	}
	harness.Eventually(p.t, fmt.Sprintf("%q after %q", text, keys), func() error {
		p.mu.Lock()
		defer p.mu.Unlock()
		i := strings.Index(p.shown, text)
		if i < 0 {
			return fmt.Errorf("there is %q", p.shown)
		}
		shown, p.shown = p.shown[:i+len(text)], p.shown[i+len(text):]
		return nil
	})
	return shown
}

// TestSwitchShell types at linkspan shell: completion of live values, help, pages, and a
// commit, on a usual terminal and on a narrow one.
func TestSwitchShell(t *testing.T) {
	w := threeSwitches(t)
	w.goesBack("h1")
	w.station("h1", "shellport", "", "10.10.0.9/24")
	p := w.at("h1", 80, 10, w.Binary, "shell")
	p.types("", "h1# ")
	p.types("configure\r", "h1(config)# ")
	p.types("set ports shellp\t", "shellport")
	p.types("vlan 10\r", "h1(config)*# ")
	p.types("set vl\t10 desc\toffices\r", "h1(config)*# ")
	if help := p.types("set vlans 10 ?", "set vlans 10 "); !strings.Contains(help+p.types("", "h1(config)*# set vlans 10 "), "description") {
		t.Errorf("help: %q", help)
	}
	p.types("\x03", "h1(config)*# ")
	p.types("commit comment typed\r", "h1(config)# ")
	p.types("run show interfaces | no-more\r", "shellport")
	p.types("run show system\r", "--More--")
	p.types("q", "h1(config)# ")
	p.types("exit\r", "h1# ")
	narrow := w.at("h1", 32, 40, w.Binary, "shell")
	narrow.types("", "h1# ")
	narrow.types("show history\r", "Comment:  typed")
	if out := w.shell("h1", "show configuration ports | json"); !strings.Contains(out, `"shellport"`) || w.On(t, "h1", w.Binary, "config", "show", "ports", "--form", "json") != out {
		t.Errorf("by another way it is not the same: %s", out)
	}
}

// TestSwitchBySSH logs in to a switch by the ssh of this machine, with a key, while there is
// garbage on the port.
func TestSwitchBySSH(t *testing.T) {
	for _, program := range []string{"ssh", "ssh-keygen"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(program + " is missing (Debian package openssh-client)")
		}
	}
	w := threeSwitches(t)
	key := filepath.Join(t.TempDir(), "key")
	if out, err := exec.CommandContext(t.Context(), "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
	public, err := os.ReadFile(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	w.configure("h2", "set system users ann role operator", "set system users ann public-key '"+strings.TrimSpace(string(public))+"'", "set system banner 'Authorized use only'")
	ssh := func(command string) harness.Result {
		return w.Try("h2", "ssh", "-p", "2222", "-i", key, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no",
			"-o", "UserKnownHostsFile=/dev/null", "ann@127.0.0.1", command)
	}
	logsIn := func() {
		t.Helper()
		harness.Eventually(t, "ann can log in", func() error {
			if r := ssh("show system"); r.Exit != 0 || !strings.Contains(r.Out, "h2") {
				return fmt.Errorf("%v", r)
			}
			return nil
		})
	}
	logsIn()
	for range 20 {
		w.Try("h2", "bash", "-c", "head -c 20000 /dev/urandom >/dev/tcp/127.0.0.1/2222")
	}
	logsIn() // once there is place again for somebody from there
	if r := ssh("configure; set vlans 77; commit comment by ssh; show | set | include 77"); r.Exit != 0 || !strings.Contains(r.Out, "set vlans 77") {
		t.Errorf("a commit by ssh: %v", r)
	}
	if r := ssh("configure; set system users ann role admin; commit"); r.Exit == 0 || !strings.Contains(r.Err, "an operator may not change this") {
		t.Errorf("an operator becomes an administrator: %v", r)
	}
	if r := ssh("show log"); r.Exit != 0 || !strings.Contains(r.Out, "level=") || strings.Contains(r.Out, "msg=audit") {
		t.Errorf("the log, for who may not read the audit log: %v", r)
	}
	if out := w.shell("h2", "show log"); !strings.Contains(out, "msg=audit") {
		t.Errorf("the log, for who may: %s", out)
	}
	audit := w.On(t, "h2", w.Binary, "audit", "ls", "--who", "ann")
	for _, want := range []string{"login", "ssh 127.0.0.1", "commit comment", "denied"} {
		if !strings.Contains(audit, want) {
			t.Errorf("the audit log has no %q:\n%s", want, audit)
		}
	}
	w.On(t, "h2", w.Binary, "audit", "verify")
}
