// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/linkspan/linkspan/bench/process"
	"github.com/linkspan/linkspan/trust"
)

// secret is the password of the one user, for as long as the benchmark runs.
const secret = "benchmark only"

// subject is a registry that is measured.
type subject struct {
	name    string
	address string
	process *process.Process
	client  *client
}

// start starts both registries, each with a folder on the same disk.
func (o *options) start(ctx context.Context) (ours, theirs *subject, err error) {
	pool, err := o.certify()
	if err != nil {
		return nil, nil, err
	}
	if ours, err = o.linkspan(ctx); err != nil {
		return nil, nil, err
	}
	ours.client = newClient(ours.address, pool, "root", secret)
	if theirs, err = o.debian(ctx); err != nil {
		ours.process.Stop()
		return nil, nil, err
	}
	theirs.client = newClient(theirs.address, pool, "", "")
	return ours, theirs, nil
}

func (o *options) file(name string) string { return filepath.Join(o.dir, name) }

// certify makes a certificate that both serve with.
func (o *options) certify() (*x509.CertPool, error) {
	ca, err := trust.CreateCA(trust.CAConfig{})
	if err != nil {
		return nil, err
	}
	request, err := trust.NewRequest()
	if err != nil {
		return nil, err
	}
	chain, err := ca.IssueServer(request.CSR(), "127.0.0.1")
	if err != nil {
		return nil, err
	}
	cert, err := request.CompleteServer(chain)
	if err != nil {
		return nil, err
	}
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(o.file("cert.pem"), chain, 0o600); err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AddCert(ca.Certificate())
	return pool, os.WriteFile(o.file("key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), 0o600)
}

func freeAddress(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

func (o *options) linkspan(ctx context.Context) (*subject, error) {
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	socket := o.file("s")
	p, err := process.Start(process.Command{Path: "bin/linkspan", Log: o.file("ours.log"), Args: []string{
		"serve", "registry", "--data", o.file("ours"), "--listen", address, "--socket", socket, "--metrics", "", "--announce", "-",
		"--tls-cert", o.file("cert.pem"), "--tls-key", o.file("key.pem"),
	}})
	if err != nil {
		return nil, err
	}
	s := &subject{name: "Linkspan", address: address, process: p}
	if err := s.up(ctx); err != nil {
		return nil, err
	}
	user := exec.CommandContext(ctx, "bin/linkspan", "--socket", socket, "user", "create", "root", "--role", "admin")
	user.Stdin = strings.NewReader(secret + "\n")
	if out, err := user.CombinedOutput(); err != nil {
		p.Stop()
		return nil, fmt.Errorf("make a user: %w: %s", err, out)
	}
	return s, nil
}

// debian starts Debian's docker-registry with the settings of its package, but for TLS,
// places and logs.
func (o *options) debian(ctx context.Context) (*subject, error) {
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	config := fmt.Sprintf(`version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {cache: {blobdescriptor: inmemory}, filesystem: {rootdirectory: %q}, delete: {enabled: true}}
http: {addr: %q, secret: benchmark, tls: {certificate: %q, key: %q}}
`, o.file("theirs"), address, o.file("cert.pem"), o.file("key.pem"))
	if err := os.WriteFile(o.file("theirs.yml"), []byte(config), 0o600); err != nil {
		return nil, err
	}
	p, err := process.Start(process.Command{Path: "docker-registry", Args: []string{"serve", o.file("theirs.yml")}, Log: o.file("theirs.log"), Env: []string{"OTEL_TRACES_EXPORTER=none"}})
	if err != nil {
		return nil, err
	}
	s := &subject{name: "docker-registry", address: address, process: p}
	return s, s.up(ctx)
}

func (s *subject) up(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	err := s.process.Listening(ctx, "tcp", s.address)
	if err != nil {
		s.process.Stop()
	}
	return err
}

// peak returns the most memory that was ever resident, in bytes (proc(5)).
func (s *subject) peak() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.PID()))
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(text) {
		var kb int64
		if n, _ := fmt.Sscanf(string(line), "VmHWM: %d kB", &kb); n == 1 {
			return kb << 10, nil
		}
	}
	return 0, fmt.Errorf("no peak in /proc/%d/status", s.process.PID())
}
