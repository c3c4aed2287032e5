// SPDX-License-Identifier: Apache-2.0

package service

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"github.com/linkspan/linkspan"
)

// Where things are in a member's container.
const (
	insideFolder = "/run/linkspan"     // its call interface is api.sock there
	insideBus    = "/run/linkspan/bus" // it makes the sockets of its services there
)

// folders are where things of composites are on the host.
type folders struct {
	run     string // sockets; gone with a reboot
	volumes string // what members keep
}

func (f folders) composite(name string) string { return filepath.Join(f.run, name) }

// member is the folder of one container of a member: api, with its call interface, and bus, with its
// own sockets.
func (f folders) member(composite, name string, generation uint64) string {
	return filepath.Join(f.composite(composite), fmt.Sprintf("%s.%d", name, generation))
}

func (f folders) api(composite, name string, generation uint64) string {
	return filepath.Join(f.member(composite, name, generation), "api")
}

func (f folders) bus(composite, name string, generation uint64) string {
	return filepath.Join(f.member(composite, name, generation), "bus")
}

func (f folders) hosts(composite string) string {
	return filepath.Join(f.composite(composite), "hosts")
}

func (f folders) volume(composite, name string) string {
	return filepath.Join(f.volumes, composite, name)
}

// serviceName is what a member is called by those who attach to it: its composite alone where
// they are called the same.
func serviceName(composite, member string) string {
	if composite == member {
		return composite
	}
	return composite + "/" + member
}

func labels(composite, member string, generation uint64) map[string]string {
	l := map[string]string{compositeLabel: composite, memberLabel: member, generationLabel: fmt.Sprint(generation)}
	if member != "" {
		l[NameLabel] = serviceName(composite, member)
	}
	return l
}

// sandboxOptions says how the container is made that holds the namespace.
// The names of hosts are its own, and members have them from it.
func (m *Manager) sandboxOptions(p placed, imageID string) client.ContainerCreateOptions {
	const memory, pids = 256 << 20, 64
	limit := int64(pids)
	o := client.ContainerCreateOptions{
		Name:   fmt.Sprintf("linkspan-%s-%d", p.Spec.Name, p.Sandbox),
		Config: &container.Config{Image: imageID, Entrypoint: m.options.Command, Hostname: hostname(p.Spec.Name), Labels: labels(p.Spec.Name, "", p.Sandbox)},
		HostConfig: &container.HostConfig{
			NetworkMode: "none", ReadonlyRootfs: true, CapDrop: []string{"ALL"}, SecurityOpt: []string{"no-new-privileges"}, LogConfig: logConfig(),
			RestartPolicy: container.RestartPolicy{Name: container.RestartPolicyDisabled},
			Resources:     container.Resources{Memory: memory, PidsLimit: &limit},
			Mounts:        []mount.Mount{{Type: mount.TypeBind, Source: m.folders.hosts(p.Spec.Name), Target: "/etc/hosts", ReadOnly: true}},
		},
	}
	if networks := networksOf(p.Spec); len(networks) > 0 {
		first := networks[0]
		o.HostConfig.NetworkMode = container.NetworkMode(first.Network)
		o.NetworkingConfig = &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{first.Network: endpoint(first)}}
	}
	return o
}

// hostname is a name of a host as Docker takes it.
func hostname(name string) string {
	const most = 63
	return strings.Trim(strings.NewReplacer("_", "-", ".", "-").Replace(name[:min(len(name), most)]), "-")
}

func networksOf(c linkspan.Composite) []linkspan.Attachment {
	var list []linkspan.Attachment
	for _, a := range c.Attach {
		if a.Network != "" {
			list = append(list, a)
		}
	}
	return list
}

// endpoint says which addresses an endpoint asks for.
func endpoint(a linkspan.Attachment) *network.EndpointSettings {
	if len(a.Addresses) == 0 {
		return &network.EndpointSettings{}
	}
	ipam := &network.EndpointIPAMConfig{}
	for _, text := range a.Addresses {
		ip, _ := netip.ParseAddr(text) // it was checked
		if ip.Is4() {
			ipam.IPv4Address = ip
		} else {
			ipam.IPv6Address = ip
		}
	}
	return &network.EndpointSettings{IPAMConfig: ipam}
}

func logConfig() container.LogConfig {
	return container.LogConfig{Type: "json-file", Config: map[string]string{"max-size": "10m", "max-file": "2"}}
}

// memberOptions says how the container of a member is made.
func (m *Manager) memberOptions(c linkspan.Composite, s linkspan.CompositeMember, generation uint64, sandbox string, i image) client.ContainerCreateOptions {
	limits := m.options.Policy.limits(s.Limits)
	pids := int64(limits.PIDs)
	l := labels(c.Name, s.Name, generation)
	if len(i.manifest.Shell) > 0 {
		l[ShellLabel] = strings.Join(i.manifest.Shell, " ")
	}
	o := client.ContainerCreateOptions{
		Name:   fmt.Sprintf("linkspan-%s-%s-%d", c.Name, s.Name, generation),
		Config: &container.Config{Image: i.id, Cmd: s.Command, Env: environment(c, s), Labels: l},
		HostConfig: &container.HostConfig{
			NetworkMode: container.NetworkMode("container:" + sandbox), IpcMode: "private", LogConfig: logConfig(),
			RestartPolicy: container.RestartPolicy{Name: container.RestartPolicyDisabled},
			CapDrop:       []string{"ALL"}, CapAdd: capabilities(s, i), SecurityOpt: []string{"no-new-privileges"},
			ReadonlyRootfs: i.manifest.ReadOnly, Mounts: m.mounts(c, s, generation, i),
			Resources: container.Resources{Memory: int64(limits.Memory), NanoCPUs: int64(limits.CPUs * 1e9), PidsLimit: &pids}, //nolint:gosec // it was checked
		},
	}
	if i.manifest.ReadOnly {
		o.HostConfig.Tmpfs = map[string]string{"/tmp": "rw,nosuid,nodev,mode=1777", "/run": "rw,nosuid,nodev,mode=755"}
	}
	return o
}

// limits are those of a member, with the switch's where it says nothing.
func (p Policy) limits(said linkspan.MemberLimits) linkspan.MemberLimits {
	l := p.Limits
	if said.CPUs > 0 {
		l.CPUs = said.CPUs
	}
	if said.Memory > 0 {
		l.Memory = said.Memory
	}
	if said.PIDs > 0 {
		l.PIDs = said.PIDs
	}
	return l
}

// environment is what a member is told, in order.
func environment(c linkspan.Composite, s linkspan.CompositeMember) []string {
	all := maps.Clone(s.Environment)
	if all == nil {
		all = map[string]string{}
	}
	all["LINKSPAN_COMPOSITE"], all["LINKSPAN_SERVICE"], all["LINKSPAN_API"] = c.Name, s.Name, insideFolder+"/api.sock"
	var list []string
	for _, name := range sortedKeys(all) {
		list = append(list, name+"="+all[name])
	}
	return list
}

// capabilities are those that a member asks for, or its image where it does not.
func capabilities(s linkspan.CompositeMember, i image) []string {
	wanted := s.Capabilities
	if len(wanted) == 0 {
		wanted = i.manifest.Capabilities
	}
	list := make([]string, len(wanted))
	for k, c := range wanted {
		list[k] = strings.TrimPrefix(c, "CAP_")
	}
	slices.Sort(list)
	return list
}

// volumesOf are the volumes of a member, and those that its image needs beside them.
func volumesOf(s linkspan.CompositeMember, i image) []linkspan.Volume {
	list := slices.Clone(s.Volumes)
	for _, path := range i.manifest.Volumes {
		if !slices.ContainsFunc(list, func(v linkspan.Volume) bool { return v.Path == path }) {
			list = append(list, linkspan.Volume{Name: s.Name + strings.ReplaceAll(path, "/", "-"), Path: path})
		}
	}
	return list
}

func (m *Manager) mounts(c linkspan.Composite, s linkspan.CompositeMember, generation uint64, i image) []mount.Mount {
	f := m.folders
	list := []mount.Mount{
		{Type: mount.TypeBind, Source: f.api(c.Name, s.Name, generation), Target: insideFolder, ReadOnly: true},
		{Type: mount.TypeBind, Source: f.bus(c.Name, s.Name, generation), Target: insideBus},
	}
	// The sandbox's names of hosts, which Docker lets it write to unless this is said.
	list = append(list, mount.Mount{Type: mount.TypeBind, Source: f.hosts(c.Name), Target: "/etc/hosts", ReadOnly: true})
	for _, v := range volumesOf(s, i) {
		list = append(list, mount.Mount{Type: mount.TypeBind, Source: f.volume(c.Name, v.Name), Target: v.Path, ReadOnly: v.ReadOnly})
	}
	return list
}

// makeFolders makes what is mounted into a member: it may be gone after a reboot.
func (m *Manager) makeFolders(c linkspan.Composite, s linkspan.CompositeMember, generation uint64, i image) error {
	f := m.folders
	for _, dir := range []string{f.composite(c.Name), f.member(c.Name, s.Name, generation), filepath.Join(f.api(c.Name, s.Name, generation), "bus")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("folder of %s: %w", serviceName(c.Name, s.Name), err)
		}
	}
	bus := f.bus(c.Name, s.Name, generation)
	if err := os.Mkdir(bus, 0o777); err == nil {
		const anybody = os.ModeSticky | 0o777 // a member's processes are of users that this host does not know
		if err := os.Chmod(bus, anybody); err != nil {
			return err
		}
	}
	for _, v := range volumesOf(s, i) {
		if err := os.MkdirAll(f.volume(c.Name, v.Name), 0o755); err != nil {
			return fmt.Errorf("volume %s of %s: %w", v.Name, c.Name, err)
		}
	}
	return nil
}

// writeHosts lets members call each other by name: all are at the loopback address of the namespace
// that they share. The file is kept, as containers have it mounted.
func (m *Manager) writeHosts(ctx context.Context, c linkspan.Composite) error {
	if err := os.MkdirAll(m.folders.composite(c.Name), 0o755); err != nil {
		return err
	}
	names := []string{"localhost"}
	for _, s := range c.Services {
		names = append(names, s.Name)
		for _, one := range servicesOf(s, m.known(ctx, s.Image), nil) {
			if !slices.Contains(names, one.Name) {
				names = append(names, one.Name)
			}
		}
	}
	text := "127.0.0.1\t" + strings.Join(names, " ") + "\n::1\tlocalhost ip6-localhost\n"
	path := m.folders.hosts(c.Name)
	if have, err := os.ReadFile(path); err == nil && string(have) == text {
		return nil
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil { //nolint:gosec // everybody in it reads the names
		return fmt.Errorf("names of composite %s: %w", c.Name, err)
	}
	return nil
}
