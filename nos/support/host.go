// SPDX-License-Identifier: Apache-2.0

package support

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"
)

// HostOptions say where things are on a host.
type HostOptions struct {
	OVSRunDir string   // of Open vSwitch's sockets; /var/run/openvswitch if empty
	Units     []string // of systemd whose logs are wanted
	State     []string // folders whose files are listed, without what is in them
}

// Host returns sources for the state of a host: its system, its network, its Open vSwitch, its
// Docker, the logs of its services, and this process. None needs a part of this process to work.
func Host(o HostOptions) []Source {
	if o.OVSRunDir == "" {
		o.OVSRunDir = "/var/run/openvswitch"
	}
	all := system()
	all = append(all, network()...)
	all = append(all, openVSwitch(o.OVSRunDir)...)
	all = append(all, docker()...)
	for _, unit := range o.Units {
		all = append(all, Command("logs/"+unit+".txt", "journalctl", "--no-pager", "--unit", unit, "--lines", "5000"))
	}
	all = append(all, Command("logs/kernel.txt", "dmesg", "--ctime"), Source{"process/goroutines.txt", goroutines}, Source{"process/memory.txt", memory},
		File("process/status.txt", "/proc/self/status"), File("process/limits.txt", "/proc/self/limits"))
	for _, dir := range o.State {
		all = append(all, Source{"state/" + strings.ReplaceAll(strings.Trim(dir, "/"), "/", "-") + ".txt", listing(dir)})
	}
	return all
}

func system() []Source {
	return []Source{
		Command("system/uname.txt", "uname", "-a"), File("system/os-release.txt", "/etc/os-release"), File("system/uptime.txt", "/proc/uptime"),
		File("system/load.txt", "/proc/loadavg"), File("system/memory.txt", "/proc/meminfo"), File("system/processor.txt", "/proc/cpuinfo"),
		File("system/modules.txt", "/proc/modules"), File("system/mounts.txt", "/proc/self/mountinfo"), File("system/pressure-cpu.txt", "/proc/pressure/cpu"),
		Command("system/disk.txt", "df", "-h"),
		// Without arguments, which may have secrets.
		Command("system/processes.txt", "ps", "-eo", "pid,ppid,user,stat,etime,rss,pcpu,comm"),
	}
}

func network() []Source {
	ip := func(name string, argv ...string) Source {
		return Command("network/"+name+".txt", append([]string{"ip"}, argv...)...)
	}
	return []Source{
		ip("links", "-details", "-statistics", "link"), ip("addresses", "address"), ip("routes", "route", "show", "table", "all"),
		ip("routes6", "-6", "route", "show", "table", "all"), ip("rules", "rule"), ip("neighbours", "neighbour"),
		Command("network/fdb.txt", "bridge", "fdb"), Command("network/nftables.txt", "nft", "list", "ruleset"), Command("network/sockets.txt", "ss", "-s"),
		Command("network/listening.txt", "ss", "-lntu"), File("network/softnet.txt", "/proc/net/softnet_stat"), File("network/snmp.txt", "/proc/net/snmp"),
		File("network/netstat.txt", "/proc/net/netstat"), File("network/resolv.txt", "/etc/resolv.conf"),
	}
}

// openVSwitch asks for what is on all bridges together, and then of each.
func openVSwitch(dir string) []Source {
	database := "--db=unix:" + filepath.Join(dir, "db.sock")
	all := []Source{
		Command("openvswitch/version.txt", "ovs-vsctl", "--version"),
		Command("openvswitch/show.txt", "ovs-vsctl", "--timeout=10", database, "show"),
		Command("openvswitch/database.txt", "ovsdb-client", "--timeout=10", "dump", "unix:"+filepath.Join(dir, "db.sock"), "Open_vSwitch"),
	}
	for _, what := range []string{"dpctl/show", "dpctl/dump-flows", "coverage/show", "memory/show", "bond/show", "lacp/show", "rstp/show", "upcall/show", "dpif-netdev/pmd-stats-show"} {
		all = append(all, Source{"openvswitch/" + strings.ReplaceAll(what, "/", "-") + ".txt", appctl(dir, what)})
	}
	for _, what := range []string{"show", "dump-flows", "dump-groups", "dump-meters", "meter-stats", "dump-ports", "queue-stats"} {
		all = append(all, Source{"openvswitch/" + what + ".txt", eachBridge(database, func(bridge string) []string {
			return []string{"ovs-ofctl", "--timeout=10", "-OOpenFlow15", what, "unix:" + filepath.Join(dir, bridge+".mgmt")}
		})})
	}
	return append(all, Source{"openvswitch/fdb.txt", eachBridge(database, func(bridge string) []string {
		return []string{"ovs-appctl", "--timeout=10", "-t", target(dir), "fdb/show", bridge}
	})})
}

// target is how ovs-appctl finds ovs-vswitchd: by the socket with the number of its process.
func target(dir string) string {
	found, _ := filepath.Glob(filepath.Join(dir, "ovs-vswitchd.*.ctl"))
	if len(found) == 0 {
		return filepath.Join(dir, "ovs-vswitchd.ctl") // not there, which is said
	}
	return found[len(found)-1]
}

func appctl(dir, what string) func(context.Context) ([]byte, error) {
	return func(ctx context.Context) ([]byte, error) {
		return Command("", "ovs-appctl", "--timeout=10", "-t", target(dir), what).Read(ctx)
	}
}

// eachBridge runs a command for each bridge, one after the other.
func eachBridge(database string, argv func(bridge string) []string) func(context.Context) ([]byte, error) {
	return func(ctx context.Context) ([]byte, error) {
		names, err := exec.CommandContext(ctx, "ovs-vsctl", "--timeout=10", database, "list-br").Output()
		if err != nil {
			return nil, fmt.Errorf("ovs-vsctl list-br: %w", err)
		}
		var out bytes.Buffer
		var errs []error
		for bridge := range strings.FieldsSeq(string(names)) {
			text, err := Command("", argv(bridge)...).Read(ctx)
			fmt.Fprintf(&out, "== %s\n%s\n", bridge, text)
			errs = append(errs, err)
		}
		return out.Bytes(), errors.Join(errs...)
	}
}

// docker asks for what has no secrets: no arguments and no environment of containers.
func docker() []Source {
	return []Source{
		Command("docker/version.txt", "docker", "version"),
		Command("docker/networks.txt", "docker", "network", "ls", "--no-trunc"),
		Command("docker/containers.txt", "docker", "ps", "-a", "--format", "table {{.ID}}\t{{.Names}}\t{{.Image}}\t{{.Status}}\t{{.Networks}}\t{{.Ports}}"),
	}
}

func goroutines(context.Context) ([]byte, error) {
	var out bytes.Buffer
	err := pprof.Lookup("goroutine").WriteTo(&out, 1)
	return out.Bytes(), err
}

func memory(context.Context) ([]byte, error) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return fmt.Appendf(nil, "goroutines %d\nheap in use %d bytes in %d objects\nfrom the system %d bytes\ncollections %d\npaused %d ns\n",
		runtime.NumGoroutine(), m.HeapInuse, m.HeapObjects, m.Sys, m.NumGC, m.PauseTotalNs), nil
}

// listing lists the files below a folder with their sizes and times.
func listing(dir string) func(context.Context) ([]byte, error) {
	return func(ctx context.Context) ([]byte, error) {
		var out bytes.Buffer
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || ctx.Err() != nil {
				return errors.Join(err, ctx.Err())
			}
			info, err := d.Info()
			if err != nil {
				return nil //nolint:nilerr // it went meanwhile
			}
			_, err = fmt.Fprintf(&out, "%s %10d %s %s\n", info.Mode(), info.Size(), info.ModTime().UTC().Format("2006-01-02T15:04:05Z"), path)
			return err
		})
		return out.Bytes(), err
	}
}
