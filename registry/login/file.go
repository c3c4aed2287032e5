// SPDX-License-Identifier: Apache-2.0

package login

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/linkspan/linkspan"
)

// Place is where credentials and certificates are.
type Place struct {
	Config string // Docker's config.json
	Certs  string // folder with one of certificates for each registry, as dockerd reads it
}

// Here returns the places of this user and host: DOCKER_CONFIG, or .docker in the home
// folder, and /etc/docker/certs.d.
func Here() Place {
	dir := os.Getenv("DOCKER_CONFIG")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			home = "/root"
		}
		dir = filepath.Join(home, ".docker")
	}
	return Place{Config: filepath.Join(dir, "config.json"), Certs: "/etc/docker/certs.d"}
}

// Credential is a name and its password.
type Credential struct {
	Name   string
	Secret string
}

// hosts is what a registry's address may look like: it becomes the name of a folder.
var hosts = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(:[0-9]{1,5})?$|^\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?$`)

// CheckHost returns an error of code Invalid unless the text is HOST or HOST:PORT.
func CheckHost(host string) error {
	if !hosts.MatchString(host) || strings.Contains(host, "..") {
		return &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("%.100q is no address of a registry", host), Hint: "write it like registry.example.org:5000"}
	}
	return nil
}

// Keep writes a credential for a registry. The file is for its owner alone.
func (p Place) Keep(host string, c Credential) error {
	return p.change(func(auths map[string]json.RawMessage) error {
		text, err := json.Marshal(map[string]string{"auth": base64.StdEncoding.EncodeToString([]byte(c.Name + ":" + c.Secret))})
		auths[host] = text
		return err
	})
}

// Forget removes the credential for a registry. The error is NotFound if there is none.
func (p Place) Forget(host string) error {
	return p.change(func(auths map[string]json.RawMessage) error {
		if _, ok := auths[host]; !ok {
			return none(host)
		}
		delete(auths, host)
		return nil
	})
}

func none(host string) error {
	return &linkspan.Error{Code: linkspan.NotFound, Message: "nobody is logged in to " + host, Hint: "linkspan login " + host}
}

// Credential returns what was kept for a registry. The error is NotFound.
func (p Place) Credential(host string) (Credential, error) {
	_, auths, err := p.read()
	if err != nil {
		return Credential{}, err
	}
	var kept struct{ Auth string }
	if err := json.Unmarshal(auths[host], &kept); err != nil {
		return Credential{}, none(host)
	}
	text, err := base64.StdEncoding.DecodeString(kept.Auth)
	name, secret, ok := strings.Cut(string(text), ":")
	if err != nil || !ok {
		return Credential{}, none(host)
	}
	return Credential{name, secret}, nil
}

// read returns all that the file has, and its credentials.
func (p Place) read() (all, auths map[string]json.RawMessage, err error) {
	all, auths = map[string]json.RawMessage{}, map[string]json.RawMessage{}
	text, err := os.ReadFile(p.Config)
	if errors.Is(err, fs.ErrNotExist) {
		return all, auths, nil
	}
	if err != nil {
		return nil, nil, err
	}
	err = json.Unmarshal(text, &all)
	if err == nil && all["auths"] != nil {
		err = json.Unmarshal(all["auths"], &auths)
	}
	if err != nil {
		return nil, nil, &linkspan.Error{Code: linkspan.Invalid, Op: "read " + p.Config, Message: "it is not what Docker writes", Err: err}
	}
	if all == nil {
		all = map[string]json.RawMessage{}
	}
	if auths == nil {
		auths = map[string]json.RawMessage{}
	}
	return all, auths, nil
}

// change changes the credentials and leaves the rest of the file as it is. A file whose
// credentials are kept by a helper program is left to that.
func (p Place) change(how func(auths map[string]json.RawMessage) error) error {
	all, auths, err := p.read()
	if err != nil {
		return err
	}
	if store := all["credsStore"]; store != nil && string(store) != `""` {
		return &linkspan.Error{Code: linkspan.Invalid, Message: p.Config + " has credentials kept by the helper " + string(store), Hint: "use docker login and docker logout, or take credsStore out of that file"}
	}
	if err := how(auths); err != nil {
		return err
	}
	if all["auths"], err = json.Marshal(auths); err != nil {
		return err
	}
	text, err := json.MarshalIndent(all, "", "\t")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(p.Config), 0o700); err != nil {
		return err
	}
	return replace(p.Config, append(text, '\n'), 0o600)
}

// replace puts data at path, whole or not at all.
func replace(path string, data []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Rename(f.Name(), path)
}
