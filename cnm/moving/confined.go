// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"slices"
	"sort"
	"strings"

	"github.com/linkspan/linkspan"
)

// Allowed is what a host lets the controller do with containers.
type Allowed string

// What hosts allow, the least first.
const (
	Nothing  Allowed = "none"     // no container leaves or comes
	Confined Allowed = "confined" // those come that have no power over the host
	Anything Allowed = "all"
)

// Validate refuses a word that is none of them.
func (a Allowed) Validate() error {
	if slices.Contains([]Allowed{Nothing, Confined, Anything}, a) {
		return nil
	}
	return &linkspan.Error{Code: linkspan.Invalid, Message: "--allow-moves is none, confined or all, not " + string(a)}
}

// harmless are the fields of HostConfig that give no power over the host, whatever
// they say. A field that is neither here nor looked at below gives power.
func harmless() []string {
	return []string{
		"AutoRemove", "ContainerIDFile", "PortBindings", "PublishAllPorts", "RestartPolicy", "ConsoleSize", "CapDrop", "CgroupnsMode",
		"Dns", "DnsOptions", "DnsSearch", "ExtraHosts", "GroupAdd", "ReadonlyRootfs", "ShmSize", "Sysctls", "Init", "Isolation",
		"Tmpfs", "PidsLimit", "CpuShares", "Memory", "NanoCpus", "CpuPeriod", "CpuQuota", "CpuRealtimePeriod", "CpuRealtimeRuntime",
		"CpusetCpus", "CpusetMems", "KernelMemory", "KernelMemoryTCP", "MemoryReservation", "MemorySwap", "MemorySwappiness",
		"Ulimits", "CpuCount", "CpuPercent", "IOMaximumIOps", "IOMaximumBandwidth", "BlkioWeight", "StorageOpt", "Umask",
	}
}

// powers lists what gives a container that is made from host power over its host,
// beyond what docker run without options gives.
func powers(host fields) (list []string) {
	quiet := harmless()
	for key := range host {
		says := host.has(key) || strings.EqualFold(key, "MaskedPaths") || strings.EqualFold(key, "ReadonlyPaths") // an empty list says that none is
		if !says || slices.Contains(quiet, key) {
			continue
		}
		if !fitting(host, key) {
			list = append(list, key)
		}
	}
	sort.Strings(list)
	return list
}

// fitting looks at the fields whose values count.
func fitting(host fields, key string) bool {
	switch key {
	case "NetworkMode":
		mode := host.text(key)
		return mode != "host" && !strings.HasPrefix(mode, "container:")
	case "IpcMode":
		return slices.Contains([]string{"private", "shareable", "none"}, host.text(key))
	case "Runtime":
		return host.text(key) == "runc"
	case "SecurityOpt":
		return !slices.ContainsFunc(host.list(key), func(o string) bool { return !strings.HasPrefix(o, "no-new-privileges") })
	case "OomScoreAdj":
		return !strings.HasPrefix(string(host[key]), "-")
	case "LogConfig":
		var log struct{ Type string }
		host.read(key, &log)
		return slices.Contains([]string{"", "json-file", "local", "journald", "none"}, log.Type)
	case "Mounts": // volumes are other containers' data, and may stand for paths of the host
		var mounts []struct{ Type string }
		host.read(key, &mounts)
		return !slices.ContainsFunc(mounts, func(m struct{ Type string }) bool { return m.Type != "tmpfs" })
	case "MaskedPaths":
		return covers(host, key, "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/sched_debug",
			"/proc/scsi", "/sys/firmware")
	case "ReadonlyPaths":
		return covers(host, key, "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
	}
	return false
}

// covers says whether a list is dockerd's to choose, or has at least these.
func covers(host fields, key string, least ...string) bool {
	given := value(host[key])
	if given == nil {
		return true
	}
	list := host.list(key)
	return !slices.ContainsFunc(least, func(p string) bool { return !slices.Contains(list, p) })
}
