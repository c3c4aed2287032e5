// SPDX-License-Identifier: Apache-2.0

package boot

import (
	"os"
	"time"
)

// The sockets that tell that a program is there.
const (
	ovsRunDir     = "/run/openvswitch"
	ovsdbSocket   = ovsRunDir + "/db.sock"
	ownSocket     = "/run/linkspan/linkspan.sock"
	pluginSocket  = "/run/docker/plugins/linkspan.sock"
	dockerSocket  = "/run/docker.sock"
	joinFile      = "/run/lab/join" // where a switch finds its token
	confDB        = "/etc/openvswitch/conf.db"
	dockerData    = "/var/lib/docker"
	ownData       = "/var/lib/linkspan"
	ownRoot       = ownData + "/root" // for the files of etc: the node's /etc is the machine's
	ovsSchema     = "/usr/share/openvswitch/vswitch.ovsschema"
	orderPatience = 15 * time.Second
)

// component is one program that the node keeps running.
type component struct {
	name     string
	argv     []string
	gate     *condition    // waited for before its first start in a boot
	patience time.Duration // how long; then it starts all the same. 0 waits for ever
	prepare  func() error  // right before each start
	ready    condition
}

// components returns the node's programs in the order of a boot.
func (s Spec) components(dir *os.Root) []component {
	switch s.Role {
	case RoleController:
		return []component{s.controller()}
	case RoleHost:
		list := []component{s.ovsdbServer(), s.vswitchd()}
		if s.RunSwitch {
			list = append(list, s.serveSwitch(dir))
		}
		if s.NoDocker {
			return list
		}
		return append(list, s.dockerd())
	}
	return nil
}

func (s Spec) controller() component {
	argv := []string{s.Binary, "serve", "controller", "--advertise", s.Advertise}
	return component{name: Controller, argv: append(argv, s.Args...), ready: listening(ownSocket)}
}

func (s Spec) ovsdbServer() component {
	return component{
		name: OVSDBServer,
		argv: []string{
			OVSDBServer, confDB, "--remote=punix:" + ovsdbSocket,
			"--remote=db:Open_vSwitch,Open_vSwitch,manager_options",
			"--pidfile", "-vconsole:info", "-vsyslog:off", "-vfile:off",
		},
		ready: listening(ovsdbSocket),
	}
}

func (s Spec) vswitchd() component {
	database := listening(ovsdbSocket)
	return component{
		name: VSwitchd,
		argv: []string{
			VSwitchd, "unix:" + ovsdbSocket,
			"--pidfile", "-vconsole:info", "-vsyslog:off", "-vfile:off",
		},
		gate:  &database,
		ready: commandable(ovsRunDir),
	}
}

func (s Spec) serveSwitch(dir *os.Root) component {
	token := present(dir, JoinFile)
	argv := []string{s.Binary, "serve", "switch", "--controller", s.ControllerAddr, "--join-file", joinFile, "--system-root", ownRoot}
	if s.NoDocker {
		argv = append(argv, "--docker", "none")
	}
	return component{
		name:    Switch,
		argv:    append(argv, s.Args...),
		gate:    &token,
		prepare: func() error { return handJoin(dir) },
		ready:   joined(ownSocket),
	}
}

// dockerd starts after the switch, as the shipped unit orders it: the engine
// asks the plugin for the networks of containers that it starts again.
func (s Spec) dockerd() component {
	c := component{name: Dockerd, ready: pings(dockerSocket)}
	c.argv = []string{
		s.Dockerd, "--host=unix://" + dockerSocket,
		"--bridge=none", "--iptables=false", "--ip6tables=false", "--userland-proxy=false",
		"--exec-opt=native.cgroupdriver=cgroupfs", "--cgroup-parent=" + s.CgroupParent,
		"--storage-driver=" + storageDriver(dockerData),
	}
	if s.LiveRestore {
		c.argv = append(c.argv, "--live-restore")
	}
	if s.RunSwitch {
		plugin := listening(pluginSocket)
		c.gate, c.patience = &plugin, orderPatience
	}
	return c
}
