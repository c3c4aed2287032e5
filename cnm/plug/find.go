// SPDX-License-Identifier: Apache-2.0

package plug

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/linkspan/linkspan"
)

// Folders is where plugins are looked for.
type Folders struct {
	Sockets string   // empty: /run/docker/plugins
	Specs   []string // in order; nil: /etc/docker/plugins and /usr/lib/docker/plugins
}

func (f Folders) withDefaults() Folders {
	if f.Sockets == "" {
		f.Sockets = "/run/docker/plugins"
	}
	if f.Specs == nil {
		f.Specs = []string{"/etc/docker/plugins", "/usr/lib/docker/plugins"}
	}
	return f
}

// Address is where a plugin is called.
type Address struct {
	Network string // "unix" or "tcp"
	Addr    string // path, or host:port
	TLS     *TLS   // nil: in the clear
}

// TLS has the files of a connection's keys, as NAME.json names them.
type TLS struct {
	InsecureSkipVerify        bool
	CAFile, CertFile, KeyFile string
}

// Find looks for a plugin. The error has code NotFound when there is none, and
// Invalid when its file cannot be read.
func (f Folders) Find(name string) (Address, error) {
	if name == "" || strings.ContainsAny(name, "/\x00") || name == "." || name == ".." {
		return Address{}, &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("%q is not the name of a plugin", name)}
	}
	f = f.withDefaults()
	for _, path := range []string{filepath.Join(f.Sockets, name+".sock"), filepath.Join(f.Sockets, name, name+".sock")} {
		if info, err := os.Stat(path); err == nil && info.Mode().Type() == fs.ModeSocket {
			return Address{Network: "unix", Addr: path}, nil
		}
	}
	for _, folder := range f.Specs {
		for _, path := range []string{name + ".spec", name + ".json", filepath.Join(name, name+".spec"), filepath.Join(name, name+".json")} {
			a, err := read(filepath.Join(folder, path))
			if !errors.Is(err, fs.ErrNotExist) {
				return a, err
			}
		}
	}
	return Address{}, &linkspan.Error{
		Code: linkspan.NotFound, Message: "plugin \"" + name + "\" not found",
		Hint: "start it: its socket belongs at " + filepath.Join(f.Sockets, name+".sock"),
	}
}

// maxFile is the length of the longest spec that is read, in bytes.
const maxFile = 1 << 16

func read(path string) (Address, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Address{}, err
	}
	if info.Size() > maxFile {
		return Address{}, &linkspan.Error{Code: linkspan.Invalid, Message: path + " is too long for the address of a plugin"}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return Address{}, fmt.Errorf("read address of plugin: %w", err)
	}
	var a Address
	if strings.HasSuffix(path, ".json") {
		a, err = ParseJSON(text)
	} else {
		a, err = ParseSpec(string(text))
	}
	if err != nil {
		return Address{}, &linkspan.Error{Code: linkspan.Invalid, Op: "read " + path, Err: err}
	}
	return a, nil
}

// ParseSpec reads the contents of NAME.spec, a URL: unix:///path or
// tcp://host:port.
func ParseSpec(text string) (Address, error) {
	text = strings.TrimSpace(text)
	u, err := url.Parse(text)
	if err != nil {
		return Address{}, fmt.Errorf("address of plugin: %w", err)
	}
	switch {
	case u.Scheme == "unix" && u.Host == "" && filepath.IsAbs(u.Path):
		return Address{Network: "unix", Addr: u.Path}, nil
	case (u.Scheme == "tcp" || u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && u.Port() != "":
		a := Address{Network: "tcp", Addr: u.Host}
		if u.Scheme == "https" {
			a.TLS = new(TLS)
		}
		return a, nil
	}
	return Address{}, fmt.Errorf("address of plugin %.80q is not unix:///path or tcp://host:port", text)
}

// ParseJSON reads the contents of NAME.json.
func ParseJSON(text []byte) (Address, error) {
	var file struct {
		Addr      string
		TLSConfig *TLS
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return Address{}, fmt.Errorf("address of plugin: %w", err)
	}
	a, err := ParseSpec(file.Addr)
	if err == nil && file.TLSConfig != nil {
		a.TLS = file.TLSConfig
	}
	if err == nil && a.TLS != nil && a.Network == "unix" {
		err = errors.New("a plugin on a socket of this host speaks no TLS")
	}
	return a, err
}
