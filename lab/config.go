// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/linkspan/linkspan"
)

const (
	// DefaultName is the name of a lab that was given none.
	DefaultName = "lab"
	// DefaultStateDir is where labs are kept.
	DefaultStateDir = "/var/lib/linkspan/lab"
	// MaxHosts is how many hosts one lab can have.
	MaxHosts = 200

	controllerPort = "7443"
	firstHost      = 10 // host hN has the underlay's address firstHost+N
	controllerAt   = 2  // the controller's place in the underlay
	maxName        = 32
	maxSocketPath  = 107 // unix(7): sun_path without its final zero
)

// Config says what a lab is to be. The zero value with Hosts set works.
type Config struct {
	Name           string       // DefaultName when empty
	Hosts          int          // 1 to MaxHosts; they are called h1, h2, ...
	Controllers    int          // 1; 0 is taken as 1
	Bare           bool         // hosts with Open vSwitch and dockerd only: no controller, no switch
	Binary         string       // the linkspan program; the running one when empty
	Dockerd        string       // the dockerd program; looked up when empty. What it starts (containerd, runc) is looked for beside it first
	StateDir       string       // DefaultStateDir when empty
	Underlay       netip.Prefix // the hosts' own network, IPv4; 198.18.0.0/24 (RFC 2544) when unset
	NoDocker       bool         // hosts without dockerd: sandboxes stand for containers
	NoLiveRestore  bool         // containers end with their dockerd
	SwitchArgs     []string     // more arguments for `linkspan serve switch`
	ControllerArgs []string     // more arguments for `linkspan serve controller`

	// Progress, if set, is told each step as it is done, by one goroutine at a time.
	Progress func(step string) `json:"-"`
}

// Default returns cfg with everything filled in that was left out.
func (c Config) Default() (Config, error) {
	if c.Name == "" {
		c.Name = DefaultName
	}
	if c.StateDir == "" {
		c.StateDir = DefaultStateDir
	}
	if c.Controllers == 0 {
		c.Controllers = 1
	}
	if c.Dockerd == "" {
		c.Dockerd = "dockerd"
	}
	if !c.Underlay.IsValid() {
		c.Underlay = netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 18, 0, 0}), 24)
	}
	if c.Progress == nil {
		c.Progress = func(string) {}
	}
	var err error
	if c.StateDir, err = filepath.Abs(c.StateDir); err != nil {
		return c, fmt.Errorf("lab folder: %w", err)
	}
	if strings.Contains(c.Dockerd, "/") {
		if c.Dockerd, err = filepath.Abs(c.Dockerd); err != nil {
			return c, fmt.Errorf("dockerd program: %w", err)
		}
	}
	if c.Binary == "" {
		if c.Binary, err = os.Executable(); err != nil {
			return c, fmt.Errorf("own program: %w", err)
		}
	}
	if c.Binary, err = filepath.Abs(c.Binary); err != nil {
		return c, fmt.Errorf("linkspan program: %w", err)
	}
	return c, nil
}

// Validate checks a Config that Default filled in; the error has the code
// Invalid.
func (c Config) Validate() error {
	if err := validateName(c.Name); err != nil {
		return err
	}
	if c.Hosts < 1 || c.Hosts > MaxHosts {
		return invalid("a lab has 1 to 200 hosts", "type --hosts 2")
	}
	if c.Controllers != 1 {
		return invalid("a lab has one controller", "leave --controllers out")
	}
	if !c.Underlay.Addr().Is4() || !c.Underlay.Contains(c.hostAddr(c.Hosts).Next()) {
		return invalid(fmt.Sprintf("underlay %s is no IPv4 network with room for %d hosts", c.Underlay, c.Hosts), "use 198.18.0.0/24")
	}
	if socket := controllerSocket(c.dir()); len(socket) > maxSocketPath {
		return invalid("the path "+socket+" is too long for a socket", "choose a shorter folder for labs")
	}
	return nil
}

func validateName(name string) error {
	err := linkspan.ValidateName("lab", name)
	if err == nil && len(name) > maxName {
		err = invalid(fmt.Sprintf("lab name is longer than %d bytes", maxName), "choose a shorter name")
	}
	return err
}

func (c Config) dir() string { return filepath.Join(c.StateDir, c.Name) }

// hostAddr returns the address of host number i, counted from 1.
func (c Config) hostAddr(i int) netip.Addr { return c.nth(firstHost + i) }

func (c Config) controllerAddr() netip.Addr { return c.nth(controllerAt) }

func (c Config) nth(n int) netip.Addr {
	addr := c.Underlay.Masked().Addr()
	for range n {
		addr = addr.Next()
	}
	return addr
}

func hostName(i int) string { return fmt.Sprintf("h%d", i) }

func invalid(message, hint string) error {
	return &linkspan.Error{Code: linkspan.Invalid, Message: message, Hint: hint}
}

// beside returns environ with the folder of a program that is named by its path
// before the others of PATH.
func beside(program string, environ []string) []string {
	if !filepath.IsAbs(program) {
		return environ
	}
	for i, entry := range environ {
		if path, ok := strings.CutPrefix(entry, "PATH="); ok {
			environ[i] = "PATH=" + filepath.Dir(program) + ":" + path
		}
	}
	return environ
}

// environment returns environ without what would lead programs in a node to
// the machine's own engine, controller or service manager.
func environment(environ []string) []string {
	var kept []string
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "DOCKER_") || strings.HasPrefix(name, "LINKSPAN_") ||
			strings.HasPrefix(name, "LISTEN_") || name == "NOTIFY_SOCKET" || name == "PATH" {
			continue
		}
		kept = append(kept, entry)
	}
	return append(kept, "PATH="+searchPath())
}
