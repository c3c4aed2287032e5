// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
)

// world is what a container is judged by on the host that it is on.
type world struct {
	host     string             // this one's name
	shared   []string           // paths that are the same on both hosts
	networks map[string]network // of the container
	volumes  map[string]volume  // of the container
	changes  []changed          // that must not be left behind
}

// obstacles lists all that keeps a container on its host.
func obstacles(c *container, w *world) (list []string) {
	list = append(list, ofState(c)...)
	list = append(list, ofMounts(c, w)...)
	list = append(list, ofHost(c)...)
	list = append(list, ofNetworks(c, w)...)
	if text := changesText(w.changes); text != "" {
		list = append(list, text)
	}
	return list
}

// swarmTask is the label of containers that a swarm's managers place.
const swarmTask = "com.docker.swarm.task.id"

func ofState(c *container) (list []string) {
	switch {
	case c.State.Paused:
		list = append(list, "it is paused")
	case !c.State.runs():
		list = append(list, "it does not run")
	}
	labels := map[string]string{}
	c.Config.read("Labels", &labels)
	if labels[swarmTask] != "" {
		list = append(list, "it is a task of a swarm, which decides where it runs")
	}
	if c.Host.yes("AutoRemove") {
		list = append(list, "it is removed when it stops (--rm), so that it could not be put back")
	}
	return list
}

func ofMounts(c *container, w *world) (list []string) {
	for _, m := range c.Mounts {
		at := "mount " + m.Destination + ": "
		switch m.Type {
		case "tmpfs":
		case "bind":
			if !isShared(m.Source, w.shared) {
				list = append(list, at+m.Source+" is a path of host "+w.host+" (if it is the same on the other: --shared "+m.Source+")")
			}
		case "volume":
			if v, known := w.volumes[m.Name]; !known || !v.everywhere() {
				list = append(list, at+"volume "+m.Name+" is on host "+w.host+" alone")
			}
		default:
			list = append(list, at+"a mount of type "+m.Type+" cannot be moved")
		}
	}
	slices.Sort(list)
	return list
}

// isShared says whether a path is one of those that are the same on both hosts, or
// below one.
func isShared(p string, shared []string) bool {
	return slices.ContainsFunc(shared, func(s string) bool { return below(path.Clean(p), path.Clean(s)) })
}

// below says whether p is dir or in it.
func below(p, dir string) bool {
	return p == dir || dir == "/" || strings.HasPrefix(p, dir+"/")
}

// everywhere says whether what is in a volume is not on one host: that of a plugin
// which says so, or of a file server.
func (v *volume) everywhere() bool {
	if v.Scope == "global" {
		return true
	}
	return v.Driver == "local" && slices.Contains([]string{"nfs", "nfs4", "cifs"}, v.Options["type"])
}

// ofHost lists what of the host itself the container uses.
func ofHost(c *container) (list []string) {
	for _, o := range []struct{ key, text string }{
		{"Devices", "it has devices of the host (--device)"},
		{"DeviceRequests", "it has devices of the host (--gpus)"},
		{"DeviceCgroupRules", "it has rules about devices of the host (--device-cgroup-rule)"},
		{"VolumesFrom", "it has the volumes of another container (--volumes-from)"},
		{"Links", "it is linked to other containers (--link)"},
		{"BlkioWeightDevice", "it has limits of devices of the host (--blkio-weight-device)"},
		{"BlkioDeviceReadBps", "it has limits of devices of the host (--device-read-bps)"},
		{"BlkioDeviceWriteBps", "it has limits of devices of the host (--device-write-bps)"},
		{"BlkioDeviceReadIOps", "it has limits of devices of the host (--device-read-iops)"},
		{"BlkioDeviceWriteIOps", "it has limits of devices of the host (--device-write-iops)"},
	} {
		if c.Host.has(o.key) {
			list = append(list, o.text)
		}
	}
	for _, o := range []struct{ key, text string }{
		{"NetworkMode", "network"}, {"IpcMode", "IPC"}, {"PidMode", "PID"}, {"UTSMode", "UTS"}, {"Cgroup", "cgroup"},
	} {
		mode := c.Host.text(o.key)
		switch other, of := strings.CutPrefix(mode, "container:"); {
		case of:
			list = append(list, "it is in the "+o.text+" namespace of container "+other)
		case mode == "host":
			list = append(list, "it is in the "+o.text+" namespace of the host")
		}
	}
	return list
}

func ofNetworks(c *container, w *world) (list []string) {
	fabric := false
	for name, settings := range c.NetworkSettings.Networks {
		a := attach(c, name, w.networks[name].Driver, settings)
		switch {
		case a.ofFabric() && w.networks[name].Scope == "swarm":
			list = append(list, "network "+name+" is a swarm's")
		case a.ofFabric():
			fabric = true
		case name != defaultNetwork:
			list = append(list, "network "+name+" (driver "+cmp.Or(a.Driver, "unknown")+") is of host "+w.host+" alone")
		}
		if settings.has("Links") {
			list = append(list, "in network "+name+" it is linked to other containers")
		}
	}
	if !fabric {
		list = append(list, "it is in no network that is on all hosts")
	}
	slices.Sort(list)
	return list
}

// maxTold is how many paths are named in one obstacle.
const maxTold = 20

// changesText names what would be left behind.
func changesText(changes []changed) string {
	if len(changes) == 0 {
		return ""
	}
	var told []string
	for i, c := range changes {
		if i == maxTold {
			told = append(told, fmt.Sprintf("and %d more", len(changes)-maxTold))
			break
		}
		told = append(told, []string{"changed ", "added ", "deleted "}[min(max(c.Kind, 0), 2)]+c.Path)
	}
	return "what it wrote into its own file system stays behind (--leave-changes): " + strings.Join(told, ", ")
}

// initPrograms is where dockerd mounts one into containers with --init; /sbin may be a link.
func initPrograms() []string {
	return []string{"/sbin/docker-init", "/usr/sbin/docker-init", "/bin/docker-init", "/usr/bin/docker-init"}
}

// written leaves out what is no content: the places of mounts, which dockerd makes,
// and folders that only changed because of what changed in them.
func written(c *container, all []changed) (list []changed) {
	places := make([]string, 0, len(c.Mounts))
	for _, m := range c.Mounts {
		places = append(places, path.Clean(m.Destination))
	}
	tmpfs := map[string]string{}
	c.Host.read("Tmpfs", &tmpfs)
	for p := range tmpfs {
		places = append(places, path.Clean(p))
	}
	for _, change := range all {
		if change.Kind == 1 && slices.Contains(initPrograms(), change.Path) || slices.ContainsFunc(places, func(p string) bool { return change.Kind != 2 && below(p, change.Path) }) {
			continue
		}
		if change.Kind == 0 && slices.ContainsFunc(all, func(o changed) bool { return o.Path != change.Path && below(o.Path, change.Path) }) {
			continue
		}
		list = append(list, change)
	}
	slices.SortFunc(list, func(a, b changed) int { return cmp.Compare(a.Path, b.Path) })
	return list
}
