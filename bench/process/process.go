// SPDX-License-Identifier: Apache-2.0

package process

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Command says what to start.
type Command struct {
	Path string
	Args []string
	Env  []string // added to this process's environment
	Log  string   // file for standard output and error
}

// Process is a program that runs.
type Process struct {
	cmd  *exec.Cmd
	log  *os.File
	done chan struct{} // closed when it has ended
}

// stopTime is how long a program may take to end by itself.
const stopTime = 10 * time.Second

// Start starts a program. It is killed when this process dies.
func Start(c Command) (*Process, error) {
	log, err := os.OpenFile(c.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(c.Path, c.Args...) //nolint:noctx // it is ended by Stop, politely first
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", c.Path, err), log.Close())
	}
	p := &Process{cmd: cmd, log: log, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		_ = cmd.Wait() // Ended tells; the status of a stopped program says nothing
	}()
	return p, nil
}

// PID returns the process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Ended is closed when the program has ended, by itself or by Stop.
func (p *Process) Ended() <-chan struct{} { return p.done }

// Listening waits until the program accepts connections at an address of the
// given network, or ends.
func (p *Process) Listening(ctx context.Context, network, address string) error {
	var dialer net.Dialer
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := dialer.DialContext(ctx, network, address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s has ended, see %s", p.cmd.Path, p.log.Name())
		case <-ctx.Done():
			return fmt.Errorf("%s does not listen at %s, see %s: %w", p.cmd.Path, address, p.log.Name(), err)
		case <-tick.C:
		}
	}
}

// Frozen does something while the program does nothing: it is stopped before and
// goes on after that.
func (p *Process) Frozen(do func() error) error {
	if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	return errors.Join(do(), p.cmd.Process.Signal(syscall.SIGCONT))
}

// Stop ends the program and waits for it.
func (p *Process) Stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
	select {
	case <-p.done:
	case <-time.After(stopTime):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
	_ = p.log.Close() // the program wrote it, not we
}

// Kill ends the program at once, as a crash does, and waits for it.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // it may have ended already
	<-p.done
	_ = p.log.Close()
}
