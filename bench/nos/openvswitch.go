// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/vishvananda/netlink"
)

// openvswitch is an Open vSwitch of the benchmark's own.
type openvswitch struct {
	dir   string
	procs []*exec.Cmd
}

const databaseSchema = "/usr/share/openvswitch/vswitch.ovsschema"

// startOpenvswitch starts both daemons, which write into the folder.
func startOpenvswitch(ctx context.Context, dir string) (o *openvswitch, err error) {
	o = &openvswitch{dir: dir}
	defer func() {
		if err != nil {
			o.stop()
		}
	}()
	database := filepath.Join(dir, "conf.db")
	if err := o.run(ctx, "ovsdb-tool", "create", database, databaseSchema); err != nil {
		return o, err
	}
	if err := o.start("ovsdb-server", database, "--remote=punix:"+o.socket()); err != nil {
		return o, err
	}
	if err := o.vsctl(ctx, "--no-wait", "--retry", "init"); err != nil {
		return o, err
	}
	if err := o.start("ovs-vswitchd", "unix:"+o.socket()); err != nil {
		return o, err
	}
	return o, o.vsctl(ctx, "show")
}

func (o *openvswitch) socket() string { return filepath.Join(o.dir, "db.sock") }

func (o *openvswitch) start(program string, args ...string) error {
	own := []string{"--no-chdir", "--pidfile=" + filepath.Join(o.dir, program+".pid"), "--log-file=" + filepath.Join(o.dir, program+".log"), "-vconsole:off"}
	cmd := exec.CommandContext(context.Background(), program, append(args, own...)...)
	cmd.Env = o.environment()
	if err := cmd.Start(); err != nil {
		return err
	}
	o.procs = append(o.procs, cmd)
	return nil
}

func (o *openvswitch) environment() []string {
	env := os.Environ()
	for _, key := range []string{"OVS_RUNDIR", "OVS_DBDIR", "OVS_LOGDIR", "OVS_SYSCONFDIR"} {
		env = append(env, key+"="+o.dir)
	}
	return env
}

func (o *openvswitch) run(ctx context.Context, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = o.environment()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, out)
	}
	return nil
}

// vsctl changes the database and waits until ovs-vswitchd has realised it.
func (o *openvswitch) vsctl(ctx context.Context, args ...string) error {
	return o.run(ctx, "ovs-vsctl", append([]string{"--timeout=300", "--db=unix:" + o.socket()}, args...)...)
}

func (o *openvswitch) stop() {
	for _, cmd := range o.procs {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
}

// makeDevices makes pairs of devices and sets them up.
func makeDevices(n int) error {
	for i := 0; i < n; i += 2 {
		pair := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: device(i)}, PeerName: device(i + 1)}
		if err := netlink.LinkAdd(pair); err != nil {
			return fmt.Errorf("make %s: %w", device(i), err)
		}
		for _, name := range []string{device(i), device(i + 1)} {
			l, err := netlink.LinkByName(name)
			if err != nil {
				return fmt.Errorf("look up %s: %w", name, err)
			}
			if err := netlink.LinkSetUp(l); err != nil {
				return fmt.Errorf("set up %s: %w", name, err)
			}
		}
	}
	return nil
}

// lap times something.
func lap(do func() error) (time.Duration, error) {
	began := time.Now()
	err := do()
	return time.Since(began), err
}
