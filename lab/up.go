// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/lab/boot"
	"github.com/linkspan/linkspan/lab/image"
	"github.com/linkspan/linkspan/lab/process"
)

const (
	atOnce       = 8 // hosts that boot at the same time
	cleanUpTime  = 2 * time.Minute
	outsideMount = "/proc/self/ns/mnt"
)

// Up builds a lab and returns when every host is ready: dockerd answers and has
// the image busybox, Open vSwitch answers, and the switch has joined. A half
// dead lab of that name is removed first; a running one is an error with the
// code Exists. When Up fails, or ctx ends, nothing is left.
func Up(ctx context.Context, cfg Config) (*Lab, error) {
	cfg, err := cfg.Default()
	if err != nil {
		return nil, err
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if err := lackError(cfg.lacks()); err != nil {
		return nil, err
	}
	unlock, err := lockNew(ctx, cfg.dir())
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := makeRoom(ctx, cfg); err != nil {
		return nil, err
	}
	l := &Lab{dir: cfg.dir(), record: record{Config: cfg, Created: time.Now()}}
	if err := l.build(ctx); err != nil {
		cleaning, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpTime)
		defer cancel()
		return nil, errors.Join(err, remove(cleaning, l.dir))
	}
	return l, nil
}

// makeRoom removes what is left of an earlier lab of that name. The folder
// itself stays, because it is locked.
func makeRoom(ctx context.Context, cfg Config) error {
	r, err := readRecord(cfg.dir())
	if err != nil {
		return err
	}
	if old := (&Lab{dir: cfg.dir(), record: r}); old.intact() {
		return &linkspan.Error{
			Code: linkspan.Exists, Message: fmt.Sprintf("lab %q is up", cfg.Name),
			Hint: fmt.Sprintf("linkspan lab down --name %s, or choose another --name", cfg.Name),
		}
	}
	return empty(ctx, cfg.dir())
}

// builder is one run of Up.
type builder struct {
	*Lab
	cfg     Config
	outside string
	fabric  process.Identity
	archive []byte
	joining chan struct{} // closed when the controller gives out tokens

	progress sync.Mutex
}

func (l *Lab) build(ctx context.Context) error {
	b := &builder{Lab: l, cfg: l.record.Config, joining: make(chan struct{})}
	if err := l.record.write(); err != nil {
		return err
	}
	if err := b.bootFabric(); err != nil {
		return err
	}
	b.say("underlay %s", b.cfg.Underlay)
	nodes, ctx := errgroup.WithContext(ctx)
	if !b.cfg.Bare {
		nodes.Go(func() error { return b.bootController(ctx) })
	}
	nodes.Go(func() error { return b.bootHosts(ctx) })
	if err := nodes.Wait(); err != nil {
		return err
	}
	l.record.Complete = true
	return l.record.write()
}

func (b *builder) say(format string, args ...any) {
	b.progress.Lock()
	defer b.progress.Unlock()
	b.cfg.Progress(fmt.Sprintf(format, args...))
}

func (b *builder) bootFabric() (err error) {
	if b.outside, err = os.Readlink(outsideMount); err != nil {
		return fmt.Errorf("mount namespace: %w", err)
	}
	spec := boot.Spec{
		Name: fabricNode, Role: boot.RoleFabric, Dir: b.node(fabricNode), Binary: b.cfg.Binary, Outside: b.outside,
	}
	b.fabric, err = bootNode(spec, makeBridge)
	return err
}

func (b *builder) bootController(ctx context.Context) error {
	addr := b.cfg.controllerAddr()
	spec := boot.Spec{
		Name: controllerNode, Role: boot.RoleController, Dir: b.node(controllerNode), Binary: b.cfg.Binary,
		Outside: b.outside, Advertise: addr.String(), Args: b.cfg.ControllerArgs,
	}
	if err := b.bootWired(ctx, spec, addr); err != nil {
		return err
	}
	b.say("controller %s", addr)
	close(b.joining)
	return nil
}

func (b *builder) bootHosts(ctx context.Context) error {
	if !b.cfg.NoDocker {
		if err := b.makeImage(ctx); err != nil {
			return err
		}
	}
	hosts, ctx := errgroup.WithContext(ctx)
	hosts.SetLimit(atOnce)
	for i := range b.cfg.Hosts {
		hosts.Go(func() error { return b.bootHost(ctx, i+1) })
	}
	return hosts.Wait()
}

func (b *builder) bootHost(ctx context.Context, i int) error {
	name, addr := hostName(i), b.cfg.hostAddr(i)
	spec := boot.Spec{
		Name: name, Role: boot.RoleHost, Dir: b.node(name), Binary: b.cfg.Binary, Dockerd: b.cfg.Dockerd,
		Outside: b.outside, LiveRestore: !b.cfg.NoLiveRestore, Args: b.cfg.SwitchArgs, RunSwitch: !b.cfg.Bare,
		NoDocker:       b.cfg.NoDocker,
		CgroupParent:   "/" + cgroupName(b.dir) + "/" + name,
		ControllerAddr: b.cfg.controllerAddr().String() + ":" + controllerPort,
	}
	both, cancelled := errgroup.WithContext(ctx)
	both.Go(func() error { return b.bootWired(cancelled, spec, addr) })
	if spec.RunSwitch {
		both.Go(func() error { return b.join(cancelled, name) })
	}
	if err := both.Wait(); err != nil {
		return err
	}
	b.say("host %s %s", name, addr)
	if b.cfg.NoDocker {
		return nil
	}
	return b.loadImage(ctx, name)
}

// bootWired boots a node, plugs it into the underlay and waits until it is ready.
func (b *builder) bootWired(ctx context.Context, spec boot.Spec, addr netip.Addr) error {
	init, err := b.bootPlugged(spec, addr)
	if err != nil {
		return err
	}
	return awaitNode(ctx, spec.Dir, init)
}

func (b *builder) bootPlugged(spec boot.Spec, addr netip.Addr) (process.Identity, error) {
	return bootNode(spec, func(init process.Identity) error {
		return plug(b.fabric, init, cable{port: spec.Name, addr: netip.PrefixFrom(addr, b.cfg.Underlay.Bits())})
	})
}

// join asks the controller for the host's token, once it answers, and puts it
// where the host waits for it.
func (b *builder) join(ctx context.Context, host string) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-b.joining:
	}
	cmd := exec.CommandContext(ctx, b.cfg.Binary, "switch", "token", "-q")
	cmd.Env = append(environment(os.Environ()), "LINKSPAN_SOCKET="+b.Socket())
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	token, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("join token for %s: %w: %s", host, err, strings.TrimSpace(complaint.String()))
	}
	file := filepath.Join(b.node(host), boot.JoinFile)
	if err := os.WriteFile(file+".new", token, 0o600); err != nil {
		return fmt.Errorf("join token for %s: %w", host, err)
	}
	return os.Rename(file+".new", file)
}

func (b *builder) makeImage(ctx context.Context) error {
	path, err := lookPath("busybox")
	if err != nil {
		return err
	}
	applets, err := exec.CommandContext(ctx, path, "--list").Output()
	if err != nil {
		return fmt.Errorf("applets of busybox: %w", err)
	}
	b.archive, err = image.Busybox(path, strings.Fields(string(applets)))
	return err
}

func (b *builder) loadImage(ctx context.Context, host string) error {
	socket, err := b.DockerSocket(host)
	if err != nil {
		return err
	}
	if err := image.Load(ctx, socket, b.archive); err != nil {
		return fmt.Errorf("image for %s: %w", host, err)
	}
	b.say("image busybox on %s", host)
	return nil
}
